//! Rules about dependencies: who may depend on whom, under which licences, from where.

use anyhow::{Context, bail};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// What our crates may depend on, by the beginning of their name. A crate that is not here depends on none of ours.
/// `server` is the composition root; `xtask` and the end-to-end tests are outside of the product.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("zhongtai-store", &["zhongtai-kernel"]),
    ("zhongtai-audit", &["zhongtai-kernel"]),
    ("zhongtai-authz", &["zhongtai-kernel"]),
    ("zhongtai-analysis", &["zhongtai-kernel", "zhongtai-authz"]),
    ("zhongtai-rowfilter", &["zhongtai-kernel", "zhongtai-authz"]),
    ("zhongtai-workbench", &["zhongtai-kernel", "zhongtai-authz"]),
    ("zhongtai-governance", &["zhongtai-kernel", "zhongtai-authz", "zhongtai-store"]),
    ("zhongtai-runtime", &["zhongtai-kernel"]),
    ("zhongtai-pki", &["zhongtai-kernel"]),
    ("zhongtai-impression", &["zhongtai-kernel"]),
    ("zhongtai-pades", &["zhongtai-kernel", "zhongtai-impression", "zhongtai-pki"]),
    ("zhongtai-registry", &["zhongtai-kernel", "zhongtai-store"]),
    ("zhongtai-events", &["zhongtai-kernel", "zhongtai-store"]),
    ("zhongtai-cap-", &["zhongtai-events", "zhongtai-kernel", "zhongtai-runtime", "zhongtai-store"]),
    ("zhongtai-conn-", &["zhongtai-kernel", "zhongtai-outbound", "zhongtai-store"]),
    ("zhongtai-outbound", &["zhongtai-kernel"]),
    (
        "zhongtai-cap-notify",
        &["zhongtai-events", "zhongtai-kernel", "zhongtai-outbound", "zhongtai-runtime", "zhongtai-store"],
    ),
    (
        "zhongtai-cap-payment",
        &["zhongtai-events", "zhongtai-kernel", "zhongtai-outbound", "zhongtai-runtime", "zhongtai-store"],
    ),
    (
        "zhongtai-cap-geo",
        &["zhongtai-events", "zhongtai-geodesy", "zhongtai-kernel", "zhongtai-runtime", "zhongtai-store"],
    ),
    ("zhongtai-conn-geo-", &["zhongtai-geodesy", "zhongtai-kernel", "zhongtai-outbound", "zhongtai-store"]),
    ("zhongtai-cashdesk", &["zhongtai-kernel", "zhongtai-outbound", "zhongtai-store"]),
    (
        "zhongtai-cap-seal",
        &[
            "zhongtai-impression",
            "zhongtai-kernel",
            "zhongtai-ofd",
            "zhongtai-pades",
            "zhongtai-pki",
            "zhongtai-runtime",
            "zhongtai-store",
        ],
    ),
    ("zhongtai-ofd", &["zhongtai-kernel", "zhongtai-pki", "zhongtai-impression"]),
    ("zhongtai-typeset", &["zhongtai-kernel", "zhongtai-ofd"]),
    ("zhongtai-cap-document", &["zhongtai-kernel", "zhongtai-runtime", "zhongtai-store", "zhongtai-typeset"]),
    ("zhongtai-server", &["zhongtai-"]),
    ("zhongtai", &["zhongtai-geodesy", "zhongtai-macros"]),
    ("zhongtai-e2e", &["zhongtai-test-tools"]),
    ("xtask", &["zhongtai-e2e", "zhongtai-toolchain"]),
];

/// Libraries that only the composition root may use.
const ONLY_IN_SERVER: &[&str] = &["axum", "hyper", "clap"];

/// Licences that a government department can ship.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "OpenSSL",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Who may depend on whom (DESIGN: server -> everything; capabilities -> runtime, store, kernel, never each other).
pub(crate) fn dependencies() -> anyhow::Result<()> {
    let metadata = metadata("Cargo.toml")?;
    let mut broken = Vec::new();
    for package in metadata.workspace_packages() {
        for dependency in package.dependencies.iter().filter(|one| one.kind == DependencyKind::Normal) {
            if !may_depend(&package.name, &dependency.name) {
                broken.push(format!("{} must not depend on {}", package.name, dependency.name));
            }
        }
    }
    report(broken, "dependencies are as designed")
}

fn may_depend(package: &str, dependency: &str) -> bool {
    if ONLY_IN_SERVER.contains(&dependency) {
        // The simulator is a process of its own, with an edge of its own.
        return matches!(package, "zhongtai-server" | "xtask")
            || (package, dependency) == ("zhongtai-cashdesk", "axum");
    }
    if !dependency.starts_with("zhongtai") {
        return true;
    }
    if is_connector_of(package, dependency) {
        return true;
    }
    let rule = MAY_DEPEND_ON.iter().filter(|(name, _)| is_named(package, name)).max_by_key(|(name, _)| name.len());
    rule.is_some_and(|(_, allowed)| allowed.iter().any(|name| is_named(dependency, name)))
}

/// `zhongtai-conn-<capability>-<system>` is a provider of that one capability.
fn is_connector_of(package: &str, dependency: &str) -> bool {
    let capability = package.strip_prefix("zhongtai-conn-").and_then(|name| name.split('-').next());
    capability.is_some() && capability == dependency.strip_prefix("zhongtai-cap-")
}

/// A name that ends in `-` stands for a family.
fn is_named(package: &str, name: &str) -> bool {
    if name.ends_with('-') { package.starts_with(name) } else { package == name }
}

/// Every dependency's licence is allowed, and every source is the package registry or this repository.
pub(crate) fn licences() -> anyhow::Result<()> {
    let mut broken = Vec::new();
    for manifest in ["Cargo.toml", "plugins/Cargo.toml", "tests/guests/Cargo.toml"] {
        for package in metadata(manifest)?.packages {
            broken.extend(licence_problem(&package));
            if package.source.as_ref().is_some_and(|source| !source.is_crates_io()) {
                broken.push(format!("{} does not come from the package registry", package.name));
            }
        }
    }
    broken.sort();
    broken.dedup();
    report(broken, "licences and sources are allowed")
}

fn licence_problem(package: &Package) -> Option<String> {
    // Our own crates are under the workspace's licence; guests and fixtures need none to be shipped.
    package.source.as_ref()?;
    let Some(licence) = &package.license else {
        return Some(format!("{} {} names no licence", package.name, package.version));
    };
    let allowed = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX).is_ok_and(|expression| {
        expression.evaluate(|requirement| LICENCES.contains(&requirement.to_string().as_str()))
    });
    (!allowed).then(|| format!("{} {} is under {licence}", package.name, package.version))
}

fn metadata(manifest: &str) -> anyhow::Result<Metadata> {
    MetadataCommand::new().manifest_path(manifest).exec().with_context(|| format!("cargo metadata of {manifest}"))
}

fn report(broken: Vec<String>, fine: &str) -> anyhow::Result<()> {
    if broken.is_empty() {
        println!("{fine}");
        return Ok(());
    }
    bail!("{}", broken.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_do_not_know_each_other_nor_the_edge() {
        assert!(may_depend("zhongtai-cap-credit", "zhongtai-runtime"));
        assert!(!may_depend("zhongtai-cap-credit", "zhongtai-cap-notify"));
        assert!(!may_depend("zhongtai-cap-credit", "axum"));
        assert!(may_depend("zhongtai-cashdesk", "axum") && !may_depend("zhongtai-cashdesk", "clap"));
        assert!(!may_depend("zhongtai-kernel", "zhongtai-store"));
        assert!(!may_depend("zhongtai-runtime", "zhongtai-authz"));
        assert!(may_depend("zhongtai-server", "zhongtai-cap-credit"));
    }

    #[test]
    fn a_connector_knows_its_own_capability_only() {
        assert!(may_depend("zhongtai-conn-subject-oidc", "zhongtai-cap-subject"));
        assert!(may_depend("zhongtai-conn-subject-oidc", "zhongtai-kernel"));
        assert!(!may_depend("zhongtai-conn-subject-oidc", "zhongtai-cap-credit"));
        assert!(!may_depend("zhongtai-conn-subject-oidc", "zhongtai-cap-subject-other"));
        assert!(!may_depend("zhongtai-conn-subject-oidc", "zhongtai-runtime"));
        assert!(!may_depend("zhongtai-conn-subject-oidc", "axum"));
        assert!(!may_depend("zhongtai-cap-subject", "zhongtai-conn-subject-oidc"));
        assert!(may_depend("zhongtai-server", "zhongtai-conn-subject-oidc"));
    }
}
