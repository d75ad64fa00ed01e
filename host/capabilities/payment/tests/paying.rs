//! A notice from its making to its receipt, on both databases, through the shipped policies.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::{sync::atomic::Ordering, time::Duration};

use support::{Office, bank::signed, is_denied, key, line, request};
use zhongtai_cap_payment::{Headers, LateMoney, OrderStanding, PaymentConfig, PaymentError, RefundStanding, Standing};

#[tokio::test]
async fn a_notice_is_paid_settled_told_and_receipted() {
    for office in Office::both().await {
        let (notice, order) = office.pay("a").await;
        assert_eq!((notice.standing, order.standing), (Standing::Paid, OrderStanding::Paid));
        assert_eq!((notice.total.get(), notice.channel.as_deref()), (24_000, Some("cashdesk")));
        assert_eq!(office.events().await, ["payment.settled"]);
        let books = office.books().await;
        assert_eq!(books.balances["clearing:cashdesk"], 24_000);
        assert_eq!(books.balances["receivable:441802-chengguan"], 0);
        assert_eq!(books.balances["revenue:road-dig"], -24_000);
        let receipt = office.payments.receipt(&mut office.wang_at_the_api(), &notice.number).await.unwrap();
        assert!(receipt.is_sealed);
        assert_eq!((receipt.number.len(), &receipt.number[..10]), (20, "2026441802"));
        let again = office.payments.receipt(&mut office.wang_at_the_api(), &notice.number).await.unwrap();
        assert_eq!(again, receipt);
        assert!(is_denied(office.payments.receipt_pdf(&mut office.li(), &notice.number).await));
    }
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_notice_is_refused_by_field_and_nothing_is_kept() {
    for office in Office::both().await {
        let many = (0..51).map(|_| line("road-dig", 1, None)).collect();
        let cases = [
            (vec![], "lines"),
            (many, "lines"),
            (vec![line("road-dig", 0, None)], "lines/0/quantity"),
            (vec![line("road-dig", -1, None)], "lines/0/quantity"),
            (vec![line("road-dig", i64::MAX, None)], "lines/0/quantity"),
            (vec![line("road-dig", 1, Some(-2_000))], "lines/0/amount"),
            (vec![line("road-dig", 1, Some(0))], "lines/0/amount"),
            (vec![line("road-dig", 1, None), line("road-mend", 1, Some(i64::MAX))], "lines/1/amount"),
            (vec![line("road-mend", 1, None)], "lines/0/amount"),
            (vec![line("road-dig", 1, Some(1_999))], "lines/0/amount"),
        ];
        for (lines, field) in cases {
            let error = office.payments.notice(&mut office.wang(), key("x"), request(office.wang, lines)).await;
            match error {
                Err(PaymentError::Invalid { field: at, .. }) => assert_eq!(at, field),
                other => panic!("{field}: {other:?}"),
            }
        }
        let unknown = |code: &str| request(office.wang, vec![line("road-dig", 1, None), line(code, 1, None)]);
        for code in ["nobody-knows", "Road Dig", "", "'; DROP TABLE payment_items; --"] {
            let error = office.payments.notice(&mut office.wang(), key("x"), unknown(code)).await.unwrap_err();
            assert!(matches!(&error, PaymentError::UnknownItem(at) if at == "lines/1/item"), "{error}");
        }
        for code in ["road-old", "road-paused", "marriage"] {
            let lines = vec![line(code, 1, Some(900))];
            assert!(is_denied(office.payments.notice(&mut office.wang(), key("x"), request(office.wang, lines)).await));
        }
        let mut odd = request(office.wang, vec![line("road-dig", 1, None)]);
        odd.case = Some("办件 一".to_owned());
        let error = office.payments.notice(&mut office.wang(), key("x"), odd.clone()).await.unwrap_err();
        assert!(matches!(&error, PaymentError::Invalid { field, .. } if field == "case-id"), "{error}");
        (odd.case, odd.valid_minutes) = (None, Some(u32::MAX));
        let error = office.payments.notice(&mut office.wang(), key("x"), odd).await.unwrap_err();
        assert!(matches!(&error, PaymentError::Invalid { field, .. } if field == "valid-minutes"), "{error}");
        let count: i64 = sqlx::query_scalar(
            "SELECT (SELECT COUNT(*) FROM payment_notices) + \
            (SELECT COUNT(*) FROM payment_acts) + (SELECT COUNT(*) FROM payment_entries)",
        )
        .fetch_one(office.store.pool())
        .await
        .unwrap();
        assert_eq!(count, 0, "nothing is half-written");
    }
}

#[test]
fn a_bad_idempotency_key_is_refused() {
    for bad in ["", "a\nb", "a\0", &"a".repeat(129)] {
        let error = zhongtai_cap_payment::ActKey::try_from(bad.to_owned()).unwrap_err();
        assert!(matches!(error, PaymentError::Invalid { field, .. } if field == "idempotency-key"));
    }
}

#[tokio::test]
async fn the_same_key_gives_the_same_answer_and_another_request_with_it_a_conflict() {
    for office in Office::both().await {
        let first = office.notice("a").await;
        assert_eq!(office.notice("a").await, first);
        let other = request(office.wang, vec![line("road-dig", 13, None)]);
        let error = office.payments.notice(&mut office.wang(), key("a"), other).await.unwrap_err();
        assert!(matches!(error, PaymentError::KeyReused), "{error}");

        let order = office.begin(&first.number, "cashdesk", "p").await.unwrap();
        assert_eq!(office.begin(&first.number, "cashdesk", "p").await.unwrap().id, order.id);
        let error = office.begin(&first.number, "wechat", "p").await.unwrap_err();
        assert!(matches!(error, PaymentError::KeyReused), "{error}");
        // Another key while the order is live: the same order, for good.
        assert_eq!(office.begin(&first.number, "cashdesk", "q").await.unwrap().id, order.id);

        let told = office.bank.pay(&order.id.to_string()).unwrap();
        assert_eq!(office.tell(&told).await, 200);
        let paid = office.begin(&first.number, "cashdesk", "q").await.unwrap();
        assert_eq!((paid.id, paid.standing), (order.id, OrderStanding::Paid));
        assert!(is_denied(office.begin(&first.number, "cashdesk", "r").await), "what is paid is not paid again");

        let ask = async |amount, id: &str| {
            let what = (amount, "面积核减".to_owned(), key(id));
            office.payments.request_refund(&mut office.window(), &first.number, what).await
        };
        let refund = ask(1_000, "f").await.unwrap();
        assert_eq!(ask(1_000, "f").await.unwrap(), refund);
        assert!(matches!(ask(1_001, "f").await, Err(PaymentError::KeyReused)));
    }
}

#[tokio::test]
async fn callbacks_that_come_twice_late_forged_or_with_other_amounts_settle_once_or_not_at_all() {
    for office in Office::both().await {
        let notice = office.notice("a").await;
        let order = office.begin(&notice.number, "cashdesk", "a").await.unwrap();
        let told = office.bank.pay(&order.id.to_string()).unwrap();

        let forged = office.payments.on_callback("cashdesk", &Headers::default(), &told.body()).await.unwrap();
        assert_eq!(forged.status, 401);
        let garbage = office.payments.on_callback("cashdesk", &signed(), b"{\"order\":1e999}").await.unwrap();
        assert_eq!(garbage.status, 401);
        assert!(office.payments.on_callback("nobody", &signed(), &told.body()).await.is_none());
        let mut wrong = vec![told.clone(); 6];
        wrong[0].amount -= 1;
        wrong[1].amount = -24_000;
        wrong[2].currency = "USD".to_owned();
        wrong[3].transaction = String::new();
        wrong[4].order = zhongtai_cap_payment::OrderId::generate().to_string();
        wrong[5].order = "'; DROP TABLE payment_orders; --".to_owned();
        for told in &wrong {
            assert_eq!(office.tell(told).await, 200, "the gateway need not say it again: there is a ticket");
        }
        // The other bank's callback for this bank's order.
        let told_by_other = office.payments.on_callback("wechat", &signed(), &told.body()).await.unwrap();
        assert_eq!(told_by_other.status, 200);
        assert_eq!(office.find(&notice.number).await.standing, Standing::Due);
        assert!(office.events().await.is_empty());
        let mut tickets = office.tickets().await;
        tickets.sort_unstable();
        // The amount of the third and fourth is the order's: they are one finding.
        let amounts = ["amount-differs"; 3].into_iter().chain(["unknown-order"; 3]).collect::<Vec<_>>();
        assert_eq!(tickets, amounts);

        // The true one settles, however often it comes.
        for _ in 0..3 {
            assert_eq!(office.tell(&told).await, 200);
        }
        assert_eq!(office.find(&notice.number).await.standing, Standing::Paid);
        assert_eq!(office.events().await, ["payment.settled"]);
        // A second payment of the same order, and the same payment for another order.
        let mut second = told.clone();
        second.transaction = "cashdesk-other".to_owned();
        assert_eq!(office.tell(&second).await, 200);
        let other = office.notice("b").await;
        let other_order = office.begin(&other.number, "cashdesk", "b").await.unwrap();
        let mut reused = told.clone();
        reused.order = other_order.id.to_string();
        assert_eq!(office.tell(&reused).await, 200);
        assert_eq!(office.find(&other.number).await.standing, Standing::Due);
        let tickets = office.tickets().await;
        assert!(tickets.contains(&"paid-twice") && tickets.contains(&"transaction-reused"), "{tickets:?}");
        assert_eq!(office.balance("clearing:cashdesk").await, 24_000);
    }
}

#[tokio::test]
async fn what_can_not_be_recorded_is_not_settled_and_the_gateway_is_told_to_say_it_again() {
    let office = Office::sqlite().await;
    let notice = office.notice("a").await;
    let order = office.begin(&notice.number, "cashdesk", "a").await.unwrap();
    let told = office.bank.pay(&order.id.to_string()).unwrap();
    office.log.is_full.store(true, Ordering::SeqCst);
    assert_eq!(office.tell(&told).await, 503);
    assert_eq!(office.find(&notice.number).await.standing, Standing::Due);
    let other = office.notice("b").await;
    assert!(matches!(office.begin(&other.number, "cashdesk", "b").await, Err(PaymentError::Unrecorded)));
    assert_eq!(office.bank.taken().len(), 1);
    office.log.is_full.store(false, Ordering::SeqCst);
    assert_eq!(office.tell(&told).await, 200);
    assert_eq!(office.find(&notice.number).await.standing, Standing::Paid);
    let settle = format!("payment:settle PaymentNotice::\"{}\"", notice.number);
    assert!(office.log.recorded.lock().contains(&settle), "the host's settling is on record");
}

#[tokio::test]
async fn a_payment_whose_callback_is_lost_is_found_by_asking() {
    for office in Office::both().await {
        let notice = office.notice("a").await;
        let order = office.begin(&notice.number, "cashdesk", "a").await.unwrap();
        office.bank.pay(&order.id.to_string()).unwrap();
        office.bank.is_down.store(true, Ordering::SeqCst);
        office.clock.advance(Duration::from_secs(60));
        office.payments.work().await.unwrap();
        assert_eq!(office.find(&notice.number).await.standing, Standing::Due);
        office.bank.is_down.store(false, Ordering::SeqCst);
        office.work().await;
        assert_eq!(office.find(&notice.number).await.standing, Standing::Paid);
        office.books().await;
    }
}

#[tokio::test]
async fn a_code_whose_answer_was_lost_is_asked_for_again_and_paid_once() {
    for office in Office::both().await {
        let notice = office.notice("a").await;
        office.bank.loses_answers.store(true, Ordering::SeqCst);
        let error = office.begin(&notice.number, "cashdesk", "a").await.unwrap_err();
        assert!(matches!(error, PaymentError::Channel { .. }), "{error}");
        office.bank.loses_answers.store(false, Ordering::SeqCst);
        let order = office.begin(&notice.number, "cashdesk", "a").await.unwrap();
        assert_eq!(order.standing, OrderStanding::Open);
        assert_eq!(order.qr.as_deref(), Some(&*format!("bank://{}", order.id)));
        // Paid while the answer was lost: the second try finds the money.
        let second = office.notice("b").await;
        office.bank.loses_answers.store(true, Ordering::SeqCst);
        office.begin(&second.number, "cashdesk", "b").await.unwrap_err();
        let lost = office.payments.treasury().latest_order(&second.number).await.unwrap().unwrap();
        office.bank.pay(&lost.id.to_string()).unwrap();
        office.bank.loses_answers.store(false, Ordering::SeqCst);
        let found = office.begin(&second.number, "cashdesk", "b").await.unwrap();
        assert_eq!((found.id, found.standing), (lost.id, OrderStanding::Paid));
        office.books().await;
    }
}

#[tokio::test]
async fn another_channel_closes_the_order_before_and_money_that_came_all_the_same_goes_back() {
    for office in Office::both().await {
        let notice = office.notice("a").await;
        let first = office.begin(&notice.number, "cashdesk", "a").await.unwrap();
        let second = office.begin(&notice.number, "wechat", "b").await.unwrap();
        assert_ne!(first.id, second.id);
        assert_eq!(office.order(&first).await.standing, OrderStanding::Closed);
        assert!(office.bank.pay(&first.id.to_string()).is_none(), "it was closed there, too");
        let told = office.other_bank.pay(&second.id.to_string()).unwrap();
        office.payments.on_callback("wechat", &signed(), &told.body()).await.unwrap();
        assert_eq!(office.find(&notice.number).await.standing, Standing::Paid);
        // A bank that takes money for what it closed.
        office.bank.takes_late_money.store(true, Ordering::SeqCst);
        let late = office.bank.pay(&first.id.to_string()).unwrap();
        office.tell(&late).await;
        assert_eq!(office.order(&first).await.standing, OrderStanding::Late);
        assert_eq!(office.balance("suspense:cashdesk").await, -24_000);
        office.work().await;
        assert_eq!(office.balance("suspense:cashdesk").await, 0);
        assert_eq!((office.bank.holds(), office.other_bank.holds()), (0, 24_000));
        assert_eq!(office.events().await, ["payment.settled"], "the scenario heard of one payment");
        let refunds = office.payments.treasury().refunds(&notice.number).await.unwrap();
        assert!(refunds.len() == 1 && refunds[0].late && refunds[0].standing == RefundStanding::Done);
    }
}

#[tokio::test]
async fn money_for_an_order_that_was_given_up_pays_the_notice_while_it_is_due() {
    let office = Office::sqlite().await;
    let notice = office.notice("a").await;
    let first = office.begin(&notice.number, "cashdesk", "a").await.unwrap();
    let second = office.begin(&notice.number, "wechat", "b").await.unwrap();
    office.bank.takes_late_money.store(true, Ordering::SeqCst);
    let late = office.bank.pay(&first.id.to_string()).unwrap();
    office.tell(&late).await;
    assert_eq!(office.find(&notice.number).await.paid_by, Some(first.id));
    office.work().await;
    assert_eq!(office.order(&second).await.standing, OrderStanding::Closed);
    assert!(office.other_bank.pay(&second.id.to_string()).is_none(), "nobody can pay a second time");
    office.books().await;
}

#[tokio::test]
async fn a_notice_whose_days_are_over_is_closed_at_the_gateway_first() {
    for office in Office::both().await {
        let (unpaid, begun, lost) = (office.notice("a").await, office.notice("b").await, office.notice("c").await);
        let order = office.begin(&begun.number, "cashdesk", "b").await.unwrap();
        let paid = office.begin(&lost.number, "cashdesk", "c").await.unwrap();
        office.bank.pay(&paid.id.to_string()).unwrap();
        office.clock.advance(Duration::from_secs(16 * 24 * 3_600));
        let error = office.begin(&unpaid.number, "cashdesk", "late").await.unwrap_err();
        assert!(matches!(error, PaymentError::Expired), "{error}");
        office.work().await;
        assert_eq!(office.find(&unpaid.number).await.standing, Standing::Closed);
        assert_eq!(office.find(&begun.number).await.standing, Standing::Closed);
        assert_eq!(office.order(&order).await.standing, OrderStanding::Closed);
        assert_eq!(office.find(&lost.number).await.standing, Standing::Paid, "its callback was lost, its money not");
        let mut events = office.events().await;
        events.sort_unstable();
        assert_eq!(events, ["payment.closed", "payment.closed", "payment.settled"]);
        office.books().await;
    }
}

#[tokio::test]
async fn late_money_is_a_ticket_where_the_host_is_told_so() {
    let office = Office::with(PaymentConfig { late_money: LateMoney::Ticket, ..PaymentConfig::default() }).await;
    let notice = office.notice("a").await;
    let order = office.begin(&notice.number, "cashdesk", "a").await.unwrap();
    let closed = office.payments.close(&mut office.plugin(support::OWNER), &notice.number, key("c")).await.unwrap();
    assert_eq!(closed.standing, Standing::Closed);
    office.bank.takes_late_money.store(true, Ordering::SeqCst);
    let late = office.bank.pay(&order.id.to_string()).unwrap();
    office.tell(&late).await;
    office.work().await;
    assert_eq!(office.tickets().await, ["late-money"]);
    assert_eq!(office.balance("suspense:cashdesk").await, -24_000);
    let open = office.payments.tickets(true).await.unwrap();
    let resolve = async |note: &str| office.payments.treasury().resolve_ticket(&open[0].id, "cashier", note).await;
    assert!(resolve("").await.is_err());
    resolve("已线下退回").await.unwrap();
    resolve("已线下退回").await.unwrap();
    assert!(resolve("另一个人").await.is_err());
    assert!(office.tickets().await.is_empty());
}

#[tokio::test]
async fn closing_waits_for_the_gateway_and_happens_once() {
    for office in Office::both().await {
        let notice = office.notice("a").await;
        office.begin(&notice.number, "cashdesk", "a").await.unwrap();
        let close =
            async |id: &str| office.payments.close(&mut office.plugin(support::OWNER), &notice.number, key(id)).await;
        office.bank.is_down.store(true, Ordering::SeqCst);
        assert!(matches!(close("c").await, Err(PaymentError::Channel { .. })));
        assert_eq!(office.find(&notice.number).await.standing, Standing::Due);
        office.bank.is_down.store(false, Ordering::SeqCst);
        assert_eq!(close("c").await.unwrap().standing, Standing::Closed);
        assert!(is_denied(close("d").await), "what is closed is not closed again by another request");
        assert!(is_denied(
            office.payments.close(&mut office.plugin("441802-minzheng"), &notice.number, key("e")).await
        ));
        assert_eq!(office.events().await, ["payment.closed"]);
        assert_eq!(office.balance("revenue:road-dig").await, 0);
    }
}

#[tokio::test]
async fn who_asks_for_a_refund_does_not_decide_on_it_and_no_more_goes_back_than_was_paid() {
    for office in Office::both().await {
        let (notice, _) = office.pay("a").await;
        let ask = async |who: &mut zhongtai_runtime::Asker, amount: i64, id: &str| {
            office.payments.request_refund(who, &notice.number, (amount, "面积核减".to_owned(), key(id))).await
        };
        for bad in [0, -1, i64::MIN] {
            let error = ask(&mut office.window(), bad, "x").await.unwrap_err();
            assert!(matches!(&error, PaymentError::Invalid { field, .. } if field == "amount"), "{error}");
        }
        assert!(matches!(ask(&mut office.window(), 24_001, "x").await, Err(PaymentError::RefundExceeds(24_000))));
        assert!(is_denied(ask(&mut office.plugin("441802-minzheng"), 1, "x").await));
        let own = ask(&mut office.cashier(), 10_000, "own").await.unwrap();
        assert!(is_denied(office.payments.decide_refund(&mut office.cashier(), own.id, true).await));
        let part = ask(&mut office.window(), 14_000, "part").await.unwrap();
        assert!(matches!(ask(&mut office.window(), 1, "more").await, Err(PaymentError::RefundExceeds(0))));
        assert!(is_denied(office.payments.decide_refund(&mut office.window(), part.id, true).await));

        let done = office.payments.decide_refund(&mut office.cashier(), part.id, true).await.unwrap();
        assert_eq!(done.standing, RefundStanding::Done);
        let again = office.payments.decide_refund(&mut office.cashier(), part.id, true).await.unwrap();
        assert_eq!(again.standing, RefundStanding::Done);
        assert_eq!(office.bank.holds(), 10_000);
        assert_eq!(office.find(&notice.number).await.standing, Standing::Paid);
        // The second cashier says no to the first one's request, and then yes to a new one.
        let other = office.officer(zhongtai_kernel::AccountId::generate(), support::OWNER, "cashier");
        let mut other = other;
        let no = office.payments.decide_refund(&mut other, own.id, false).await.unwrap();
        assert_eq!(no.standing, RefundStanding::Rejected);
        assert!(matches!(
            office.payments.decide_refund(&mut other, own.id, true).await,
            Err(PaymentError::RefundNotAllowedWhile(RefundStanding::Rejected))
        ));
        let rest = ask(&mut office.window(), 10_000, "rest").await.unwrap();
        office.payments.decide_refund(&mut other, rest.id, true).await.unwrap();
        assert_eq!(office.find(&notice.number).await.standing, Standing::Refunded);
        assert_eq!(office.bank.holds(), 0);
        assert_eq!(office.balance("refunds:road-dig").await, 24_000);
        assert_eq!(office.events().await, ["payment.settled", "payment.refunded", "payment.refunded"]);
        assert!(is_denied(ask(&mut office.window(), 1, "nothing").await), "what is refunded is not refunded again");
    }
}

#[tokio::test]
async fn a_refund_that_is_cut_off_goes_on_and_one_that_is_refused_is_undone_with_a_ticket() {
    for office in Office::both().await {
        let (notice, _) = office.pay("a").await;
        let ask = async |id: &str| {
            let what = (5_000, "面积核减".to_owned(), key(id));
            office.payments.request_refund(&mut office.window(), &notice.number, what).await.unwrap()
        };
        let cut_off = ask("ra").await;
        office.bank.loses_answers.store(true, Ordering::SeqCst);
        let sent = office.payments.decide_refund(&mut office.cashier(), cut_off.id, true).await.unwrap();
        assert_eq!(sent.standing, RefundStanding::Sending);
        assert_eq!(office.balance("payable:441802-chengguan").await, -5_000);
        office.bank.loses_answers.store(false, Ordering::SeqCst);
        office.work().await;
        assert_eq!(office.bank.holds(), 19_000, "it was given back once");
        assert_eq!(office.balance("payable:441802-chengguan").await, 0);

        office.bank.refuses_refunds.store(true, Ordering::SeqCst);
        let refused = ask("rb").await;
        let failed = office.payments.decide_refund(&mut office.cashier(), refused.id, true).await.unwrap();
        assert_eq!(failed.standing, RefundStanding::Failed);
        assert_eq!(office.tickets().await, ["refund-failed"]);
        let now = office.find(&notice.number).await;
        assert_eq!((now.reserved, now.returned), (5_000, 5_000));
        assert_eq!(office.balance("refunds:road-dig").await, 5_000);
    }
}

#[tokio::test]
async fn a_days_bill_is_held_against_the_ledger_and_every_difference_is_a_ticket() {
    for office in Office::both().await {
        let (notice, order) = office.pay("a").await;
        let what = (5_000, "面积核减".to_owned(), key("r"));
        let refund = office.payments.request_refund(&mut office.window(), &notice.number, what).await.unwrap();
        office.payments.decide_refund(&mut office.cashier(), refund.id, true).await.unwrap();
        let today = "2026-11-27".parse().unwrap();
        // A payment whose callback was lost is found by the bill: no difference.
        let lost = office.notice("b").await;
        let lost_order = office.begin(&lost.number, "cashdesk", "b").await.unwrap();
        office.bank.pay(&lost_order.id.to_string()).unwrap();
        let done = office.payments.reconcile(today).await.unwrap();
        assert_eq!(office.find(&lost.number).await.standing, Standing::Paid);
        let day = &done.days[0];
        assert_eq!((day.rows, day.matched, day.differences), (3, 3, 0));
        assert!(office.tickets().await.is_empty());
        // Another amount, twice: once is enough.
        office.bank.bill_is_off_by.store(1, Ordering::SeqCst);
        for _ in 0..2 {
            let done = office.payments.reconcile(today).await.unwrap();
            assert_eq!((done.days[0].matched, done.days[0].differences), (1, 2));
        }
        assert_eq!(office.tickets().await, ["bill-amount-differs", "bill-amount-differs"]);
        office.bank.bill_is_off_by.store(0, Ordering::SeqCst);
        // The bill has what the ledger never heard of, and not what it has.
        let foreign = zhongtai_cap_payment::Order {
            id: zhongtai_cap_payment::OrderId::generate(),
            amount: support::fen(77),
            subject: "x".to_owned(),
            expires_at: order.expires_at,
        };
        zhongtai_cap_payment::Gateway::prepay(office.bank.as_ref(), &foreign).await.unwrap();
        office.bank.pay(&foreign.id.to_string()).unwrap();
        office.payments.reconcile(today).await.unwrap();
        let tickets = office.payments.tickets(true).await.unwrap();
        let missing = tickets.iter().find(|ticket| ticket.ticket.kind.as_str() == "missing-here").unwrap();
        assert_eq!((missing.ticket.ours, missing.ticket.theirs), (0, 77));
        assert_eq!(missing.ticket.day.as_deref(), Some("2026-11-27"));
        sqlx::query("UPDATE payment_orders SET paid_at = paid_at + 1 WHERE id = $1")
            .bind(order.id.to_string())
            .execute(office.store.pool())
            .await
            .unwrap();
        office.bank.has_no_bill.store(true, Ordering::SeqCst);
        let open = office.payments.reconcile(today).await.unwrap();
        assert_eq!(open.open.len(), 1);
        office.books().await;
    }
}

#[tokio::test]
async fn a_payment_that_the_bill_does_not_have_is_a_ticket() {
    let office = Office::sqlite().await;
    let notice = office.notice("a").await;
    let order = office.begin(&notice.number, "cashdesk", "a").await.unwrap();
    // A callback that is signed, and no money: the bank's own books know nothing of it.
    let told = support::bank::Told {
        order: order.id.to_string(),
        amount: 24_000,
        currency: "CNY".to_owned(),
        transaction: "ghost".to_owned(),
        at: order.created_at,
    };
    assert_eq!(office.tell(&told).await, 200);
    let done = office.payments.reconcile("2026-11-27".parse().unwrap()).await.unwrap();
    assert_eq!(done.days[0].differences, 1);
    assert_eq!(office.tickets().await, ["missing-there"]);
}

#[tokio::test]
async fn notices_are_seen_and_paid_by_who_may_and_nobody_learns_which_numbers_exist() {
    let office = Office::sqlite().await;
    let notice = office.notice("a").await;
    let nobodys = "441802300126112799999990".parse().unwrap();
    for number in [&notice.number, &nobodys] {
        assert!(is_denied(office.payments.find(&mut office.li(), number).await));
        assert!(is_denied(office.payments.pay(&mut office.li(), number, ("cashdesk", key("x"))).await));
        assert!(is_denied(office.payments.receipt(&mut office.li(), number).await));
    }
    assert!(is_denied(office.payments.pay(&mut office.window(), &notice.number, ("cashdesk", key("x"))).await));
    assert!(office.payments.find(&mut office.window(), &notice.number).await.is_ok());
    assert!(matches!(
        office.payments.find(&mut office.window(), &nobodys).await,
        Err(PaymentError::NotFound("notice"))
    ));
    let error = office.begin(&notice.number, "bitcoin", "x").await.unwrap_err();
    assert!(matches!(error, PaymentError::UnknownChannel(name) if name == "bitcoin"));
}

#[tokio::test]
async fn a_receipt_needs_a_seal_unless_the_host_says_otherwise_and_waits_for_what_is_broken() {
    let office = Office::sqlite().await;
    let (notice, _) = office.pay("a").await;
    let receipt = async || office.payments.receipt(&mut office.wang_at_the_api(), &notice.number).await;
    office.others.is_broken.store(true, Ordering::SeqCst);
    assert!(matches!(receipt().await, Err(PaymentError::ReceiptPending(_))));
    office.others.is_broken.store(false, Ordering::SeqCst);
    office.others.has_no_seal.store(true, Ordering::SeqCst);
    assert!(matches!(receipt().await, Err(PaymentError::NoReceipt(_))));
    office.others.has_no_seal.store(false, Ordering::SeqCst);
    assert!(receipt().await.unwrap().is_sealed);
    let due = office.notice("b").await;
    let none = office.payments.receipt(&mut office.wang_at_the_api(), &due.number).await;
    assert!(matches!(none, Err(PaymentError::NotAllowedWhile(Standing::Due))));

    let lax = Office::with(PaymentConfig { unsealed_receipts: true, ..PaymentConfig::default() }).await;
    lax.others.has_no_seal.store(true, Ordering::SeqCst);
    let (notice, _) = lax.pay("a").await;
    assert!(!lax.payments.receipt(&mut lax.wang(), &notice.number).await.unwrap().is_sealed);
}

#[tokio::test]
async fn a_receipt_is_sealed_at_rest_and_one_that_was_changed_is_not_given_out() {
    for office in Office::both().await {
        let (notice, _) = office.pay("a").await;
        let (receipt, pdf) = office.payments.receipt_pdf(&mut office.wang(), &notice.number).await.unwrap();
        assert!(String::from_utf8(pdf).unwrap().starts_with(&receipt.number));
        let sql = "SELECT content FROM payment_receipts";
        let mut kept: Vec<u8> = sqlx::query_scalar(sql).fetch_one(office.store.pool()).await.unwrap();
        assert!(!kept.windows(receipt.number.len()).any(|part| part == receipt.number.as_bytes()), "it can be read");
        *kept.last_mut().unwrap() ^= 1;
        sqlx::query("UPDATE payment_receipts SET content = $1").bind(kept).execute(office.store.pool()).await.unwrap();
        let changed = office.payments.receipt_pdf(&mut office.wang(), &notice.number).await;
        assert!(matches!(changed, Err(PaymentError::Store(_))), "{changed:?}");
    }
}

#[tokio::test]
async fn an_entry_that_was_changed_or_left_out_is_found() {
    for office in Office::both().await {
        office.pay("a").await;
        office.pay("b").await;
        office.books().await;
        let run = async |sql: &'static str| {
            sqlx::raw_sql(sql).execute(office.store.pool()).await.unwrap();
            let books = office.payments.books().await.unwrap();
            assert!(!books.balance(), "{sql}");
            books.wrong
        };
        // Both sides of an entry: it still adds up to zero, and is not what was made.
        let wrong = run("UPDATE payment_postings SET amount = amount * 2 WHERE entry = \
                         (SELECT MAX(id) FROM payment_entries)")
        .await;
        assert!(wrong.iter().any(|wrong| wrong.what.contains("changed after it was made")), "{wrong:?}");
        assert!(wrong.iter().any(|wrong| wrong.at == "clearing:cashdesk"), "{wrong:?}");
    }
}

#[tokio::test]
async fn neither_payer_nor_body_gets_into_the_log() {
    let logged = std::sync::Arc::new(parking_lot::Mutex::new(Vec::new()));
    let writer = {
        let logged = logged.clone();
        move || Writer(logged.clone())
    };
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(writer).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let office = Office::sqlite().await;
    let (notice, _) = office.pay("a").await;
    office.payments.on_callback("cashdesk", &Headers::default(), b"secret-body").await.unwrap();
    office.payments.on_callback("cashdesk", &signed(), b"secret-body").await.unwrap();
    let log = String::from_utf8(logged.lock().clone()).unwrap();
    assert!(log.contains("a payment came") && log.contains("was not taken"), "{log}");
    // The database's own traces show statements with places for values, never values.
    for secret in [office.wang.to_string(), "secret-body".to_owned(), "bank://".to_owned()] {
        assert!(!log.contains(&secret), "{secret} is in the log");
    }
    drop(notice);
}

struct Writer(std::sync::Arc<parking_lot::Mutex<Vec<u8>>>);

impl std::io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
