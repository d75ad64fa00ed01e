use std::path::Path;

use serde_json::Value;

/// Where a host listens.
pub(crate) struct Ready {
    pub(crate) public: String,
    pub(crate) admin: String,
}

/// The host's own word that it is ready: with port 0 only it knows where it listens.
pub(crate) fn ready(log: &Path) -> anyhow::Result<Option<Ready>> {
    let text = std::fs::read_to_string(log)?;
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    for line in lines {
        let field = |name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned);
        if let ("ready", Some(public), Some(admin)) =
            (field("message").unwrap_or_default().as_str(), field("public"), field("admin"))
        {
            return Ok(Some(Ready { public, admin }));
        }
    }
    Ok(None)
}
