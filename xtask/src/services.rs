//! The demo's services around a permit: the fee is paid at a cash desk that is a process of its own, also when that dies
//! half-way, and the permit goes out on paper.

use std::{path::Path, thread, time::Duration};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use zhongtai_e2e::{CashDesk, Host};

use crate::{
    browser::Browser,
    demo::EXCAVATION,
    permit::{json, run, text},
    run::step,
};

/// What is looked at again until it is there.
const PATIENCE: u32 = 300;

/// What operators do once: addresses, grids and halls, the fee item, and that the fee is collected.
pub(crate) fn prepare(host: &Host) -> anyhow::Result<()> {
    step("an operator brings geography and the list of fees online");
    for (layer, file) in [("addresses", "addresses.csv"), ("grids", "grids.geojson"), ("halls", "halls.csv")] {
        run(host, "operator", &["geo", "import", layer, &format!("examples/geo/{file}")])?;
    }
    run(host, "operator", &["payment", "item", "put", "examples/fee-item.json"])?;
    run(host, "operator", &["setting", "set", EXCAVATION, "fee_item", "road-dig"])?;
    Ok(())
}

/// Pays the notice of an application: the cash desk is killed between the payment and its callback, and started again.
pub(crate) fn pay(host: &Host, desk: &mut CashDesk, payer: &Browser, application: &Value) -> anyhow::Result<()> {
    let number = text(application, "number")?;
    let notice = text(application.get("payment").context("no fee was asked for")?, "notice")?;
    println!("\n# the enterprise begins to pay notice {notice}");
    let order = json!({ "channel": CashDesk::CHANNEL, "idempotency_key": number });
    let order = payer.ask("POST", &format!("/api/v1/payments/{notice}/pay"), order.to_string().as_bytes())?;
    println!("{order}");
    desk.hold_callbacks()?;
    println!("\n# it pays at the desk's page; the desk is killed before it can say so, and started again");
    desk.pay(&text(&json(&order)?, "qr")?)?;
    desk.kill()?;
    desk.start_again()?;
    let path = format!("/s/{EXCAVATION}/applications/{number}");
    let paid = until("the scenario hears of the payment", || {
        let seen = json(&payer.ask("GET", &path, b"")?)?;
        Ok(seen.pointer("/payment/is_paid").is_some_and(|paid| paid == true).then_some(seen))
    })?;
    println!("{paid}");
    run(host, "operator", &["payment", "books"])?;
    Ok(())
}

/// Where the permit on paper goes, how it gets there, and who signs for it.
pub(crate) fn deliver(host: &Host, recipient: &Browser, decided: &Value) -> anyhow::Result<()> {
    let waybill = text(decided.get("delivery").context("nothing was shipped")?, "waybill")?;
    println!("\n# the enterprise says where parcel {waybill} goes; the scenario never sees it");
    let address = json!({ "name": "张工", "phone": "0763-3333333", "region": "441802", "detail": "北江一路12号三楼" });
    let path = format!("/api/v1/shipments/{waybill}");
    let body = json!({ "address": address }).to_string();
    println!("{}", recipient.ask("PUT", &format!("{path}/address"), body.as_bytes())?);
    let signer = host.data().join("signer.txt");
    std::fs::write(&signer, "张工")?;
    run(host, "courier", &["logistics", "event", &waybill, "collected"])?;
    let signer = signer.display().to_string();
    run(host, "courier", &["logistics", "event", &waybill, "signed", "--signer", &signer])?;
    println!("\n# the enterprise sees its parcel, and what it was told");
    println!("{}", recipient.ask("GET", &path, b"")?);
    let told = until("the inbox tells of the parcel", || {
        let inbox = json(&recipient.ask("GET", "/api/v1/inbox", b"")?)?;
        Ok(inbox.to_string().contains("签收").then_some(inbox))
    })?;
    for message in told.get("messages").and_then(Value::as_array).into_iter().flatten() {
        println!("inbox: {}", text(message, "title")?);
    }
    Ok(())
}

fn until<T>(what: &str, mut look: impl FnMut() -> anyhow::Result<Option<T>>) -> anyhow::Result<T> {
    for _ in 0..PATIENCE {
        if let Some(seen) = look()? {
            return Ok(seen);
        }
        thread::sleep(Duration::from_millis(200));
    }
    bail!("it took too long: {what}")
}

/// The desk, and what the host has to be told of it.
pub(crate) fn desk(zt: &Path, data: &Path, public: &str) -> anyhow::Result<CashDesk> {
    CashDesk::start(zt, &data.join("cashdesk"), public)
}
