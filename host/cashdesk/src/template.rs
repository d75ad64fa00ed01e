//! The pages in `pages/`, as they were when this was built.

use std::sync::LazyLock;

use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value};

/// Their one style sheet.
pub(crate) const STYLE: &str = include_str!("../pages/style.css");

const TEMPLATES: [(&str, &str); 4] = [
    ("base.html", include_str!("../pages/base.html")),
    ("desk.html", include_str!("../pages/desk.html")),
    ("order.html", include_str!("../pages/order.html")),
    ("unknown.html", include_str!("../pages/unknown.html")),
];

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut pages = Environment::new();
    pages.set_undefined_behavior(UndefinedBehavior::Strict);
    pages.set_auto_escape_callback(|_| AutoEscape::Html);
    for (name, source) in TEMPLATES {
        #[expect(clippy::expect_used, reason = "they are built in, and a test renders each")]
        pages.add_template(name, source).expect("a template that parses");
    }
    pages
});

pub(crate) fn render(name: &str, given: Value) -> Result<String, minijinja::Error> {
    PAGES.get_template(name)?.render(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pages_have_no_script_no_style_of_their_own_and_nothing_from_elsewhere() {
        for (name, source) in TEMPLATES {
            for forbidden in ["<script", "style=", "<style", "onclick", "http://", "https://"] {
                assert!(!source.contains(forbidden), "{name}: {forbidden}");
            }
            assert!(name == "order.html" || !source.contains("|safe"), "{name}");
        }
        assert!(!STYLE.contains("@import") && !STYLE.contains("url("));
    }
}
