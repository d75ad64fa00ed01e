//! What is asked of who sits at the command line.

use std::io::{BufRead, IsTerminal};

use anyhow::{Context, bail};

/// The first line of standard input.
pub(super) fn line(what: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_line(&mut text);
    read.with_context(|| format!("{what} can't be read from standard input"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// A code of the second factor, from `$ZT_TOTP`, or else from standard input.
pub(super) fn code(what: &str) -> anyhow::Result<String> {
    if let Ok(code) = std::env::var("ZT_TOTP") {
        return Ok(code);
    }
    if std::io::stdin().is_terminal() {
        eprint!("{what}: ");
    }
    match line(what)? {
        code if code.is_empty() => bail!("a code is needed: set ZT_TOTP, or give it on standard input"),
        code => Ok(code),
    }
}
