//! How far a shipment is, and what news does to that.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use zhongtai_kernel::Timestamp;

use crate::LogisticsError;

/// How far a shipment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It has its waybill, and nobody has collected it.
    Created,
    /// 已揽收
    Collected,
    /// 运输中
    InTransit,
    /// 派送中
    OutForDelivery,
    /// 已签收
    Signed,
    /// 已退回
    Returned,
    /// 丢失
    Lost,
    /// 已撤回: before it was collected.
    Cancelled,
}

// === impl State ===

impl State {
    /// Every state, from the first to the ends.
    pub const EVERY: [Self; 8] = [
        Self::Created,
        Self::Collected,
        Self::InTransit,
        Self::OutForDelivery,
        Self::Signed,
        Self::Returned,
        Self::Lost,
        Self::Cancelled,
    ];

    /// The word used in the database, the API and the CLI.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Collected => "collected",
            Self::InTransit => "in-transit",
            Self::OutForDelivery => "out-for-delivery",
            Self::Signed => "signed",
            Self::Returned => "returned",
            Self::Lost => "lost",
            Self::Cancelled => "cancelled",
        }
    }

    /// True when there is no way back.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Signed | Self::Returned | Self::Lost | Self::Cancelled)
    }

    /// What the scenario is told of, and how it is called there.
    pub(crate) fn news(self) -> Option<&'static str> {
        match self {
            Self::Signed => Some("logistics.signed"),
            Self::Returned => Some("logistics.returned"),
            Self::Lost => Some("logistics.lost"),
            _ => None,
        }
    }

    /// The order of what is said to have happened at the same moment.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Created => 0,
            Self::Collected => 1,
            Self::InTransit => 2,
            Self::OutForDelivery => 3,
            Self::Signed | Self::Returned | Self::Lost | Self::Cancelled => 4,
        }
    }
}

impl FromStr for State {
    type Err = LogisticsError;

    fn from_str(text: &str) -> Result<Self, LogisticsError> {
        let expected = || Self::EVERY.map(Self::as_str).join(", ");
        let found = Self::EVERY.into_iter().find(|state| state.as_str() == text);
        found.ok_or_else(|| LogisticsError::invalid("state", format!("one of {}", expected())))
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Who said that something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The platform itself.
    Platform,
    /// An officer at the department's courier desk.
    Desk,
    /// The carrier's system.
    Carrier,
}

// === impl Source ===

impl Source {
    /// The word used in the database and the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Desk => "desk",
            Self::Carrier => "carrier",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Platform, Self::Desk, Self::Carrier].into_iter().find(|source| source.as_str() == text)
    }
}

/// Where a shipment stands: its state, and when that happened by whoever said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stand {
    pub state: State,
    pub at: Timestamp,
}

// === impl Stand ===

impl Stand {
    /// Before any news: whatever comes is later, however wrong a carrier's clock is.
    pub fn begun() -> Self {
        Self { state: State::Created, at: Timestamp::MIN }
    }

    /// Where it stands after news. An end stays; else the latest of what is known counts, by its own time: what comes
    /// late or in another order is nothing new.
    pub fn after(self, news: Self) -> Self {
        let is_later = (news.at, news.state.rank()) > (self.at, self.state.rank());
        match self.state.is_final() {
            false if news.state.is_final() || (is_later && news.state != State::Created) => news,
            _ => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn stands(of: &[Stand]) -> Stand {
        of.iter().fold(Stand::begun(), |stand, news| stand.after(*news))
    }

    fn any_news() -> impl Strategy<Value = Stand> {
        (0..State::EVERY.len(), -50_i64..50)
            .prop_map(|(state, second)| Stand { state: State::EVERY[state], at: at(second) })
    }

    proptest! {
        #[test]
        fn nothing_undoes_an_end(before in prop::collection::vec(any_news(), 0..8),
                                 after in prop::collection::vec(any_news(), 0..8)) {
            let ended = stands(&before);
            prop_assume!(ended.state.is_final());
            prop_assert_eq!(after.iter().fold(ended, |stand, news| stand.after(*news)), ended);
        }

        #[test]
        fn on_its_way_the_order_in_which_news_comes_does_not_matter(
            news in prop::collection::vec(any_news(), 0..8).prop_shuffle(), turn in 0_usize..8) {
            let open: Vec<Stand> = news.into_iter().filter(|one| !one.state.is_final()).collect();
            let mut turned = open.clone();
            let count = turned.len().max(1);
            turned.rotate_left(turn % count);
            turned.extend(open.iter().copied());
            prop_assert_eq!(stands(&open), stands(&turned), "twice, and in another order");
        }
    }

    #[test]
    fn a_failed_attempt_of_delivery_goes_back_on_its_way() {
        let out = Stand { state: State::OutForDelivery, at: at(10) };
        let back = Stand { state: State::InTransit, at: at(11) };
        assert_eq!(stands(&[back, out]).state, State::InTransit);
        assert_eq!(stands(&[out, back]).state, State::InTransit);
    }

    #[test]
    fn states_are_read_back_by_their_words() {
        for state in State::EVERY {
            assert_eq!(state.as_str().parse::<State>().unwrap(), state);
        }
        let error = "delivered".parse::<State>().unwrap_err().to_string();
        assert!(error.contains("state: expected one of created, collected"), "{error}");
    }
}
