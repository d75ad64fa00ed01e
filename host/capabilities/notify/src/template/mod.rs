//! Templates of a manifest: checked when a release is deployed, rendered when a message is sent. A release never
//! changes, so its templates have its version; a message that waits keeps the text that it was rendered to.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ChannelKind, NotifyError, Segments};

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
/// Parts of a short message, rendered: 268 characters of Chinese. Each part is paid for.
const MAX_SMS_SEGMENTS: usize = 4;
/// What rendering may cost: an instruction or an output byte is about 1. A loop without end stops within milliseconds.
const FUEL: u64 = 200_000;

/// Settings of the manifest's `[capabilities.notify]`, by key.
type Settings = BTreeMap<String, Value>;

/// Checks a manifest's settings: only `templates`, each with texts that can be rendered and channels that can be used.
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

/// Texts with variables, and how they are to travel.
#[derive(Debug)]
pub struct Template {
    source: Source,
    variables: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    title: String,
    body: String,
    /// What a short message says instead.
    sms: Option<String>,
    /// A delivery for each.
    #[serde(default)]
    channels: Vec<ChannelKind>,
    /// Where a delivery goes on when it fails for good.
    fallback: Option<Vec<ChannelKind>>,
    /// Does not wait for the end of quiet hours.
    #[serde(default)]
    urgent: bool,
}

/// How a template wants its messages to travel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// A delivery for each; none: one delivery, on the channel that suits the recipient.
    pub channels: Vec<ChannelKind>,
    /// Where a delivery goes on when it fails for good; the operator's order by default.
    pub fallback: Option<Vec<ChannelKind>>,
    /// Does not wait for the end of quiet hours.
    pub urgent: bool,
    /// There is a text for a short message.
    pub has_sms: bool,
}

/// Values that fit a template. Personal data: no `Debug`.
pub struct Variables(BTreeMap<String, String>);

/// What a message says on one channel. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line; empty for a short message.
    pub title: String,
    /// Plain text.
    pub body: String,
}

/// What a message says on every channel. Personal data: no `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// One line.
    pub title: String,
    /// Plain text.
    pub body: String,
    /// What a short message says, four parts at most.
    pub sms: Option<String>,
}

// === impl Texts ===

impl Texts {
    /// What it says on a channel.
    pub fn on(self, channel: ChannelKind) -> Rendered {
        match (channel, self.sms) {
            (ChannelKind::Sms, Some(sms)) => Rendered { title: String::new(), body: sms },
            _ => Rendered { title: self.title, body: self.body },
        }
    }
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
        let source = Source::deserialize(value).map_err(|error| at(error.to_string()))?;
        source.check_channels().map_err(at)?;
        let mut variables = BTreeSet::new();
        for (place, text) in source.texts() {
            variables.extend(variables_of(text).map_err(|problem| at(format!("{place}: {problem}")))?);
        }
        Ok(Self { source, variables })
    }

    /// How its messages travel.
    pub fn choice(&self) -> Choice {
        let Source { channels, fallback, urgent, sms, .. } = &self.source;
        Choice { channels: channels.clone(), fallback: fallback.clone(), urgent: *urgent, has_sms: sms.is_some() }
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

    /// The message's texts.
    pub fn render(&self, values: &Variables) -> Result<Texts, NotifyError> {
        let title = render(&self.source.title, values)?;
        // A line break in a title would begin another header of the mail.
        let title: String = title.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if title.chars().count() > MAX_TITLE_CHARS {
            return Err(NotifyError::TooLong("title"));
        }
        let body = render(&self.source.body, values)?;
        if body.len() > MAX_BODY_BYTES {
            return Err(NotifyError::TooLong("body"));
        }
        let sms = self.source.sms.as_ref().map(|sms| render(sms, values)).transpose()?;
        if sms.as_ref().is_some_and(|sms| Segments::of(sms).count > MAX_SMS_SEGMENTS) {
            return Err(NotifyError::TooLong("sms"));
        }
        Ok(Texts { title, body, sms })
    }

    /// Renders once, so that an unknown filter is found when the release is deployed and not in the night after.
    fn try_out(&self) -> Result<(), NotifyError> {
        // "1" is a text and a number: it suits most filters.
        let values = self.variables.iter().map(|name| (name.clone(), "1".to_owned())).collect();
        self.render(&self.accept(values)?).map(drop)
    }
}

// === impl Source ===

impl Source {
    fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let sms = self.sms.as_deref().map(|sms| ("sms", sms));
        [("title", self.title.as_str()), ("body", self.body.as_str())].into_iter().chain(sms)
    }

    fn check_channels(&self) -> Result<(), String> {
        let fallback = self.fallback.as_deref().unwrap_or_default();
        for (place, channels) in [("channels", self.channels.as_slice()), ("fallback", fallback)] {
            let mut seen = BTreeSet::new();
            if let Some(twice) = channels.iter().find(|channel| !seen.insert(**channel)) {
                return Err(format!("{place}: `{}` is named twice", twice.as_str()));
            }
            if channels.contains(&ChannelKind::Sms) && self.sms.is_none() {
                return Err(format!("{place}: `sms` needs a short text: add `sms = \"...\"`"));
            }
        }
        Ok(())
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
mod tests;
