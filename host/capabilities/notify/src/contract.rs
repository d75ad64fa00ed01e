//! What every provider of notifications must do.
#![expect(clippy::expect_used, reason = "a contract that does not hold must stop the test")]

use zhongtai_kernel::ScenarioId;

use crate::{Address, ChannelKind, Delivery, IdempotencyKey, MessageId, NewMessage, NotifyProvider, Rendered};

/// A mail from a scenario.
pub fn mail(scenario: &ScenarioId, key: Option<&str>) -> NewMessage {
    message(scenario, key, ChannelKind::Email, "zhang.san@example.gov.cn")
}

/// A message from a scenario.
pub fn message(scenario: &ScenarioId, key: Option<&str>, channel: ChannelKind, address: &str) -> NewMessage {
    NewMessage {
        scenario: scenario.clone(),
        idempotency_key: key.map(|key| IdempotencyKey::try_from(key.to_owned()).expect("a key")),
        address: Address::parse(channel, address).expect("an address"),
        text: Rendered {
            title: "坑洞已修复".to_owned(), body: "您好，人民路的坑洞已修复。\n某区城管局".to_owned()
        },
    }
}

/// Holds when a provider without messages keeps the contract. It must have an email channel.
pub async fn holds(provider: &dyn NotifyProvider) {
    let mine: ScenarioId = "441802-chengguan/mine".parse().expect("a scenario");
    let yours: ScenarioId = "441802-chengguan/yours".parse().expect("a scenario");
    let send = async |scenario: &ScenarioId, key| provider.send(mail(scenario, key)).await.expect("an id");

    let first = send(&mine, Some("办件-1")).await;
    assert_eq!(send(&mine, Some("办件-1")).await, first, "the same key within the scenario sends once");
    assert_ne!(send(&mine, Some("办件-2")).await, first, "another key sends again");
    assert_ne!(send(&yours, Some("办件-1")).await, first, "a key is the scenario's own");
    assert_ne!(send(&mine, None).await, send(&mine, None).await, "without a key each one is sent");

    let state = async |scenario: &ScenarioId, id| provider.state(scenario, id).await.expect("an answer");
    assert_eq!(state(&mine, first).await, Some(Delivery::Queued));
    assert_eq!(state(&yours, first).await, None, "another scenario's message");
    assert_eq!(state(&mine, MessageId::generate()).await, None, "no message");
}
