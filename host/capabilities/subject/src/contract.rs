//! What every subject provider must do.
#![expect(clippy::expect_used, reason = "a contract that does not hold must stop the test")]

use zhongtai_kernel::AccountId;

use crate::{AttributeName, Attributes, Contact, SubjectProvider, provider::FIELDS};

/// What a provider under test must know about the account given to [`holds`], and nothing else but a department.
pub fn fixture() -> Attributes {
    [
        (AttributeName::Name, "张三"),
        (AttributeName::Phone, "13800138000"),
        (AttributeName::Email, "zhang.san@example.cn"),
        (AttributeName::Webhook, "https://hooks.example.cn/zhang"),
        (AttributeName::PreferredChannel, "inbox"),
        (AttributeName::ResidentId, "11010519491231002X"),
    ]
    .into_iter()
    .try_fold(Attributes::new(), |attributes, (name, value)| attributes.with(name, value))
    .expect("valid attributes")
}

/// Holds when the provider gives the fields asked for that exist and no others, and the contact.
pub async fn holds(provider: &dyn SubjectProvider, account: AccountId) {
    let some = provider
        .fields(account, &["phone", "name", "address", "webhook", "preferred-channel", "shoe-size"])
        .await
        .expect("fields");
    let expected = [("name", "张三"), ("phone", "13800138000")].map(|(name, value)| (name.into(), value.into()));
    assert_eq!(some, expected.into(), "of the names asked for those that exist; how somebody is notified is no field");

    let all = provider.fields(account, &FIELDS).await.expect("fields");
    let names: Vec<&str> = all.keys().map(String::as_str).filter(|name| *name != "department").collect();
    assert_eq!(names, ["email", "name", "phone", "resident-id"]);
    assert!(provider.fields(account, &[]).await.expect("fields").is_empty(), "nothing asked, nothing told");

    let contact = provider.contact(account).await.expect("a contact");
    let some = |text: &str| Some(text.to_owned());
    let (email, webhook) = (some("zhang.san@example.cn"), some("https://hooks.example.cn/zhang"));
    assert_eq!(contact, Some(Contact { email, webhook, phone: some("13800138000"), preferred: some("inbox") }));

    let unknown = AccountId::generate();
    assert!(provider.fields(unknown, &FIELDS).await.expect("fields").is_empty(), "an unknown account is no error");
    assert_eq!(provider.contact(unknown).await.expect("no contact"), None);
}
