use std::collections::{HashMap, VecDeque};

use parking_lot::Mutex;
use serde::Serialize;
use zhongtai_kernel::{ScenarioId, Timestamp};

/// Lines kept per scenario.
const KEPT: usize = 500;

/// One event of a guest.
#[derive(Debug, Clone, Serialize)]
pub struct LogLine {
    /// Grows by one with every line of this host: ask for what came after it.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// In which request.
    pub request: String,
    /// `trace` to `error`.
    pub level: &'static str,
    /// The guest's module.
    pub target: String,
    /// The text.
    pub message: String,
    /// Named values.
    pub fields: Vec<(String, String)>,
}

/// The last lines of every scenario, in memory.
#[derive(Debug, Default)]
pub struct LogTail {
    lines: Mutex<(u64, HashMap<ScenarioId, VecDeque<LogLine>>)>,
}

// === impl LogTail ===

impl LogTail {
    /// Adds a line; the oldest of the scenario goes.
    pub fn push(&self, scenario: &ScenarioId, mut line: LogLine) {
        let mut guard = self.lines.lock();
        let (number, scenarios) = &mut *guard;
        *number += 1;
        line.number = *number;
        let lines = scenarios.entry(scenario.clone()).or_default();
        if lines.len() == KEPT {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    /// The lines of a scenario after the one with `number`, oldest first.
    pub fn after(&self, scenario: &ScenarioId, number: u64) -> Vec<LogLine> {
        let guard = self.lines.lock();
        let lines = guard.1.get(scenario);
        lines.into_iter().flatten().filter(|line| line.number > number).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_bounded_and_can_be_followed() {
        let tail = LogTail::default();
        let scenario: ScenarioId = "441802-chengguan/pothole".parse().unwrap();
        for _ in 0..KEPT + 10 {
            let line = LogLine {
                number: 0,
                at: Timestamp::UNIX_EPOCH,
                request: String::new(),
                level: "info",
                target: String::new(),
                message: String::new(),
                fields: Vec::new(),
            };
            tail.push(&scenario, line);
        }
        let lines = tail.after(&scenario, 0);
        assert_eq!((lines.len(), lines[0].number), (KEPT, 11));
        assert_eq!(tail.after(&scenario, 509).len(), 1);
    }
}
