//! A small plugin with a handler of every kind, and what it answers.

use zhongtai::{credit, notify, prelude::*, testing::*};

#[derive(Deserialize)]
struct NewReport {
    contractor: CreditCode,
    area: u32,
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Receipt {
    number: String,
    area: u32,
    filed: Timestamp,
}

#[derive(Deserialize)]
struct Filter {
    page: Option<u32>,
    #[serde(default)]
    urgent: bool,
}

#[get("/")]
fn home() -> &'static str {
    "hello"
}

#[post("/reports")]
fn report(subject: Subject, Json(report): Json<NewReport>) -> Result<Created<Receipt>> {
    let verdict = credit::check(&report.contractor, Purpose("road-repair"))?;
    ensure!(verdict.is_clear(), conflict("contractor {} is barred: {}", report.contractor, verdict.basis()));
    let receipt = Receipt { number: random::id(), area: report.area, filed: clock::now() };
    keyvalue::create(&format!("report/{}", receipt.number), &receipt)?;
    notify::send(&subject, "report-received", &receipt)?;
    info!(area = report.area, by = %subject.handle, "report filed");
    Ok(Created(receipt))
}

#[post("/told")]
fn told(subject: Subject) -> Result<Json<(Option<Delivery>, usize)>> {
    let id = notify::message(&subject, "report-received").send()?;
    Ok(Json((notify::state(&id)?, notify::deliveries(&id)?.len())))
}

#[get("/reports")]
fn list(Query(filter): Query<Filter>) -> Result<Json<Vec<String>>> {
    let skip = filter.page.unwrap_or_default() as usize * 10;
    ensure!(!filter.urgent, bad_request("nothing is ever urgent"));
    let keys = keyvalue::keys("report/").skip(skip).take(10);
    Ok(Json(keys.collect::<Result<_, _>>()?))
}

#[get("/reports/{number}")]
fn show(Path(number): Path<String>) -> Result<Option<Json<Receipt>>> {
    Ok(keyvalue::get(&format!("report/{number}"))?.map(Json))
}

#[delete("/reports/{number}")]
fn remove(number: Path<String>, officer: Option<Subject>) -> Result<()> {
    ensure!(officer.is_some_and(|officer| officer.has_role("clerk")), forbidden("only a clerk removes reports"));
    Ok(keyvalue::delete(&format!("report/{}", number.0))?)
}

#[get("/sum/{a}/{b}")]
fn sum(Path((a, b)): Path<(u8, i64)>) -> String {
    (i64::from(a) + b).to_string()
}

#[put("/phone")]
fn phone(subject: Subject) -> Result<String> {
    let fields = subject.fields(&["name", "phone"], Purpose("call-back"))?;
    Ok(fields.get("phone").unwrap_or("hidden").to_owned())
}

#[patch("/settings/{key}")]
fn setting(Path(key): Path<String>) -> Result<String> {
    config::require(&key)
}

#[post("/form")]
fn form(Form(filter): Form<Filter>, request: Request) -> Html<String> {
    Html(format!("<p>{:?} {} {}</p>", filter.page, filter.urgent, request.method))
}

zhongtai::plugin!(home, report, told, list, show, remove, sum, phone, setting, form);

const CONTRACTOR: &str = "91350100M000100Y43";

fn new_report() -> Value {
    json!({ "contractor": CONTRACTOR, "area": 12 })
}

#[test]
fn a_report_is_filed_kept_and_told() {
    let host = MockHost::new().subject("wang").at("2026-01-02T03:04:05Z");
    let reply = host.post("/reports", new_report());
    assert_eq!(reply.status(), 201);
    let receipt: Receipt = reply.json_as();
    assert_eq!(reply.json()["filed"], "2026-01-02T11:04:05+08:00");
    assert_eq!(host.get(&format!("/reports/{}", receipt.number)).json_as::<Receipt>(), receipt);
    assert_eq!(host.get("/reports").json(), json!([format!("report/{}", receipt.number)]));

    let [message] = &host.sent_messages()[..] else { panic!("one message") };
    assert_eq!(message.to, Recipient::Subject("wang".into()));
    assert_eq!(message.variables[0], ("area".into(), "12".into()));

    let [event] = &host.logs()[..] else { panic!("one event") };
    assert_eq!((event.level, event.message.as_str()), (Level::Info, "report filed"));
    assert_eq!(event.fields, [("area".into(), "12".into()), ("by".into(), "wang".into())]);
}

#[test]
fn a_barred_contractor_is_refused() {
    let host = MockHost::new().subject("wang").credit(CONTRACTOR, Verdict::barred("unpaid wages"));
    let reply = host.post("/reports", new_report());
    assert_eq!(reply.status(), 409);
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    assert_eq!(
        reply.json()["detail"],
        "contractor 91350100M000100Y43 is barred: black-list of unpaid wages since 2026-01-01"
    );
    assert_eq!(host.sent_messages(), []);
}

#[test]
fn an_anonymous_report_is_asked_to_sign_in() {
    let reply = MockHost::new().post("/reports", new_report());
    assert_eq!(reply.status(), 401);
    assert_eq!(
        reply.json(),
        json!({
            "type": "urn:zhongtai:problem:sign-in-required", "title": "Unauthorized", "status": 401,
            "detail": "sign in first", "code": "sign-in-required",
        })
    );
}

#[test]
fn a_refusal_by_policy_carries_its_decision() {
    let host = MockHost::new().subject("wang").deny("credit:check");
    let reply = host.post("/reports", new_report());
    assert_eq!(reply.status(), 403);
    assert_eq!(reply.json()["code"], "access-denied");
    assert_eq!(reply.json()["decision"], "mock-decision:credit:check");
}

#[test]
fn an_undeclared_purpose_is_the_plugins_mistake_and_logged() {
    let host = MockHost::new().subject("wang").purposes(&["call-back"]);
    let reply = host.post("/reports", new_report());
    assert_eq!(reply.status(), 500);
    assert!(!reply.text().contains("road-repair"));
    assert!(host.logs()[0].message.contains("road-repair"));
}

#[test]
fn malformed_json_is_located() {
    let host = MockHost::new().subject("wang");
    let post = |body: &str| host.request("POST", "/reports").body("application/json; charset=utf-8", body).send();

    let reply = post("{\n  \"contractor\": \"91350100M000100Y43\",\n  \"area\": \"x\"\n}");
    assert_eq!((reply.status(), &reply.json()["code"]), (400, &json!("invalid-json")));
    assert_eq!((&reply.json()["line"], &reply.json()["field"]), (&json!(3), &json!("area")));

    let reply = post("{\"contractor\": \"91350100M000100Y44\", \"area\": 1}");
    assert_eq!(reply.json()["field"], "contractor");
    assert!(reply.json()["detail"].as_str().unwrap().contains("check character is wrong"));

    let reply = post("{\"area\": ");
    assert_eq!((reply.status(), &reply.json()["code"]), (400, &json!("malformed-json")));

    assert!(post("{\"area\": 1}").json()["detail"].as_str().unwrap().contains("missing field `contractor`"));
}

#[test]
fn another_kind_of_body_is_refused() {
    let host = MockHost::new().subject("wang");
    let reply = host.request("POST", "/reports").body("text/plain", "x").send();
    assert_eq!(reply.status(), 415);
    assert_eq!(reply.json()["detail"], "send application/json, not text/plain");
    assert_eq!(host.request("POST", "/reports").send().status(), 415);
}

#[test]
fn unknown_paths_and_methods_are_told_apart() {
    let host = MockHost::new();
    assert_eq!(host.get("/nowhere").status(), 404);
    assert_eq!(host.get("/reports/nothing").status(), 404);
    let reply = host.put("/reports", json!({}));
    assert_eq!(reply.status(), 405);
    assert_eq!(reply.header("allow"), Some("POST, GET, HEAD"));
    assert_eq!(reply.json()["code"], "method-not-allowed");
}

#[test]
fn head_is_get_without_its_body() {
    let reply = MockHost::new().request("HEAD", "/").send();
    assert_eq!((reply.status(), reply.text().as_str()), (200, ""));
    assert_eq!(reply.header("content-type"), Some("text/plain; charset=utf-8"));
}

#[test]
fn parameters_and_queries_are_typed() {
    let host = MockHost::new();
    assert_eq!(host.get("/sum/250/-51").text(), "199");
    let reply = host.get("/sum/300/1");
    assert_eq!(reply.status(), 400);
    assert_eq!(reply.json()["detail"], "in the path, `a` must be a whole number from 0 to 255, not `300`");
    assert_eq!(host.get("/reports?page=0&urgent=false").status(), 200);
    let reply = host.get("/reports?page=one");
    assert_eq!(reply.json()["detail"], "in the query, `page` must be a whole number, not negative, not `one`");
}

#[test]
fn only_a_clerk_removes_a_report() {
    let host =
        MockHost::new().stored("report/7", &json!({ "number": "7", "area": 1, "filed": "2026-01-02T03:04:05Z" }));
    assert_eq!(host.delete("/reports/7").status(), 403);
    let host = host.subject(Person::officer("li", &["clerk"]));
    let reply = host.delete("/reports/7");
    assert_eq!((reply.status(), reply.body()), (204, &[][..]));
    assert!(host.keys("report/").is_empty());
}

#[test]
fn a_refused_field_is_left_out() {
    let host = MockHost::new().subject(Person::new("wang").field("phone", "13800000000"));
    assert_eq!(host.put("/phone", json!({})).text(), "13800000000");
    assert_eq!(host.deny("subject:fields/phone").put("/phone", json!({})).text(), "hidden");
}

#[test]
fn a_missing_setting_is_not_told_to_the_client() {
    let host = MockHost::new().config("greeting", "你好");
    assert_eq!(host.patch("/settings/greeting", json!({})).text(), "你好");
    let reply = host.patch("/settings/secret", json!({}));
    assert_eq!((reply.status(), &reply.json()["code"]), (500, &json!("missing-setting")));
    assert!(!reply.text().contains("secret"));
}

#[test]
fn a_form_is_read_and_a_page_is_written() {
    let host = MockHost::new();
    let reply = host.request("POST", "/form").body("application/x-www-form-urlencoded", "page=3&urgent=true").send();
    assert_eq!(reply.text(), "<p>Some(3) true POST</p>");
    assert_eq!(reply.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(host.post("/form", json!({})).status(), 415);
}

#[test]
fn a_handler_is_still_an_ordinary_function() {
    assert_eq!(home(), "hello");
    assert_eq!(sum(Path((1, 2))), "3");
}

#[test]
fn how_far_a_message_is_comes_from_the_test_and_a_refusal_from_policy() {
    run(|| {
        assert_eq!(notify::deliveries("mock-message-1"), Ok(vec![]), "no message");
        let id = notify::message(notify::desk("duty"), "report-received").send().unwrap();
        assert_eq!(notify::state(&id), Ok(Some(Delivery::Queued)));
    });
    let by_mail = |state, failure| Progress { channel: Channel::Email, state, failure };
    let in_inbox = Progress { channel: Channel::Inbox, state: Delivery::Delivered, failure: None };
    let failed = by_mail(Delivery::Failed, Some(Failure::NoSuchAddress));
    let host = MockHost::new().subject("wang").deliveries("mock-message-1", &[failed, in_inbox]);
    let told = host.post("/told", json!({}));
    assert_eq!(told.json(), json!(["delivered", 2]), "the furthest of two");
    let host = MockHost::new().subject("wang").deny("notify:read-state");
    assert_eq!(host.post("/told", json!({})).status(), 403);
}
