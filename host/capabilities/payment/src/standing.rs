//! How notices, orders and refunds stand, and every way from one standing to another. What is not written here can't
//! happen: there is no way back from paid but a refund.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name {
            $($(#[$each])* $variant,)*
        }

        impl $name {
            /// The word used in the database, policies, the API and the CLI.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The standing with that word.
            pub fn parse(text: &str) -> Option<Self> {
                match text {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// How a notice stands.
    Standing {
        /// It may be paid.
        Due = "due",
        /// Paid.
        Paid = "paid",
        /// All of it was given back.
        Refunded = "refunded",
        /// Withdrawn, or its days ran out, before anybody paid.
        Closed = "closed",
    }
}

words! {
    /// How an order stands.
    OrderStanding {
        /// The gateway was asked, or is about to be.
        Preparing = "preparing",
        /// It may be paid.
        Open = "open",
        /// Its money paid the notice.
        Paid = "paid",
        /// It can't be paid any more.
        Closed = "closed",
        /// Its money came when the notice was not due any more.
        Late = "late",
    }
}

words! {
    /// How a refund stands.
    RefundStanding {
        /// Asked for.
        Requested = "requested",
        /// A cashier said no.
        Rejected = "rejected",
        /// Decided; on its way through the gateway.
        Sending = "sending",
        /// The money is back.
        Done = "done",
        /// The gateway will not give it back.
        Failed = "failed",
    }
}

/// Something that happens to an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderEvent {
    /// The gateway took it.
    Opened,
    /// It was paid, while its notice stood so.
    Paid(Standing),
    /// Nobody can pay it any more.
    Closed,
}

/// What an event does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<S> {
    /// To there.
    To(S),
    /// Nothing: it is known already, or comes too late to matter.
    Stay,
}

// === impl OrderStanding ===

impl OrderStanding {
    /// What an event does to an order.
    pub fn on(self, event: OrderEvent) -> Step<Self> {
        match (self, event) {
            (Self::Preparing, OrderEvent::Opened) => Step::To(Self::Open),
            // Money pays what is due, also by an order that was given up for another.
            (Self::Preparing | Self::Open | Self::Closed, OrderEvent::Paid(Standing::Due)) => Step::To(Self::Paid),
            (Self::Preparing | Self::Open | Self::Closed, OrderEvent::Paid(_)) => Step::To(Self::Late),
            (Self::Preparing | Self::Open, OrderEvent::Closed) => Step::To(Self::Closed),
            (Self::Open | Self::Paid | Self::Closed | Self::Late, OrderEvent::Opened)
            | (Self::Paid | Self::Late, OrderEvent::Paid(_) | OrderEvent::Closed)
            | (Self::Closed, OrderEvent::Closed) => Step::Stay,
        }
    }

    /// True while somebody may pay it.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Preparing | Self::Open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [OrderStanding; 5] = [
        OrderStanding::Preparing,
        OrderStanding::Open,
        OrderStanding::Paid,
        OrderStanding::Closed,
        OrderStanding::Late,
    ];

    #[test]
    fn nothing_leads_away_from_money_that_came() {
        let notices = [Standing::Due, Standing::Paid, Standing::Refunded, Standing::Closed];
        let events = notices.map(OrderEvent::Paid).into_iter().chain([OrderEvent::Opened, OrderEvent::Closed]);
        for event in events {
            assert_eq!(OrderStanding::Paid.on(event), Step::Stay, "{event:?}");
            assert_eq!(OrderStanding::Late.on(event), Step::Stay, "{event:?}");
        }
    }

    #[test]
    fn money_pays_a_notice_only_while_it_is_due() {
        for from in ALL {
            for notice in [Standing::Paid, Standing::Refunded, Standing::Closed] {
                assert_ne!(from.on(OrderEvent::Paid(notice)), Step::To(OrderStanding::Paid), "{from} {notice}");
            }
        }
    }

    #[test]
    fn a_closed_order_is_never_opened_again() {
        assert_eq!(OrderStanding::Closed.on(OrderEvent::Opened), Step::Stay);
    }

    #[test]
    fn words_come_back() {
        for standing in ALL {
            assert_eq!(OrderStanding::parse(standing.as_str()), Some(standing));
        }
        assert_eq!(Standing::parse("Paid"), None);
    }
}
