//! How far a report is, and which step leads where.
//!
//! ```text
//! received --dispatch--> dispatched --handle--> handled --confirm--> closed
//!     ^                                            |
//!     +------------------- reopen -----------------+
//! ```

use std::fmt;

use zhongtai::prelude::*;

/// How far a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Received,
    Dispatched,
    Handled,
    Closed,
}

/// What changes a report's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A dispatcher sends it to a desk.
    Dispatch,
    /// A grid officer says that it is done.
    Handle,
    /// The reporter says that it is fixed.
    Confirm,
    /// The reporter says that it is not.
    Reopen,
}

impl State {
    /// The state that a step leads to.
    pub fn after(self, step: Step) -> Result<Self> {
        match (self, step) {
            (Self::Received, Step::Dispatch) => Ok(Self::Dispatched),
            (Self::Dispatched, Step::Handle) => Ok(Self::Handled),
            (Self::Handled, Step::Confirm) => Ok(Self::Closed),
            (Self::Handled, Step::Reopen) => Ok(Self::Received),
            _ => Err(conflict(format!("a report that is {self} cannot be {}", step.participle())).with_code("not-now")),
        }
    }
}

impl Step {
    fn participle(self) -> &'static str {
        match self {
            Self::Dispatch => "dispatched",
            Self::Handle => "handled",
            Self::Confirm | Self::Reopen => "verified",
        }
    }
}

/// Its name in the API and in keys.
impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Received => "received",
            Self::Dispatched => "dispatched",
            Self::Handled => "handled",
            Self::Closed => "closed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{State::*, Step::*};

    #[test]
    fn four_steps_are_possible_and_the_others_refused() {
        for state in [Received, Dispatched, Handled, Closed] {
            for step in [Dispatch, Handle, Confirm, Reopen] {
                let expected = match (state, step) {
                    (Received, Dispatch) => Some(Dispatched),
                    (Dispatched, Handle) => Some(Handled),
                    (Handled, Confirm) => Some(Closed),
                    (Handled, Reopen) => Some(Received),
                    _ => None,
                };
                assert_eq!(state.after(step).ok(), expected, "{state} {step:?}");
            }
        }
    }
}
