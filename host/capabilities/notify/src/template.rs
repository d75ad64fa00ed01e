//! Templates of a manifest: checked when a release is deployed, rendered when a message is sent.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Deserialize;
use serde_json::Value;

use crate::NotifyError;

/// Templates of one manifest.
const MAX_TEMPLATES: usize = 64;
/// Characters of a template's title or body.
const MAX_SOURCE_CHARS: usize = 10_000;
/// Characters of a variable's value: the plugin chooses it.
const MAX_VALUE_CHARS: usize = 1_000;
/// Characters of a title, rendered.
const MAX_TITLE_CHARS: usize = 250;
/// Bytes of a body, rendered.
const MAX_BODY_BYTES: usize = 64 << 10;
/// What rendering may cost: an instruction or an output byte is about 1. A loop without end stops within milliseconds.
const FUEL: u64 = 200_000;

/// Settings of the manifest's `[capabilities.notify]`, by key.
type Settings = BTreeMap<String, Value>;

/// Checks a manifest's settings: only `templates`, each with a title and a body that can be rendered.
pub fn check_settings(settings: &Settings) -> Result<(), String> {
    if let Some(key) = settings.keys().find(|key| *key != "templates") {
        return Err(format!("unknown key `{key}`: expected `templates`"));
    }
    let templates = templates(settings)?;
    if templates.len() > MAX_TEMPLATES {
        return Err(format!("templates: there are {}, at most {MAX_TEMPLATES} are allowed", templates.len()));
    }
    templates.iter().try_for_each(|(name, value)| {
        let template = Template::parse(name, value)?;
        template.try_out().map_err(|error| format!("templates.{name}: {error}"))
    })
}

fn templates(settings: &Settings) -> Result<BTreeMap<&String, &Value>, String> {
    match settings.get("templates") {
        None => Ok(BTreeMap::new()),
        Some(Value::Object(templates)) => Ok(templates.iter().collect()),
        Some(_) => Err("templates: expected a table of templates by name".to_owned()),
    }
}

/// A title and a body with variables.
#[derive(Debug)]
pub struct Template {
    texts: Texts,
    variables: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    title: String,
    body: String,
}

/// Values that fit a template. Personal data: no `Debug`.
pub struct Variables(BTreeMap<String, String>);

/// What a message says. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub title: String,
    /// Plain text.
    pub body: String,
}

// === impl Template ===

impl Template {
    /// The template with this name in a manifest's settings.
    pub fn find(settings: Option<&Settings>, name: &str) -> Result<Self, NotifyError> {
        let unknown = || NotifyError::UnknownTemplate(name.to_owned());
        let value = settings.and_then(|settings| settings.get("templates")?.get(name)).ok_or_else(unknown)?;
        Self::parse(name, value).map_err(NotifyError::Render)
    }

    fn parse(name: &str, value: &Value) -> Result<Self, String> {
        let at = |problem: String| format!("templates.{name}: {problem}");
        if !is_name(name) {
            return Err(at("a name has 1 to 64 of a-z, 0-9 and `-`".to_owned()));
        }
        let texts = Texts::deserialize(value).map_err(|error| at(error.to_string()))?;
        let mut variables = variables_of(&texts.title).map_err(|problem| at(format!("title: {problem}")))?;
        variables.extend(variables_of(&texts.body).map_err(|problem| at(format!("body: {problem}")))?);
        Ok(Self { texts, variables })
    }

    /// The variables that a message must give.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.variables.iter().map(String::as_str)
    }

    /// Checks a plugin's values: one for each variable, and none besides.
    pub fn accept(&self, values: Vec<(String, String)>) -> Result<Variables, NotifyError> {
        let mut accepted = BTreeMap::new();
        for (name, value) in values {
            let is_valid = self.variables.contains(&name) && !accepted.contains_key(&name) && is_value(&value);
            if !is_valid {
                return Err(NotifyError::InvalidVariable(name));
            }
            accepted.insert(name, value);
        }
        match self.variables.iter().find(|name| !accepted.contains_key(*name)) {
            Some(missing) => Err(NotifyError::InvalidVariable(missing.clone())),
            None => Ok(Variables(accepted)),
        }
    }

    /// The message's text.
    pub fn render(&self, values: &Variables) -> Result<Rendered, NotifyError> {
        let title = render(&self.texts.title, values)?;
        // A line break in a title would begin another header of the mail.
        let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let body = render(&self.texts.body, values)?;
        if title.chars().count() > MAX_TITLE_CHARS {
            return Err(NotifyError::Render(format!("the title has more than {MAX_TITLE_CHARS} characters")));
        }
        if body.len() > MAX_BODY_BYTES {
            return Err(NotifyError::Render(format!("the body has more than {MAX_BODY_BYTES} bytes")));
        }
        Ok(Rendered { title, body })
    }

    /// Renders once, so that an unknown filter is found when the release is deployed and not in the night after.
    fn try_out(&self) -> Result<(), NotifyError> {
        // "1" is a text and a number: it suits most filters.
        let values = self.variables.iter().map(|name| (name.clone(), "1".to_owned())).collect();
        self.render(&self.accept(values)?).map(drop)
    }
}

/// The language of templates: no includes (the feature is off), no escaping (texts are plain), bounded cost.
fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    environment
}

fn variables_of(source: &str) -> Result<BTreeSet<String>, String> {
    if source.chars().count() > MAX_SOURCE_CHARS {
        return Err(format!("has more than {MAX_SOURCE_CHARS} characters"));
    }
    let environment = environment();
    let template = environment.template_from_str(source).map_err(|error| error.to_string())?;
    let functions: BTreeSet<&str> = environment.globals().map(|(name, _)| name).collect();
    let used = template.undeclared_variables(false);
    Ok(used.into_iter().filter(|name| !functions.contains(name.as_str())).collect())
}

fn render(source: &str, values: &Variables) -> Result<String, NotifyError> {
    // Only the kind of an error: its detail may quote a value.
    environment().render_str(source, &values.0).map_err(|error| NotifyError::Render(error.kind().to_string()))
}

fn is_name(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_value(text: &str) -> bool {
    text.chars().count() <= MAX_VALUE_CHARS && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(value: Value) -> Settings {
        serde_json::from_value(value).unwrap()
    }

    fn template(title: &str, body: &str) -> Template {
        Template::parse("done", &json!({ "title": title, "body": body })).unwrap()
    }

    fn values(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn problem(value: Value) -> String {
        check_settings(&settings(value)).unwrap_err()
    }

    #[test]
    fn a_manifests_settings_are_checked_with_the_place_in_the_message() {
        check_settings(&settings(json!({}))).unwrap();
        check_settings(&settings(json!({ "templates": { "done": { "title": "{{ a }}", "body": "{{ b|upper }}" } } })))
            .unwrap();
        assert_eq!(problem(json!({ "template": {} })), "unknown key `template`: expected `templates`");
        assert_eq!(problem(json!({ "templates": [] })), "templates: expected a table of templates by name");
        let one = |value: Value| problem(json!({ "templates": { "done": value } }));
        assert_eq!(
            one(json!({ "title": "t", "boddy": "b" })),
            "templates.done: unknown field `boddy`, expected `title` or `body`"
        );
        assert_eq!(one(json!({ "title": "t" })), "templates.done: missing field `body`");
        let unclosed = one(json!({ "title": "t", "body": "{{ a" }));
        assert!(unclosed.starts_with("templates.done: body: syntax error"), "{unclosed}");
        let filter = one(json!({ "title": "t", "body": "{{ a|shout }}" }));
        assert!(filter.contains("unknown filter"), "{filter}");
        let include = one(json!({ "title": "t", "body": "{% include 'x' %}" }));
        // By the parser, or where another crate of the build asks for templates of several parts, as there is no other part.
        assert!(include.contains("syntax error") || include.contains("template not found"), "{include}");
        assert!(problem(json!({ "templates": { "Done": {} } })).contains("a name has 1 to 64"));
    }

    #[test]
    fn values_are_put_in_without_escaping() {
        let template = template(
            "关于{{ place }}",
            "您好，{{ place }}的坑洞{% if done == '是' %}已修复{% else %}在修{% endif %}。",
        );
        assert_eq!(template.variables().collect::<Vec<_>>(), ["done", "place"]);
        let values = template.accept(values(&[("place", "A&B <路>"), ("done", "是")])).unwrap();
        let text = template.render(&values).unwrap();
        assert_eq!((text.title.as_str(), text.body.as_str()), ("关于A&B <路>", "您好，A&B <路>的坑洞已修复。"));
    }

    #[test]
    fn a_value_is_no_template() {
        let template = template("t", "{{ a }}");
        let values = template.accept(values(&[("a", "{{ 1 + 1 }}")])).unwrap();
        assert_eq!(template.render(&values).unwrap().body, "{{ 1 + 1 }}");
    }

    #[test]
    fn a_variable_that_is_missing_unknown_too_long_or_not_plain_is_named() {
        let template = template("{{ a }}", "{{ b }}");
        let long = "长".repeat(1_001);
        let cases: [(&[(&str, &str)], &str); 6] = [
            (&[("a", "1")], "b"),
            (&[("a", "1"), ("b", "2"), ("c", "3")], "c"),
            (&[("a", &long), ("b", "2")], "a"),
            (&[("a", "1"), ("b", "2\r\nBcc: x")], "b"),
            (&[("a", "1"), ("b", "\0")], "b"),
            (&[("a", "1"), ("a", "2"), ("b", "3")], "a"),
        ];
        for (given, expected) in cases {
            match template.accept(values(given)) {
                Err(NotifyError::InvalidVariable(name)) => assert_eq!(name, expected),
                _ => panic!("{expected} must be refused"),
            }
        }
        assert!(template.accept(values(&[("a", &"长".repeat(1_000)), ("b", "")])).is_ok());
    }

    #[test]
    fn a_title_is_one_line() {
        let text = template("a\nb{{ '\\r\\n' }}c", "b").render(&Variables(BTreeMap::new())).unwrap();
        assert_eq!(text.title, "a b  c");
    }

    #[test]
    fn a_template_that_costs_too_much_is_refused_when_deployed() {
        let loops = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        for body in
            [loops, "{{ 'x' * 100000000 }}", "{{ 'x' * 70000 }}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"]
        {
            let started = std::time::Instant::now();
            let found = problem(json!({ "templates": { "done": { "title": "t", "body": body } } }));
            assert!(found.starts_with("templates.done: the template can't be rendered"), "{found}");
            assert!(started.elapsed().as_secs() < 5, "{body}");
        }
    }

    #[test]
    fn an_error_does_not_quote_a_value() {
        let template = template("t", "{{ a|int }}");
        let values = template.accept(values(&[("a", "13800138000x")])).unwrap();
        let error = template.render(&values).err().unwrap();
        assert!(!format!("{error} {error:?}").contains("13800138000"), "{error:?}");
    }
}
