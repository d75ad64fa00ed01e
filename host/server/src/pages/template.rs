//! The templates and texts in `web/sign-in/`, as they were when this was built.

use std::{collections::BTreeMap, sync::LazyLock};

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};
use zhongtai_kernel::Lang;

/// The pages' one style sheet.
pub(super) const STYLE: &str = include_str!("../../../../web/sign-in/style.css");

const TEMPLATES: [(&str, &str); 8] = [
    ("base.html", include_str!("../../../../web/sign-in/base.html")),
    ("parts.html", include_str!("../../../../web/sign-in/parts.html")),
    ("sign-in.html", include_str!("../../../../web/sign-in/sign-in.html")),
    ("second-factor.html", include_str!("../../../../web/sign-in/second-factor.html")),
    ("account.html", include_str!("../../../../web/sign-in/account.html")),
    ("enrol.html", include_str!("../../../../web/sign-in/enrol.html")),
    ("recovery-codes.html", include_str!("../../../../web/sign-in/recovery-codes.html")),
    ("problem.html", include_str!("../../../../web/sign-in/problem.html")),
];

const ZH: &str = include_str!("../../../../web/sign-in/texts.zh.toml");
const EN: &str = include_str!("../../../../web/sign-in/texts.en.toml");

/// A text by its key.
type Texts = BTreeMap<String, String>;

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(UndefinedBehavior::Strict);
    // Everything: also what a page is given from a database.
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, source) in TEMPLATES {
        #[expect(clippy::expect_used, reason = "they are built in, and a test renders each")]
        pages.add_template(name, source).expect("a template that parses");
    }
    pages
});

static TEXTS: LazyLock<(Value, Value)> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "they are built in, and a test reads both")]
    let read = |source| Value::from_pairs(toml::from_str::<Texts>(source).expect("texts"));
    (read(ZH), read(EN))
});

/// All texts in a language.
pub(super) fn texts(lang: Lang) -> Value {
    let (zh, en) = &*TEXTS;
    lang.pick(zh, en).clone()
}

/// Renders a page of what it is given, which has all that the template asks for.
pub(super) fn render(name: &str, given: Value) -> Result<String, minijinja::Error> {
    PAGES.get_template(name)?.render(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_every_text_and_no_page_asks_for_another() {
        let keys = |source| toml::from_str::<Texts>(source).unwrap().into_keys().collect::<Vec<_>>();
        assert_eq!(keys(ZH), keys(EN));
        let known = keys(ZH);
        for (name, source) in TEMPLATES {
            for part in source.split("t.").skip(1) {
                let key: String = part.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                assert!(known.contains(&key), "{name}: t.{key}");
            }
        }
    }

    #[test]
    fn the_pages_have_no_script_no_style_of_their_own_and_nothing_from_elsewhere() {
        for (name, source) in TEMPLATES {
            for forbidden in ["<script", "style=", "<style", "onclick", "onload", "http://", "https://", "|safe"] {
                let allowed = name == "enrol.html" && forbidden == "|safe";
                assert!(allowed || !source.contains(forbidden), "{name}: {forbidden}");
            }
            for form in source.split("<form").skip(1) {
                let form = form.split("</form>").next().unwrap();
                assert!(!form.contains("method=\"post\"") || form.contains("form_token"), "{name}: {form}");
            }
        }
        assert!(!STYLE.contains("@import") && !STYLE.contains("url("));
    }
}
