//! Payments, against the mock.

use zhongtai::{
    payment::{self, Error, Fen, Standing},
    prelude::*,
    testing::{Person, json},
};

#[post("/fees/{case}")]
fn fee(subject: Subject, Path(case): Path<String>) -> Result<Created<payment::Notice>> {
    let notice = payment::notice("road-dig").units(12_u32).and("road-mend").amount(Fen(1_050)).from(&subject);
    Ok(Created(notice.for_case(&case).once(&case).send()?))
}

#[post("/fees/{number}/pay")]
fn pay(Path(number): Path<String>) -> Result<Json<payment::Order>> {
    Ok(Json(payment::pay(&number, "cashdesk", &number)?))
}

#[on("payment.settled")]
fn paid(event: zhongtai::event::Event) -> Result<()> {
    ensure!(payment::find(&event.about)?.is_paid(), conflict("not paid"));
    keyvalue::set(&format!("paid/{}", event.case.unwrap_or_default()), &event.about)?;
    Ok(())
}

zhongtai::plugin!(fee, pay; events: paid);

fn host() -> MockHost {
    MockHost::new().subject("wang").fee_item("road-dig", Some(Fen(2_000))).fee_item("road-mend", None)
}

#[test]
fn a_fee_is_asked_for_once_paid_and_told() {
    let host = host();
    let notice = host.post("/fees/WJ-1", json!({}));
    assert_eq!(notice.status(), 201, "{}", notice.text());
    assert_eq!(host.post("/fees/WJ-1", json!({})).json(), notice.json());
    assert_eq!((notice.json()["total"].clone(), host.notices().len()), (json!(25_050), 1));
    let number = notice.json()["number"].as_str().unwrap_or_default().to_owned();
    let order = host.post(&format!("/fees/{number}/pay"), json!({}));
    assert_eq!(order.json()["standing"], "open");
    host.settle(&number).unwrap();
    assert_eq!(host.value::<String>("paid/WJ-1"), Some(number.clone()));
    assert_eq!(host.post(&format!("/fees/{number}/pay"), json!({})).json()["standing"], "paid");
    assert!(host.settle(&number).is_err(), "nothing is paid twice");
}

#[test]
fn what_is_wrong_is_said_with_its_field() {
    let send = |notice: payment::NewNotice| host().run(|| notice.once("x").send());
    let field = |error: Error| match error {
        Error::Invalid { field, .. } => field,
        other => panic!("{other}"),
    };
    assert_eq!(field(send(payment::notice("road-dig").units(0_i64)).unwrap_err()), "lines/0/quantity");
    assert_eq!(field(send(payment::notice("road-dig").units(i64::MAX)).unwrap_err()), "lines/0/quantity");
    assert_eq!(field(send(payment::notice("road-dig").and("road-mend")).unwrap_err()), "lines/1/amount");
    assert_eq!(field(send(payment::notice("road-mend").amount(Fen(-1))).unwrap_err()), "lines/0/amount");
    assert_eq!(send(payment::notice("other")), Err(Error::UnknownItem("lines/0/item".into())));
    let keyless = host().run(|| payment::notice("road-dig").send());
    assert_eq!(field(keyless.unwrap_err()), "idempotency-key");
    let problem = Problem::from(Error::Invalid { field: "lines/0/amount".into(), expected: "1".into() });
    assert_eq!(problem.status(), 422);
}

#[test]
fn refunds_and_closings_are_as_the_host_allows_them() {
    let host = host();
    let number = host.post("/fees/WJ-1", json!({})).json()["number"].as_str().unwrap_or_default().to_owned();
    host.run(|| {
        let early = payment::request_refund(&number, Fen(1), "x", "r");
        assert_eq!(early, Err(Error::NotAllowedWhile(Standing::Due)));
        assert!(matches!(payment::receipt(&number), Err(Error::NotAllowedWhile(Standing::Due))));
    });
    host.settle(&number).unwrap();
    host.run(|| {
        let refund = payment::request_refund(&number, Fen(20_000), "面积核减", "r").unwrap();
        assert_eq!(payment::request_refund(&number, Fen(20_000), "面积核减", "r"), Ok(refund));
        assert_eq!(payment::request_refund(&number, Fen(20_000), "x", "s"), Err(Error::RefundExceeds(Fen(5_050))));
        assert_eq!(payment::close(&number, "c"), Err(Error::NotAllowedWhile(Standing::Paid)));
        assert_eq!(payment::find("1"), Err(Error::NotFound));
        assert_eq!(payment::pay(&number, "bitcoin", "p"), Err(Error::UnknownChannel("bitcoin".into())));
    });
    let li = host.clone().subject(Person::new("li"));
    assert_eq!(li.post(&format!("/fees/{number}/pay"), json!({})).status(), 403);
    assert_eq!(host.deny("payment:notice").post("/fees/WJ-2", json!({})).json()["code"], "access-denied");
}

#[test]
fn money_shows_as_yuan() {
    assert_eq!((Fen(24_050).to_string(), Fen(-5).to_string()), ("240.50".to_owned(), "-0.05".to_owned()));
}
