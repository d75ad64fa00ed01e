//! Whatever happens in whatever order, the books balance, say what the records say, and know of every fen.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{sync::atomic::Ordering, time::Duration};

use jiff::ToSpan as _;
use proptest::prelude::*;
use support::{OWNER, Office, bank::signed, key};
use zhongtai_cap_payment::{Notice, OrderId, OrderStanding, RefundStanding, Standing};

/// Something that happens. Numbers choose among what there is.
#[derive(Debug, Clone)]
enum Act {
    Notice,
    Begin {
        notice: usize,
        other_channel: bool,
        again: bool,
    },
    /// A person pays at the bank, and it tells so often: not at all, once, twice.
    Pay {
        order: usize,
        told: usize,
    },
    /// It tells something else than what is so.
    Lie {
        order: usize,
        how: usize,
    },
    /// What was told before is told again, much later.
    TellAgain {
        order: usize,
    },
    Close {
        notice: usize,
    },
    AskBack {
        notice: usize,
        fen: i64,
    },
    Decide {
        refund: usize,
        yes: bool,
    },
    Work {
        seconds: u64,
    },
    Reconcile,
    /// The bank is down, loses answers, takes late money, refuses refunds; or is well again.
    Fault {
        which: usize,
        is_on: bool,
    },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let at = 0_usize..1_000;
    let act = prop_oneof![
        2 => Just(Act::Notice),
        4 => (at.clone(), any::<bool>(), any::<bool>())
            .prop_map(|(notice, other_channel, again)| Act::Begin { notice, other_channel, again }),
        4 => (at.clone(), 0_usize..3).prop_map(|(order, told)| Act::Pay { order, told }),
        1 => (at.clone(), 0_usize..3).prop_map(|(order, how)| Act::Lie { order, how }),
        1 => at.clone().prop_map(|order| Act::TellAgain { order }),
        1 => at.clone().prop_map(|notice| Act::Close { notice }),
        2 => (at.clone(), -5_i64..26_000).prop_map(|(notice, fen)| Act::AskBack { notice, fen }),
        2 => (at, any::<bool>()).prop_map(|(refund, yes)| Act::Decide { refund, yes }),
        3 => (1_u64..200_000).prop_map(|seconds| Act::Work { seconds }),
        1 => Just(Act::Reconcile),
        2 => (0_usize..4, any::<bool>()).prop_map(|(which, is_on)| Act::Fault { which, is_on }),
    ];
    proptest::collection::vec(act, 1..60)
}

/// Two hosts of one database, and what was made through them.
struct Town {
    hosts: [Office; 2],
    notices: Vec<Notice>,
    orders: Vec<(OrderId, String)>,
    refunds: Vec<zhongtai_cap_payment::RefundId>,
    count: usize,
}

impl Town {
    fn host(&mut self) -> &Office {
        self.count += 1;
        &self.hosts[self.count % 2]
    }

    async fn act(&mut self, act: &Act) {
        let count = self.count;
        match act {
            Act::Notice => {
                let made = self.host().notice(&format!("n{count}")).await;
                self.notices.push(made);
            }
            Act::Begin { notice, other_channel, again } => self.begin(*notice, *other_channel, *again).await,
            Act::Pay { order, told } => {
                let Some((id, channel)) = self.order(*order) else { return };
                let bank = self.bank(&channel);
                let Some(what) = bank.pay(&id.to_string()) else { return };
                for _ in 0..*told {
                    self.host().payments.on_callback(&channel, &signed(), &what.body()).await.unwrap();
                }
            }
            Act::Lie { order, how } => {
                let Some((id, channel)) = self.order(*order) else { return };
                let now = zhongtai_kernel::Clock::now(self.hosts[0].clock.as_ref());
                let (amount, currency) = [(1, "CNY"), (24_000, "USD"), (-24_000, "CNY")][*how];
                let (order, currency, transaction) = (id.to_string(), currency.to_owned(), format!("lie-{count}"));
                let lie = support::bank::Told { order, amount, currency, transaction, at: now };
                self.host().payments.on_callback(&channel, &signed(), &lie.body()).await.unwrap();
            }
            Act::TellAgain { order } => {
                let Some((id, channel)) = self.order(*order) else { return };
                if self.bank(&channel).taken().contains_key(&id.to_string()) {
                    let what = self.bank(&channel).pay(&id.to_string()).unwrap();
                    self.host().payments.on_callback(&channel, &signed(), &what.body()).await.unwrap();
                }
            }
            Act::Close { notice } => {
                let Some(number) = pick(&self.notices, *notice).map(|notice| notice.number.clone()) else { return };
                let host = self.host();
                let _ = host.payments.close(&mut host.plugin(OWNER), &number, key(&format!("c{count}"))).await;
            }
            Act::AskBack { notice, fen } => {
                let Some(number) = pick(&self.notices, *notice).map(|notice| notice.number.clone()) else { return };
                let host = self.host();
                let what = (*fen, "核减".to_owned(), key(&format!("r{count}")));
                if let Ok(refund) = host.payments.request_refund(&mut host.window(), &number, what).await {
                    self.refunds.push(refund.id);
                }
            }
            Act::Decide { refund, yes } => {
                let Some(id) = pick(&self.refunds, *refund).copied() else { return };
                let host = self.host();
                let _ = host.payments.decide_refund(&mut host.cashier(), id, *yes).await;
            }
            Act::Work { seconds } => {
                self.hosts[0].clock.advance(Duration::from_secs(*seconds));
                self.host().payments.work().await.unwrap();
            }
            Act::Reconcile => {
                let today = self.today();
                self.host().payments.reconcile(today).await.unwrap();
            }
            Act::Fault { which, is_on } => self.fault(*which, *is_on),
        }
    }

    async fn begin(&mut self, notice: usize, other_channel: bool, again: bool) {
        let Some(number) = pick(&self.notices, notice).map(|notice| notice.number.clone()) else { return };
        let channel = if other_channel { "wechat" } else { "cashdesk" };
        // The same key again, or one of its own.
        let id = if again { format!("b{number}{channel}") } else { format!("b{}", self.count) };
        let _ = self.host().begin(&number, channel, &id).await;
        if let Some(order) = self.hosts[0].payments.treasury().latest_order(&number).await.unwrap()
            && !self.orders.contains(&(order.id, order.channel.clone()))
        {
            self.orders.push((order.id, order.channel));
        }
    }

    fn fault(&self, which: usize, is_on: bool) {
        for bank in [&self.hosts[0].bank, &self.hosts[0].other_bank] {
            let faults = [&bank.is_down, &bank.loses_answers, &bank.takes_late_money, &bank.refuses_refunds];
            faults[which].store(is_on, Ordering::SeqCst);
        }
    }

    fn order(&self, at: usize) -> Option<(OrderId, String)> {
        pick(&self.orders, at).cloned()
    }

    fn bank(&self, channel: &str) -> std::sync::Arc<support::bank::Bank> {
        let office = &self.hosts[0];
        if channel == "wechat" { office.other_bank.clone() } else { office.bank.clone() }
    }

    fn today(&self) -> jiff::civil::Date {
        let now = zhongtai_kernel::Clock::now(self.hosts[0].clock.as_ref());
        now.to_zoned(jiff::tz::offset(8).to_time_zone()).date()
    }

    /// Everybody is well again, and everything that waits comes to its end; bills find what nobody told.
    async fn settle_down(&self) {
        for which in 0..4 {
            self.fault(which, false);
        }
        self.hosts[0].work().await;
        let mut day = "2026-11-27".parse::<jiff::civil::Date>().unwrap();
        while day <= self.today() {
            self.hosts[1].payments.reconcile(day).await.unwrap();
            day = day.checked_add(1.day()).unwrap();
        }
        self.hosts[0].clock.advance(Duration::from_secs(20 * 24 * 3_600));
        self.hosts[1].work().await;
    }

    async fn check(&self) {
        let books = self.hosts[0].books().await;
        let treasury = self.hosts[0].payments.treasury();
        for channel in ["cashdesk", "wechat"] {
            let clearing = books.balances.get(&format!("clearing:{channel}")).copied().unwrap_or_default();
            assert_eq!(clearing, self.bank(channel).holds(), "the ledger knows of every fen at {channel}");
        }
        for (id, channel) in &self.orders {
            let order = treasury.order(*id).await.unwrap().unwrap();
            assert!(!order.standing.is_live(), "an order does not end: {order:?}");
            let came = matches!(order.standing, OrderStanding::Paid | OrderStanding::Late);
            let taken = self.bank(channel).taken();
            assert_eq!(came, taken.contains_key(&id.to_string()), "money that came is known: {order:?}");
        }
        let mut settled = 0;
        for notice in &self.notices {
            let notice = treasury.find(&notice.number).await.unwrap().unwrap();
            assert_ne!(notice.standing, Standing::Due, "its days are over");
            settled += usize::from(notice.standing != Standing::Closed);
            for refund in treasury.refunds(&notice.number).await.unwrap() {
                assert_ne!(refund.standing, RefundStanding::Sending, "a refund does not end: {refund:?}");
            }
        }
        let told = self.hosts[0].events().await;
        assert_eq!(told.iter().filter(|kind| *kind == "payment.settled").count(), settled, "each was told once");
        let closed = self.notices.len() - settled;
        assert_eq!(told.iter().filter(|kind| *kind == "payment.closed").count(), closed);
    }
}

fn pick<T>(from: &[T], at: usize) -> Option<&T> {
    from.get(at.checked_rem(from.len())?)
}

async fn live_through(office: Office, acts: &[Act]) {
    let other = office.another_host();
    let mut town = Town { hosts: [office, other], notices: vec![], orders: vec![], refunds: vec![], count: 0 };
    for act in acts {
        town.act(act).await;
        town.count += 1;
        town.hosts[0].books().await;
    }
    town.settle_down().await;
    town.check().await;
}

fn run(acts: &[Act], on: fn() -> std::pin::Pin<Box<dyn Future<Output = Office>>>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { live_through(on().await, acts).await });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_and_nothing_is_paid_twice_or_lost_on_sqlite(acts in acts()) {
        run(&acts, || Box::pin(Office::sqlite()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn the_books_balance_and_nothing_is_paid_twice_or_lost_on_postgresql(acts in acts()) {
        run(&acts, || Box::pin(Office::postgres()));
    }
}
