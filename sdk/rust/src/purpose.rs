//! Why data is read.

/// Why data is read, such as `Purpose("road-repair")`. One of `purposes` in `plugin.toml`; policy decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose<'a>(pub &'a str);
