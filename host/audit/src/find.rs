//! Where an act is in the log, for whoever wants to prove it.

use std::{path::Path, time::Duration};

use serde::Deserialize;
use zhongtai_kernel::Timestamp;

use crate::{ReadError, Reader};

/// The part of an act's line that names it.
#[derive(Deserialize)]
struct Named {
    event: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    target: String,
}

/// Records are written a moment after the time that they bear, and several files may begin within it.
const MARGIN: Duration = Duration::from_secs(60);

/// The number of the first record that says that `action` was done to `target`, at `since` or later. Reads the files
/// from that time on.
pub fn find_act(dir: &Path, action: &str, target: &str, since: Timestamp) -> Result<Option<u64>, ReadError> {
    let reader = Reader::new(dir);
    let from = reader.since(since.checked_sub(MARGIN).unwrap_or(Timestamp::MIN))?;
    for line in reader.lines(from, u64::MAX)? {
        let line = line?;
        // Most lines are about something else: looking for the text is much cheaper than parsing.
        if !line.text.contains(target) {
            continue;
        }
        let is_it = serde_json::from_str(&line.text)
            .is_ok_and(|named: Named| named.event == "act" && named.action == action && named.target == target);
        if is_it {
            return Ok(Some(line.number));
        }
    }
    Ok(None)
}
