//! Signing in with a real browser: what the raw requests of `sign_in.rs` can't show. Set `ZHONGTAI_PICTURES` to a folder
//! to keep what was seen.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::path::Path;

use support::{Browser, Place, code};

/// A phone, and nothing smaller is promised.
const PHONE: (u32, u32) = (360, 780);

async fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("ZHONGTAI_PICTURES") {
        browser.picture(&Path::new(&folder).join(format!("{name}.png"))).await;
    }
}

/// Nothing sticks out to the right, and every field has a label.
async fn is_usable(browser: &Browser) {
    let overflow = browser.run("return document.documentElement.scrollWidth - window.innerWidth").await;
    assert!(overflow.as_i64().unwrap() <= 0, "{overflow} px too wide: {}", browser.address().await);
    let unlabelled = browser
        .run("return [...document.querySelectorAll('input:not([type=hidden]):not([hidden])')].filter(i => !i.labels.length).length")
        .await;
    assert_eq!(unlabelled, 0);
}

#[tokio::test]
async fn an_officer_signs_in_by_keyboard_on_a_phone_enrols_and_signs_out() {
    let place = Place::start();
    let password = place.add_user("li", &["--kind", "officer", "--department", "441802-test", "--role", "reviewer"]);
    let browser = Browser::open(PHONE.0, PHONE.1).await;
    browser.open_page(&place.public("/account")).await;
    is_usable(&browser).await;
    picture(&browser, "sign-in").await;
    browser.fill("#login", "li").await;
    browser.keys("\u{e004}the wrong password\u{e007}").await;
    support::eventually("the page says what is wrong", async || {
        browser.text().await.contains("账号或密码不正确").then_some(())
    })
    .await;
    picture(&browser, "sign-in-wrong").await;
    let focused = browser.run("return document.activeElement.id").await;
    assert_eq!(focused, "password", "the wrong field has the focus");
    is_usable(&browser).await;
    browser.keys(&format!("{password}\u{e007}")).await;
    support::eventually("the account", async || browser.address().await.ends_with("/account").then_some(())).await;
    let text = browser.text().await;
    assert!(text.contains("一级：仅密码") && text.contains("Chrome, "), "{text}");
    is_usable(&browser).await;
    picture(&browser, "account").await;

    let cookies = browser.cookies().await;
    let session = cookies.iter().find(|cookie| cookie["name"] == "__Host-zt-session").expect("a session's cookie");
    let marks = (&session["httpOnly"], &session["secure"], &session["sameSite"]);
    assert_eq!(marks, (&true.into(), &true.into(), &"Lax".into()));
    assert_eq!(browser.run("return document.cookie.includes('session')").await, false, "out of reach of scripts");

    browser.press("a[href='/account/second-factor']").await;
    browser.press("form[action='/account/second-factor'] button").await;
    support::eventually("the QR code", async || {
        browser.run("return document.querySelectorAll('.qr svg').length").await.as_i64().filter(|count| *count == 1)
    })
    .await;
    is_usable(&browser).await;
    picture(&browser, "enrol").await;
    let secret = browser.run("return document.querySelector('.secret').innerText").await;
    let secret = secret.as_str().unwrap();
    browser.fill("#code", &code(secret, 0)).await;
    browser.keys("\u{e007}").await;
    support::eventually("recovery codes", async || browser.text().await.contains("恢复码").then_some(())).await;
    is_usable(&browser).await;
    picture(&browser, "recovery-codes").await;
    browser.open_page(&place.public("/account?lang=en")).await;
    assert!(browser.text().await.contains("2: a password and a second factor"));
    is_usable(&browser).await;
    picture(&browser, "account-english").await;
    browser.press("form[action='/sign-out'] button").await;
    support::eventually("signed out", async || browser.text().await.contains("You are signed out").then_some(())).await;
    browser.fill("#login", "li").await;
    browser.fill("#password", &password).await;
    browser.press("form[action='/sign-in'] button").await;
    support::eventually("the second factor", async || {
        browser.address().await.ends_with("/sign-in/second-factor").then_some(())
    })
    .await;
    is_usable(&browser).await;
    picture(&browser, "second-factor").await;
    browser.fill("#code", &code(secret, 1)).await;
    browser.keys("\u{e007}").await;
    support::eventually("the account", async || browser.address().await.ends_with("/account").then_some(())).await;
}

#[tokio::test]
async fn a_form_of_another_site_does_not_sign_anybody_out_or_in() {
    let place = Place::start();
    let password = place.add_user("zhang", &["--kind", "natural-person"]);
    let browser = Browser::open(PHONE.0, PHONE.1).await;
    browser.open_page(&place.public("/sign-in")).await;
    browser.fill("#login", "zhang").await;
    browser.fill("#password", &password).await;
    browser.press("form[action='/sign-in'] button").await;
    support::eventually("the account", async || browser.address().await.ends_with("/account").then_some(())).await;
    let token =
        browser.run("return document.querySelector('form[action=\"/sign-out\"] [name=form_token]').value").await;

    // Another site, that even knows the token: a page from a file, whose origin is `null`.
    let evil = place.dir.path().join("evil.html");
    let form = format!(
        "<form method=post action='{}'><input name=form_token value={token}><button>win a prize</button></form>",
        place.public("/sign-out")
    );
    std::fs::write(&evil, form).unwrap();
    browser.open_page(&format!("file://{}", evil.display())).await;
    browser.press("button").await;
    // `SameSite=Lax` keeps the cookie from it, so the host sends it to sign in; the page there has the cookie again.
    support::eventually("an answer", async || browser.address().await.starts_with(&place.host.public).then_some(()))
        .await;
    browser.open_page(&place.public("/account")).await;
    assert!(browser.address().await.ends_with("/account"), "still signed in");
    assert!(browser.text().await.contains("我的账号"));
}
