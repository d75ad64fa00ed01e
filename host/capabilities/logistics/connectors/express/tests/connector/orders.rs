//! Ordering, following and taking back.

use async_trait::async_trait;
use serde_json::json;
use zhongtai_cap_logistics::{
    Carrier as _, CarrierError, Consignment, State, TakenBack, Waybill,
    contract::{self, address, order},
};
use zhongtai_kernel::Timestamp;

use crate::support::{Company, KEY, Platform, express, now};

/// The company as the contract sees it.
struct Depot<'a>(&'a Company);

#[async_trait]
impl contract::Depot for Depot<'_> {
    async fn shipment(&self) -> Waybill {
        Waybill::generate()
    }

    async fn happens(&self, of: &Consignment, state: State, at: Timestamp) {
        let status = state.as_str().to_uppercase().replace('-', "_");
        self.0.happens(of.waybill, &format!("{status}-{}", at.as_second()), &status, at).await;
    }
}

#[tokio::test]
async fn the_connector_keeps_the_contract_of_carriers() {
    let company = Company::start();
    contract::holds(&express(company.port, KEY), &Depot(&company), now()).await;
    let seen = company.control("seen", json!({})).await;
    assert_eq!(seen["refused"], json!([]), "the company took every signature");
}

#[tokio::test]
async fn the_company_is_told_who_what_and_where() {
    let company = Company::start();
    let waybill = Waybill::generate();
    express(company.port, KEY).create(&order(waybill)).await.unwrap();
    let seen = company.control("seen", json!({})).await;
    let told = &seen["orders"][waybill.to_string()]["order"];
    let party =
        |detail: &str| json!({ "name": "王小明", "phone": "13800138000", "region": "441802", "detail": detail });
    assert_eq!(told["recipient"], party("凤城街道桥北路1号2栋301"));
    assert_eq!(told["sender"], party("清城区人民一路5号政务服务中心"));
    assert_eq!(told["cargo"], "营业执照正本");
}

#[tokio::test]
async fn the_company_refuses_another_key_and_is_asked_again() {
    let company = Company::start();
    let wrong = express(company.port, "another key, and a long one too: 32");
    let error = wrong.create(&order(Waybill::generate())).await.unwrap_err();
    // Its answer is not signed with our key either: nobody knows who answered.
    assert_eq!(error, CarrierError::Temporary("HTTP 401, not signed by the carrier".to_owned()));
    let seen = company.control("seen", json!({})).await;
    assert_eq!((&seen["refused"], &seen["orders"]), (&json!(["bad-signature"]), &json!({})));
}

#[tokio::test]
async fn an_answer_that_the_company_did_not_sign_for_this_request_is_not_believed() {
    let company = Company::start();
    let carrier = express(company.port, KEY);
    for mode in ["forge", "other"] {
        company.control("mode", json!({ mode: 1 })).await;
        let error = carrier.create(&order(Waybill::generate())).await.unwrap_err();
        assert_eq!(error, CarrierError::Temporary("HTTP 200, not signed by the carrier".to_owned()), "{mode}");
    }
    let unheard = Consignment { waybill: Waybill::generate(), number: None };
    company.control("mode", json!({ "forge": 1 })).await;
    assert!(carrier.cancel(&unheard).await.is_err(), "nobody is told that it was taken back");
    assert_eq!(carrier.cancel(&unheard).await.unwrap(), TakenBack::Yes);
}

#[tokio::test]
async fn what_the_company_says_no_to_is_told_apart() {
    let company = Company::start();
    let carrier = express(company.port, KEY);
    let mut unserviceable = order(Waybill::generate());
    unserviceable.to = address("无法送达的海岛1号");
    assert_eq!(carrier.create(&unserviceable).await, Err(CarrierError::Address));
    let mut forbidden = order(Waybill::generate());
    forbidden.what = "违禁品".to_owned();
    let refused = CarrierError::Refused("HTTP 422, not-carried".to_owned());
    assert_eq!(carrier.create(&forbidden).await, Err(refused));
    company.control("mode", json!({ "busy": 1 })).await;
    let busy = carrier.create(&order(Waybill::generate())).await;
    assert_eq!(busy, Err(CarrierError::Temporary("HTTP 503, busy".to_owned())));
}

#[tokio::test]
async fn an_order_whose_answer_got_lost_is_one_order() {
    let company = Company::start();
    let platform = Platform::with(&company).await;
    let waybill = platform.shipped_to(&address("凤城街道桥北路1号2栋301")).await;
    company.control("mode", json!({ "drop": 1 })).await;
    assert_eq!(platform.dispatcher().work_once(16).await.unwrap().failed, 1);
    assert_eq!(platform.book.find(waybill).await.unwrap().unwrap().number, None);
    // As if its pause were over.
    sqlx::query("UPDATE logistics_shipments SET next_at = 0").execute(platform.database.store.pool()).await.unwrap();
    assert_eq!(platform.dispatcher().work_once(16).await.unwrap().ordered, 1);
    let seen = company.control("seen", json!({})).await;
    let orders = seen["orders"].as_object().unwrap();
    assert_eq!((orders.len(), &orders[&waybill.to_string()]["times"]), (1, &json!(2)), "two times, one order");
    assert_eq!(platform.book.find(waybill).await.unwrap().unwrap().number.unwrap().as_str(), "SF1000");
}

#[tokio::test]
async fn a_company_that_is_gone_is_asked_again() {
    let (carrier, order) = {
        let company = Company::start();
        (express(company.port, KEY), order(Waybill::generate()))
    };
    let error = carrier.create(&order).await.unwrap_err();
    assert!(matches!(&error, CarrierError::Temporary(_)), "{error}");
    for word in ["王小明", "桥北路", "127.0.0.1"] {
        assert!(!error.to_string().contains(word), "{error}");
    }
}
