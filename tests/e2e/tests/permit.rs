//! The whole way of a permit: an enterprise signs in, applies and hands a plan in; an officer approves; the certificate
//! is issued with papers that tools which we did not write accept; the enterprise signs in elsewhere and shows it; a
//! third party sees it once.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use serde_json::{Value, json};
use support::{Place, Plugin, Reply, SignInThere as _, Visitor};
use zhongtai_e2e::{City, repository};
use zhongtai_test_tools::{DISTID, Judges, SES_CHECKS, said, tool};

const SCENARIO: &str = "/s/441802-chengguan/excavation";
const ENTERPRISE: &str = "91512081MA62K0260E";
const BANK: &str = "91350100M000100Y43";

/// The road's department with its plugin, its template, its seal and its type of certificate; who works there; an
/// enterprise, a bank, and the city's identity provider, which knows the enterprise.
struct Town {
    city: City,
    place: Place,
    password: String,
    officer: String,
    bank: String,
}

// === impl Town ===

impl Town {
    fn open() -> Self {
        let public = City::free_address().unwrap();
        let accounts = json!({ "north-river": { "name": "北江公司", "user_type": "2", "uscc": ENTERPRISE } });
        let city = City::start(&public, &accounts).unwrap();
        let place = Place::start_with(|setup, dir| {
            setup.ports.0 = public.rsplit(':').next().unwrap().parse().unwrap();
            setup.policies.push(repository().join("plugins/excavation/policies"));
            setup.config = city.config(&public, dir).unwrap() + "[seal]\norganization = \"清城区人民政府\"\n";
        });
        place.install(&Plugin::shipped("excavation"));
        let file = |path: &str| repository().join(path).to_str().unwrap().to_owned();
        place.zt(&["template", "put", &file("host/capabilities/document/gallery/excavation-permit")]);
        place.zt(&["cert", "type", "put", &file("plugins/excavation/excavation-permit.json")]);

        let officer = ["--kind", "officer", "--department", "441802-chengguan", "--assurance", "substantial"];
        place.add_user("ke", &[&officer[..], &["--role", "seal-keeper"]].concat());
        std::fs::write(place.host.data().join("ke.token"), place.token("ke", &[])).unwrap();
        let seal = ["seal", "create", "441802-chengguan/permit", "--name", "清城区城市管理局", "--kind", "official"];
        place.zt_as("ke", &seal);
        let roles = ["--role", "window", "--role", "certificate-issuer", "--clearance", "3"];
        place.add_user("li", &[&officer[..], &roles].concat());
        let code = |code: &str| format!("credit-code={code}");
        let (own, bank) = (code(ENTERPRISE), code(BANK));
        let password =
            place.add_user("north-river", &["--kind", "legal-person", "--set", "name=北江公司", "--set", &own]);
        place.add_user("bank", &["--kind", "legal-person", "--set", &bank, "--assurance", "substantial"]);
        let (officer, bank) = (place.token("li", &[]), place.token("bank", &[]));
        Self { city, place, password, officer, bank }
    }

    /// The enterprise in a browser, signed in with its password: assurance 1.
    async fn signed_in(&self) -> Visitor {
        let mut browser = Visitor::new(&self.place.host.public);
        let page = browser.get("/sign-in?return_to=/account").await;
        let fields = [("login", "north-river"), ("password", self.password.as_str())];
        let done = browser.submit(&page, "/sign-in", &fields).await;
        assert_eq!((done.status, done.location.as_str()), (303, "/account"), "{done:?}");
        browser
    }

    /// A request of a page of the host's own, with what a browser sends along.
    async fn ask(&self, browser: &mut Visitor, method: &str, path: &str, body: Option<Vec<u8>>) -> (u16, Value) {
        let host = &self.place.host.public;
        let request = browser.http().request(method.parse().unwrap(), format!("{host}{path}"));
        let request = request.header("origin", host).header("sec-fetch-site", "same-origin");
        let request = match body {
            Some(body) if path.starts_with("/api/v1/files/") => request.body(body),
            Some(body) => request.header("content-type", "application/json").body(body),
            None => request,
        };
        let page = browser.send(request).await;
        (page.status, serde_json::from_str(&page.text).unwrap_or(Value::Null))
    }

    async fn officer(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = self.place.public(&format!("{SCENARIO}{path}"));
        let request = self.place.http.request(method.parse().unwrap(), url).bearer_auth(&self.officer);
        let reply = Reply::of(if body.is_null() { request } else { request.json(body) }).await;
        assert!(reply.status < 300, "{path}: {reply:?}");
        reply.json()
    }

    async fn redeem(&self, token: &str, purpose: &str) -> Reply {
        let url = self.place.public("/api/v1/certificates/redeem");
        let body = json!({ "token": token, "purpose": purpose });
        Reply::of(self.place.http.post(url).bearer_auth(&self.bank).json(&body)).await
    }
}

/// Days from today on, in Shanghai.
fn day(later: i64) -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::offset(8).to_time_zone());
    now.checked_add(jiff::Span::new().days(later)).unwrap().date().to_string()
}

#[tokio::test]
async fn an_enterprise_gets_its_permit_and_a_bank_sees_it_once() {
    let town = Town::open();
    let mut enterprise = town.signed_in().await;
    let form = json!({
        "company": ENTERPRISE, "place": "北江一路12号门前", "area_m2": 12, "from": day(0), "to": day(20),
        "reason": "供水管道维修",
    });
    let path = format!("{SCENARIO}/applications");
    let (status, filed) = town.ask(&mut enterprise, "POST", &path, Some(form.to_string().into_bytes())).await;
    assert_eq!(status, 201, "{filed}");
    let number = filed["number"].as_str().unwrap().to_owned();

    // The plan, past the plugin.
    let materials = format!("{path}/{number}/materials");
    let (status, ticket) = town.ask(&mut enterprise, "POST", &materials, Some(b"{}".to_vec())).await;
    assert_eq!(status, 201, "{ticket}");
    let plan = zhongtai_cap_seal::contract::pdf(2);
    let (status, arrived) = town.ask(&mut enterprise, "PUT", ticket["path"].as_str().unwrap(), Some(plan)).await;
    assert_eq!(status, 201, "{arrived}");
    let file = format!("{materials}/{}", arrived["file"].as_str().unwrap());
    let (status, attached) = town.ask(&mut enterprise, "PUT", &file, Some(b"{}".to_vec())).await;
    assert_eq!((status, &attached["attached"]), (200, &true.into()), "{attached}");

    // The officer sees it, and approves.
    let seen = town.officer("GET", &format!("/applications/{number}/materials"), &Value::Null).await;
    assert_eq!(seen["materials"][0]["kind"], "pdf", "{seen}");
    let decision = json!({ "outcome": "approve", "reason": "材料齐全" });
    let decided = town.officer("POST", &format!("/applications/{number}/decisions"), &decision).await;
    let id = decided["permit"]["id"].as_str().unwrap_or_else(|| panic!("{decided}\n{}", town.place.host.log()));

    // Its holder fetches the papers.
    let mut papers = Vec::new();
    for name in ["certificate.pdf", "certificate.ofd"] {
        let url = format!("{}/api/v1/certificates/{id}/papers/{name}?purpose=own-use", town.place.host.public);
        let request = enterprise.http().get(url).header("cookie", cookies(&enterprise));
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        papers.push(response.bytes().await.unwrap().to_vec());
    }
    let roots = town.place.get("/api/v1/seals/root.pem").await.body;
    everybody_accepts(&papers[0], &papers[1], &roots);
    for paper in papers {
        let verify = town.place.http.post(town.place.public("/api/v1/seals/verify")).body(paper);
        assert_eq!(Reply::of(verify).await.json()["verdict"], "valid");
    }

    // A password is not enough to show it; the city's provider, which knows more of the enterprise, is.
    let showing = json!({
        "fields": ["applicant", "place"], "purpose": "loan", "verifier": BANK, "minutes": 10,
    });
    let (body, present) = (showing.to_string().into_bytes(), format!("/api/v1/certificates/{id}/present"));
    let (status, refused) = town.ask(&mut enterprise, "POST", &present, Some(body.clone())).await;
    assert_eq!((status, &refused["code"]), (403, &"access-denied".into()), "{refused}");
    let (mut sure, _) = town.city.sign_in(&town.place, "north-river", "urn:example:loa:2").await;
    let (status, shown) = town.ask(&mut sure, "POST", &present, Some(body)).await;
    assert_eq!(status, 200, "{shown}");

    // The bank sees what it was shown, for what it was shown, once.
    let token = shown["token"].as_str().unwrap();
    assert_eq!(town.redeem(token, "advertising").await.status, 403);
    let redeemed = town.redeem(token, "loan").await;
    assert_eq!(redeemed.status, 200, "{redeemed:?}");
    let redeemed = redeemed.json();
    assert_eq!((&redeemed["id"], &redeemed["standing"]), (&id.into(), &"valid".into()));
    let names: Vec<&str> =
        redeemed["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["applicant", "place"], "and nothing that was not shown");
    assert_eq!(town.redeem(token, "loan").await.status, 409);
}

fn cookies(browser: &Visitor) -> String {
    browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

/// What tools that we did not write say of the papers, and of ones with a flipped byte.
fn everybody_accepts(pdf: &[u8], ofd: &[u8], roots: &str) {
    let end = "-----END CERTIFICATE-----\n";
    let [p256, sm2] = [0, 1].map(|number| format!("{}{end}", roots.split(end).nth(number).unwrap()));
    let judges = Judges::trusting(&p256);
    let pdfsig = judges.pdfsig(pdf);
    for line in ["Signature is Valid.", "Certificate is Trusted.", "Total document signed"] {
        assert!(pdfsig.contains(line), "{pdfsig}");
    }
    for verb in ["validate", "adesverify"] {
        let (content, text) = judges.pyhanko(verb, pdf);
        assert!(content, "{verb}: {text}");
    }
    let (valid, text) = judges.openssl_cms(pdf);
    assert!(valid && text.contains("CAdES Verification successful"), "{text}");
    let (_, text) = judges.openssl_ts(pdf);
    assert!(text.contains("Verification: OK"), "{text}");
    let file = judges.write("permit.pdf", pdf);
    let (_, text) = said(tool("pdftotext").arg("-layout").arg(&file).arg("-"));
    assert!(text.contains("北江公司") && text.contains("北江一路"), "{text}");
    let (_, fonts) = said(tool("pdffonts").arg(&file));
    assert!(fonts.lines().count() > 2 && fonts.lines().skip(2).all(|line| line.contains("yes yes")), "{fonts}");

    let read = judges.ofd_js(ofd);
    assert_eq!((&read["seals"][0]["digests"], &read["seals"][0]["signature"]), (&true.into(), &true.into()), "{read}");
    let seals = judges.ses_check(ofd);
    assert_eq!(seals.len(), 1);
    assert!(SES_CHECKS.iter().all(|check| seals[0][check] == true), "{}", seals[0]);
    assert!(judges.openssl_sm2(DISTID).0);
    assert!(!judges.openssl_sm2("8765432187654321").0);
    let links = judges.openssl_sm2_chain(&sm2);
    assert!(links.len() >= 2 && links.iter().all(|(valid, _)| *valid), "{links:?}");

    let mut flipped = pdf.to_vec();
    let at = flipped.windows(6).position(|part| part == b"stream").unwrap() + 20;
    flipped[at] ^= 1;
    assert!(judges.pdfsig(&flipped).contains("Digest Mismatch"));
    assert!(!judges.pyhanko("validate", &flipped).0 && !judges.openssl_cms(&flipped).0);
}
