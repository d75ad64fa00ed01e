//! What every provider of notifications must do.
#![expect(clippy::expect_used, reason = "a contract that does not hold must stop the test")]

use zhongtai_kernel::{AccountId, ScenarioId};

use crate::{
    Address, ChannelKind, Choice, Delivery, IdempotencyKey, MessageId, NewMessage, NotifyError, NotifyProvider,
    Progress, Reach, Texts,
};

/// A mail from a scenario.
pub fn mail(scenario: &ScenarioId, key: Option<&str>) -> NewMessage {
    message(scenario, key, ChannelKind::Email, "zhang.san@example.gov.cn")
}

/// A message from a scenario to one address.
pub fn message(scenario: &ScenarioId, key: Option<&str>, channel: ChannelKind, address: &str) -> NewMessage {
    message_to(scenario, key, &[(channel, address)])
}

/// A message from a scenario to somebody with these addresses.
pub fn message_to(scenario: &ScenarioId, key: Option<&str>, addresses: &[(ChannelKind, &str)]) -> NewMessage {
    let address = |(channel, text): &(ChannelKind, &str)| Address::parse(*channel, text).expect("an address");
    NewMessage {
        scenario: scenario.clone(),
        template: "repaired".to_owned(),
        version: "0.1.0".to_owned(),
        idempotency_key: key.map(|key| IdempotencyKey::try_from(key.to_owned()).expect("a key")),
        to: Reach { addresses: addresses.iter().map(address).collect(), preferred: None },
        choice: Choice { has_sms: true, ..Choice::default() },
        texts: Texts {
            title: "坑洞已修复".to_owned(),
            body: "您好，人民路的坑洞已修复。\n某区城管局".to_owned(),
            sms: Some("人民路的坑洞已修复".to_owned()),
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

    let inbox = AccountId::generate().to_string();
    let addresses = [(ChannelKind::Inbox, inbox.as_str()), (ChannelKind::Email, "zhang.san@example.gov.cn")];
    let mut two = message_to(&mine, Some("办件-3"), &addresses);
    two.choice.channels = vec![ChannelKind::Inbox, ChannelKind::Email];
    let id = provider.send(two).await.expect("an id");
    let queued = |channel| Progress { channel, state: Delivery::Queued, failure: None };
    let deliveries = async |scenario: &ScenarioId| provider.deliveries(scenario, id).await.expect("an answer");
    let expected = [queued(ChannelKind::Email), queued(ChannelKind::Inbox)];
    assert_eq!(deliveries(&mine).await, expected, "a delivery for each channel");
    assert_eq!(deliveries(&yours).await, [], "another scenario's message");
    assert_eq!(send(&mine, Some("办件-3")).await, id, "the key is the message's, however many deliveries it has");

    let nobody = NewMessage { to: Reach { addresses: Vec::new(), preferred: None }, ..mail(&mine, None) };
    assert!(matches!(provider.send(nobody).await, Err(NotifyError::NoAddress)), "a recipient without address");
}
