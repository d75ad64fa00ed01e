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
        "templates.done: unknown field `boddy`, expected one of `title`, `body`, `sms`, `channels`, `fallback`, `urgent`"
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
    let template =
        template("关于{{ place }}", "您好，{{ place }}的坑洞{% if done == '是' %}已修复{% else %}在修{% endif %}。");
    assert_eq!(template.variables().collect::<Vec<_>>(), ["done", "place"]);
    let values = template.accept(values(&[("place", "A&B <路>"), ("done", "是")])).unwrap();
    let text = template.render(&values).ok().unwrap();
    assert_eq!((text.title.as_str(), text.body.as_str()), ("关于A&B <路>", "您好，A&B <路>的坑洞已修复。"));
}

#[test]
fn a_value_is_no_template() {
    let template = template("t", "{{ a }}");
    let values = template.accept(values(&[("a", "{{ 1 + 1 }}")])).unwrap();
    assert_eq!(template.render(&values).ok().unwrap().body, "{{ 1 + 1 }}");
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
    let text = template("a\nb{{ '\\r\\n' }}c", "b").render(&Variables(BTreeMap::new())).ok().unwrap();
    assert_eq!(text.title, "a b  c");
}

#[test]
fn a_template_that_costs_too_much_is_refused_when_deployed() {
    let loops = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
    for body in [loops, "{{ 'x' * 100000000 }}", "{{ 'x' * 70000 }}", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"]
    {
        let started = std::time::Instant::now();
        let found = problem(json!({ "templates": { "done": { "title": "t", "body": body } } }));
        let is_refused = found.starts_with("templates.done: the template can't be rendered")
            || found.ends_with("the text `body` is too long");
        assert!(is_refused, "{found}");
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

#[test]
fn channels_of_a_template_are_known_named_once_and_have_their_text() {
    let one = |value: Value| check_settings(&settings(json!({ "templates": { "done": value } })));
    let base = |more: Value| {
        let mut value = json!({ "title": "t", "body": "b" });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        value
    };
    one(base(json!({ "sms": "s", "channels": ["inbox", "sms"], "fallback": ["email"], "urgent": true }))).unwrap();
    one(base(json!({ "fallback": [] }))).unwrap();
    let cases = [
        (json!({ "channels": ["fax"] }), "templates.done: unknown variant `fax`"),
        (json!({ "channels": ["inbox", "inbox"] }), "templates.done: channels: `inbox` is named twice"),
        (json!({ "channels": ["sms"] }), "templates.done: channels: `sms` needs a short text"),
        (json!({ "fallback": ["sms"] }), "templates.done: fallback: `sms` needs a short text"),
        (json!({ "urgent": "yes" }), "templates.done: invalid type"),
        (json!({ "sms": "{{ a" }), "templates.done: sms: syntax error"),
    ];
    for (more, expected) in cases {
        let found = one(base(more)).unwrap_err();
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn a_short_message_says_its_own_text_and_has_four_parts_at_most() {
    let value = json!({ "title": "{{ a }}", "body": "{{ b }}", "sms": "{{ c }}" });
    let template = Template::parse("done", &value).unwrap();
    assert!(template.choice().has_sms);
    assert_eq!(template.variables().collect::<Vec<_>>(), ["a", "b", "c"]);
    let render = |c: &str| template.render(&template.accept(values(&[("a", "1"), ("b", "2"), ("c", c)])).unwrap());
    let texts = render(&"短".repeat(268)).ok().unwrap();
    assert_eq!(
        (texts.clone().on(ChannelKind::Sms).body, texts.on(ChannelKind::Email).body),
        ("短".repeat(268), "2".into())
    );
    let error = render(&"短".repeat(269)).err().unwrap();
    assert!(matches!(error, NotifyError::TooLong("sms")), "{error}");
    assert_eq!(error.to_string(), "with these values the text `sms` is too long");
}
