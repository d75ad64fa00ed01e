//! `plugin.toml`: what a plugin is and asks for.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{DepartmentId, Digest, ErrorKind, InvalidId, ScenarioId};

/// Capabilities that every component may use: what a program needs to run at all.
pub const ALWAYS_GRANTED: [&str; 4] = ["log", "clock", "random", "config"];

/// A manifest that can't be used. The message says where and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML, or a key is unknown, missing or of the wrong type.
    #[error("plugin.toml: {0}")]
    Syntax(#[from] toml::de::Error),
    /// The scenario's id can't be made.
    #[error("plugin.toml, [plugin]: {0}")]
    Id(#[from] InvalidId),
    /// A value is out of its range.
    #[error("plugin.toml, {at}: {problem}")]
    Value {
        /// The key.
        at: String,
        /// What is wrong and what is expected.
        problem: String,
    },
}

impl ManifestError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

/// Who may call a scenario at all; policies refine it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessLevel {
    /// Everybody.
    Public,
    /// Any subject that signed in.
    SignedIn,
    /// Officers.
    Officer,
}

impl AccessLevel {
    /// The word used in manifests and policies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::SignedIn => "signed-in",
            Self::Officer => "officer",
        }
    }
}

/// A parsed `plugin.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What the plugin is.
    pub plugin: PluginSection,
    /// What it asks for, by capability name.
    #[serde(default)]
    pub capabilities: BTreeMap<String, CapabilityRequest>,
    /// Defaults of the scenario's settings.
    #[serde(default)]
    pub config: BTreeMap<String, String>,
    /// How much it may use.
    #[serde(default)]
    pub limits: Limits,
}

/// The `[plugin]` table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginSection {
    /// The scenario's name, a slug.
    pub name: String,
    /// The release's version, for people; the digest is what counts.
    pub version: String,
    /// The department that owns it.
    pub department: DepartmentId,
    /// What citizens call it.
    pub title: String,
    /// Who may call it.
    pub access: AccessLevel,
    /// Every purpose for which it may read data.
    #[serde(default)]
    pub purposes: Vec<String>,
}

/// A capability that the plugin asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CapabilityRequest {
    /// Why, in words for the operator who grants it.
    pub reason: String,
    /// The capability's own settings; the capability checks them.
    #[serde(flatten)]
    pub settings: BTreeMap<String, serde_json::Value>,
}

/// The `[limits]` table. A value out of its range is refused.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Linear memories, tables and stacks of one instance together, MiB. 1 to 256.
    pub memory_mib: u32,
    /// Wall-clock time of one request, milliseconds. 1 to 60,000.
    pub timeout_ms: u32,
    /// Request body, KiB. 0 to 10,240.
    pub body_kib: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { memory_mib: 16, timeout_ms: 1_000, body_kib: 1_024 }
    }
}

// === impl Manifest ===

impl Manifest {
    /// Parses and checks the text of a `plugin.toml`.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text)?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The scenario that the plugin implements.
    pub fn scenario(&self) -> Result<ScenarioId, ManifestError> {
        Ok(ScenarioId::new(&self.plugin.department, &self.plugin.name)?)
    }

    fn check(&self) -> Result<(), ManifestError> {
        self.scenario()?;
        let short = |at: &str, text: &str, max: usize| match text.chars().count() {
            0 => Err(value_error(at, "must not be empty".into())),
            n if n > max => Err(value_error(at, format!("has {n} characters, at most {max} are allowed"))),
            _ => Ok(()),
        };
        short("plugin.version", &self.plugin.version, 64)?;
        short("plugin.title", &self.plugin.title, 200)?;
        for purpose in &self.plugin.purposes {
            short("plugin.purposes", purpose, 100)?;
        }
        for (name, request) in &self.capabilities {
            short(&format!("capabilities.{name}.reason"), &request.reason, 500)?;
        }
        let ranged = |at: &str, value: u32, min: u32, max: u32| {
            if (min..=max).contains(&value) {
                Ok(())
            } else {
                Err(value_error(at, format!("is {value}, expected {min} to {max}")))
            }
        };
        ranged("limits.memory_mib", self.limits.memory_mib, 1, 256)?;
        ranged("limits.timeout_ms", self.limits.timeout_ms, 1, 60_000)?;
        ranged("limits.body_kib", self.limits.body_kib, 0, 10_240)
    }
}

fn value_error(at: &str, problem: String) -> ManifestError {
    ManifestError::Value { at: at.to_owned(), problem }
}

/// An immutable version of a scenario: a component and its manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    scenario: ScenarioId,
    digest: Digest,
    manifest_digest: Digest,
    manifest: Manifest,
}

// === impl Release ===

impl Release {
    /// The release of the component with `digest`, described by the text of its manifest.
    pub fn parse(digest: Digest, manifest: &str) -> Result<Self, ManifestError> {
        let manifest_digest = Digest::of(manifest.as_bytes());
        let manifest = Manifest::parse(manifest)?;
        let scenario = manifest.scenario()?;
        Ok(Self { scenario, digest, manifest_digest, manifest })
    }

    /// The scenario that it implements.
    pub fn scenario(&self) -> &ScenarioId {
        &self.scenario
    }

    /// Names the release: over the component's digest and the manifest's.
    pub fn id(&self) -> Digest {
        Digest::of(format!("{} {}", self.digest, self.manifest_digest).as_bytes())
    }

    /// The component's digest.
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The manifest's digest.
    pub fn manifest_digest(&self) -> &Digest {
        &self.manifest_digest
    }

    /// What it is and asks for.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// True when the manifest declares `purpose`.
    pub fn declares(&self, purpose: &str) -> bool {
        self.manifest.plugin.purposes.iter().any(|declared| declared == purpose)
    }

    /// The settings the manifest gives to a capability, when it asks for it.
    pub fn settings(&self, capability: &str) -> Option<&BTreeMap<String, serde_json::Value>> {
        self.manifest.capabilities.get(capability).map(|request| &request.settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POTHOLE: &str = r#"
        [plugin]
        name = "pothole"
        version = "0.1.0"
        department = "441802-chengguan"
        title = "坑洞上报"
        access = "public"
        purposes = ["road-repair"]

        [capabilities]
        credit = { reason = "refuse blacklisted contractors" }

        [capabilities.notify]
        reason = "tell the reporter"
        templates.done = { title = "t", body = "b" }
    "#;

    #[test]
    fn a_manifest_gives_the_scenario_and_each_capabilitys_settings() {
        let release = Release::parse(Digest::of(b""), POTHOLE).unwrap();
        assert_eq!(release.scenario().as_str(), "441802-chengguan/pothole");
        assert!(release.declares("road-repair") && !release.declares("marketing"));
        assert!(release.settings("notify").unwrap().contains_key("templates"));
        assert_eq!(release.manifest().limits, Limits::default());
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let text = POTHOLE.replace("access =", "acess =");
        let error = Manifest::parse(&text).unwrap_err().to_string();
        assert!(error.contains("unknown field `acess`"), "{error}");
    }

    #[test]
    fn a_limit_out_of_range_is_refused_by_name() {
        let text = format!("{POTHOLE}\n[limits]\nmemory_mib = 100000");
        let error = Manifest::parse(&text).unwrap_err().to_string();
        assert_eq!(error, "plugin.toml, limits.memory_mib: is 100000, expected 1 to 256");
    }
}
