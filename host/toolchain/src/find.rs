//! Which toolchain builds the guests.

use std::{env, fmt};

use crate::{Error, TARGET, debian, rustup};

/// Where a toolchain comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The active toolchain had the target already.
    Active,
    /// `rustup target add` completed the active toolchain just now.
    Rustup,
    /// Debian's `rustc-web`, which builds the standard library itself.
    Debian,
}

/// A toolchain that can build guests.
#[derive(Clone, Debug)]
pub struct Toolchain {
    source: Source,
    version: String,
}

impl Toolchain {
    /// Finds a toolchain in the order of this crate's documentation; may download one.
    ///
    /// # Errors
    /// [`Error::NoToolchain`] with the ways out when none works here.
    pub fn find() -> Result<Self, Error> {
        let tried = match env::var("ZHONGTAI_TOOLCHAIN") {
            Err(_) => first_that_works()?,
            Ok(choice) => match choice.as_str() {
                "active" => active(),
                "rustup" => from_rustup()?,
                "debian" => from_debian()?,
                _ => return Err(Error::UnknownChoice(choice)),
            },
        };
        tried.map_err(|reasons| Error::NoToolchain { reasons })
    }

    /// Where it comes from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// The compiler's own words: `rustc 1.96.0 (...)`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// One line for people: which toolchain was taken.
    pub fn describe(&self) -> String {
        format!("{} ({})", self.version, self.source)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Active => write!(f, "{TARGET} is installed in the active toolchain"),
            Self::Rustup => write!(f, "{TARGET} was added with rustup"),
            Self::Debian => write!(f, "Debian's rustc-web; it builds std for {TARGET} itself"),
        }
    }
}

/// A toolchain, or why there is none.
type Tried = Result<Toolchain, String>;

fn first_that_works() -> Result<Tried, Error> {
    let mut reasons = Vec::new();
    let mut note = |tried: Tried| tried.map_err(|reason| reasons.push(reason)).ok();
    if let Some(found) = note(active()).or_else(installed_debian) {
        return Ok(Ok(found));
    }
    if let Some(found) = note(from_rustup()?) {
        return Ok(Ok(found));
    }
    if let Some(found) = note(from_debian()?) {
        return Ok(Ok(found));
    }
    Ok(Err(reasons.join("; ")))
}

fn active() -> Tried {
    toolchain(Source::Active, rustup::active()).ok_or_else(|| "the active toolchain lacks the target".into())
}

fn from_rustup() -> Result<Tried, Error> {
    let added = rustup::add_target()?;
    let found = toolchain(Source::Rustup, rustup::active().filter(|_| added));
    Ok(found.ok_or_else(|| "rustup is missing or could not download the target".into()))
}

fn installed_debian() -> Option<Toolchain> {
    toolchain(Source::Debian, debian::installed())
}

fn from_debian() -> Result<Tried, Error> {
    if let Some(found) = installed_debian() {
        return Ok(Ok(found));
    }
    if let Err(reason) = debian::install()? {
        return Ok(Err(reason.into()));
    }
    Ok(installed_debian().ok_or_else(|| "apt-get installed rustc-web, but it is not complete".into()))
}

fn toolchain(source: Source, version: Option<String>) -> Option<Toolchain> {
    version.map(|version| Toolchain { source, version })
}
