//! `zt policy diff`: what changed between two versions, file by file.

use std::collections::BTreeSet;

use similar::TextDiff;
use zhongtai_authz::PolicyTexts;

use super::super::Client;

/// Two versions.
#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The earlier.
    from: i64,
    /// The later.
    to: i64,
}

// === impl Args ===

impl Args {
    pub(super) async fn run(self, client: &Client) -> anyhow::Result<()> {
        let from: PolicyTexts = client.get(&format!("policies/{}/texts", self.from)).await?;
        let to: PolicyTexts = client.get(&format!("policies/{}/texts", self.to)).await?;
        print!("{}", diff(&from, &to));
        Ok(())
    }
}

/// A unified diff of every file that differs.
fn diff(from: &PolicyTexts, to: &PolicyTexts) -> String {
    let paths: BTreeSet<&str> = from.files().chain(to.files()).map(|(path, _)| path).collect();
    let mut text = String::new();
    for path in paths {
        let (old, new) = (from.get(path).unwrap_or_default(), to.get(path).unwrap_or_default());
        if old != new {
            let difference = TextDiff::from_lines(old, new);
            text.push_str(&difference.unified_diff().context_radius(3).header(path, path).to_string());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown_with_its_file() {
        let texts = |a: &str, b: &str| {
            PolicyTexts::new([("a/a.cedar".to_owned(), a.to_owned()), ("b/b.cedar".to_owned(), b.to_owned())]).unwrap()
        };
        let text = diff(&texts("one\ntwo\n", "same\n"), &texts("one\nthree\n", "same\n"));
        assert_eq!(text, "--- a/a.cedar\n+++ a/a.cedar\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n");
    }
}
