//! Who signed in at an identity provider, over both databases.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a broken fixture must stop the test")]

mod support;

use support::{clock, host, officer, person};
use zhongtai_cap_subject::{
    Accounts, AttributeName, Attributes, CookieSecret, External, ExternalIdentity, Linked, Links, Listener, MIGRATIONS,
    NewAccount, Proof, SessionLimits, Sessions, SubjectError,
};
use zhongtai_kernel::{Assurance, SubjectKind};
use zhongtai_store::testing::both;

const RESIDENT: &str = "11010519491231002X";

fn attributes() -> Attributes {
    let known = [
        (AttributeName::Name, "张三"),
        (AttributeName::Email, "zhang.san@example.cn"),
        (AttributeName::ResidentId, RESIDENT),
    ];
    known.into_iter().fold(Attributes::new(), |all, (name, value)| all.with(name, value).unwrap())
}

fn identity(subject: &str) -> ExternalIdentity {
    ExternalIdentity {
        issuer: "https://id.example.cn".into(),
        subject: subject.into(),
        kind: SubjectKind::NaturalPerson,
        attributes: attributes(),
        department: None,
        assurance: Assurance::Substantial,
        session: Some("s-1".into()),
    }
}

async fn known(accounts: &Accounts) -> zhongtai_cap_subject::Account {
    accounts.create(NewAccount { attributes: attributes(), ..person("zhang") }).await.unwrap()
}

#[tokio::test]
async fn the_account_with_the_same_resident_id_is_linked_once_and_known_from_then_on() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let links = Links::new(accounts.clone());
        let zhang = known(&accounts).await;
        let (found, linked) = links.account(&identity("7"), |_| true).await.unwrap();
        assert_eq!((found.subject.account, linked), (zhang.subject.account, Linked::Found));
        // The link decides from then on, whatever is claimed.
        let bare = ExternalIdentity { attributes: Attributes::new(), ..identity("7") };
        let (again, linked) = links.account(&bare, |_| false).await.unwrap();
        assert_eq!((again.subject.account, linked), (zhang.subject.account, Linked::Known));
        accounts.disable(zhang.subject.account).await.unwrap();
        assert!(matches!(links.account(&bare, |_| true).await, Err(SubjectError::Disabled)));
    }
}

#[tokio::test]
async fn nobody_is_linked_by_a_mail_address_a_weak_sign_in_another_kind_or_where_it_is_forbidden() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let links = Links::new(accounts.clone());
        let zhang = known(&accounts).await.subject.account;
        let mail = Attributes::new().with(AttributeName::Email, "zhang.san@example.cn").unwrap();
        for (subject, identity, may) in [
            ("mail", ExternalIdentity { attributes: mail, ..identity("mail") }, true),
            ("weak", ExternalIdentity { assurance: Assurance::Low, ..identity("weak") }, true),
            ("kind", ExternalIdentity { kind: SubjectKind::Officer, ..identity("kind") }, true),
            ("forbidden", identity("forbidden"), false),
        ] {
            let (made, linked) = links.account(&identity, |_| may).await.unwrap();
            assert_eq!(linked, Linked::Made, "{subject}");
            assert_ne!(made.subject.account, zhang, "{subject}");
            assert!(made.subject.roles.is_empty() && made.subject.clearance == 1);
            let (same, linked) = links.account(&identity, |_| may).await.unwrap();
            assert_eq!((same.subject.account, linked), (made.subject.account, Linked::Known));
        }
        let other = ExternalIdentity { issuer: "https://other.example.cn".into(), ..identity("mail") };
        let (another, _) = links.account(&other, |_| false).await.unwrap();
        assert_ne!(another.subject.account, zhang, "the same subject of another issuer is somebody else");
    }
}

#[tokio::test]
async fn two_first_sign_ins_at_once_make_one_account_that_counts() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let (one, other) = (Links::new(host(&database, &clock)), Links::new(host(&database, &clock)));
        let bare = ExternalIdentity { attributes: Attributes::new(), ..identity("9") };
        let (first, second) = tokio::join!(one.account(&bare, |_| true), other.account(&bare, |_| true));
        let (first, second) = (first.unwrap().0.subject.account, second.unwrap().0.subject.account);
        assert_eq!(first, second);
        let accounts = host(&database, &clock);
        let usable = accounts.list(None, 10).await.unwrap().into_iter().filter(|one| one.disabled_at.is_none());
        assert_eq!(usable.count(), 1);
    }
}

#[tokio::test]
async fn what_the_provider_ends_ends_here_by_its_session_or_by_its_subject() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let sessions = Sessions::new(accounts.clone(), SessionLimits::default());
        let zhang = accounts.create(officer("zhang")).await.unwrap();
        let external = |session: &str| External {
            issuer: "https://id.example.cn".into(),
            subject: "7".into(),
            session: Some(session.into()),
            assurance: Assurance::Low,
        };
        let begin = async |session: &str| {
            sessions.begin_external(Listener::Public, &zhang, &external(session), "").await.unwrap().1
        };
        let (first, second, third) = (begin("s-1").await, begin("s-2").await, begin("s-3").await);
        let (_, own) = sessions.begin(Listener::Public, &zhang, Proof::Password, "").await.unwrap();
        let is_valid =
            async |secret: &CookieSecret| sessions.resolve(Listener::Public, secret).await.unwrap().is_some();
        let resolved = sessions.resolve(Listener::Public, &first).await.unwrap().unwrap();
        assert_eq!((resolved.subject.assurance, resolved.proof), (Assurance::Low, Proof::Password));

        let issuer = "https://id.example.cn";
        assert_eq!(sessions.end_external("https://other.example.cn", Some("s-1"), None).await.unwrap(), 0);
        assert_eq!(sessions.end_external(issuer, Some("s-1"), Some("7")).await.unwrap(), 1);
        assert!(!is_valid(&first).await && is_valid(&second).await);
        assert_eq!(sessions.end_external(issuer, None, None).await.unwrap(), 0);
        assert_eq!(sessions.end_external(issuer, None, Some("7")).await.unwrap(), 2);
        assert!(!is_valid(&second).await && !is_valid(&third).await);
        assert!(is_valid(&own).await, "not from there");
    }
}
