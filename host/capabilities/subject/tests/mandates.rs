//! Acting for enterprises, over both databases.

#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a broken fixture must stop the test")]

mod support;

use std::{collections::BTreeSet, time::Duration};

use support::{clock, host, officer, person};
use zhongtai_cap_subject::{
    Account, Accounts, Acting, AttributeName, Attributes, CookieSecret, Listener, MIGRATIONS, MandateAction,
    MandateScope, Mandates, NewAccount, NewMandate, Proof, Session, SessionLimits, Sessions, SubjectError,
};
use zhongtai_kernel::{AccountId, Assurance, Clock, CreditCode, ErrorKind, ManualClock, SubjectKind};
use zhongtai_store::testing::both;

const CODE: &str = "91350100M000100Y43";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn code() -> CreditCode {
    CODE.parse().unwrap()
}

fn enterprise(login: &str, code: &str) -> NewAccount {
    let attributes = Attributes::new().with(AttributeName::CreditCode, code).unwrap();
    NewAccount { kind: SubjectKind::LegalPerson, attributes, ..person(login) }
}

/// An enterprise, and a person to act for it.
async fn two(accounts: &Accounts) -> (Account, Account) {
    let company = accounts.create(enterprise("company", CODE)).await.unwrap();
    (company, accounts.create(person("wang")).await.unwrap())
}

fn mandate(principal: &Account, agent: &Account, clock: &ManualClock) -> NewMandate {
    NewMandate {
        principal: principal.subject.account,
        agent: agent.subject.account,
        scope: MandateScope::parse(&["441802-chengguan/excavation"]).unwrap(),
        actions: BTreeSet::from([MandateAction::Apply, MandateAction::Pay]),
        from: clock.now(),
        until: clock.now() + 30 * DAY,
    }
}

#[tokio::test]
async fn an_agent_is_the_enterprise_within_the_mandate_and_as_sure_as_they_themselves_are() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let mandates = Mandates::new(accounts.clone());
        let (company, wang) = two(&accounts).await;
        assert_eq!(mandates.acting_for(&wang.subject, &code()).await.unwrap(), None, "nothing given yet");
        let given = mandates.give(mandate(&company, &wang, &clock), company.subject.account).await.unwrap();

        // A second later: that there was none is remembered no longer than that on another host.
        let subject = mandates.acting_for(&wang.subject, &code()).await.unwrap().unwrap();
        assert_eq!((subject.account, subject.kind), (company.subject.account, SubjectKind::LegalPerson));
        assert_eq!((subject.assurance, subject.roles.len(), subject.clearance), (Assurance::Low, 0, 1));
        let agent = subject.agent.clone().unwrap();
        assert_eq!((agent.account, agent.mandate), (wang.subject.account, given.id.to_string()));
        assert_eq!(agent.scenarios.unwrap()[0].as_str(), "441802-chengguan/excavation");
        assert_eq!(agent.actions, ["apply", "pay"]);

        let li = accounts.create(person("li")).await.unwrap();
        assert_eq!(mandates.acting_for(&li.subject, &code()).await.unwrap(), None, "somebody else");
        let other = "11320000MB151840XJ".parse().unwrap();
        assert_eq!(mandates.acting_for(&wang.subject, &other).await.unwrap(), None, "another enterprise");
        assert_eq!(mandates.of(wang.subject.account).await.unwrap(), std::slice::from_ref(&given));
        assert_eq!(mandates.of(company.subject.account).await.unwrap(), [given]);
    }
}

#[tokio::test]
async fn a_mandate_ends_when_it_is_taken_back_replaced_over_or_the_enterprise_is_shut_out() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let (here, there) = (Mandates::new(accounts.clone()), Mandates::new(host(&database, &clock)));
        let (company, wang) = two(&accounts).await;
        let by = company.subject.account;
        let may = async |mandates: &Mandates| mandates.acting_for(&wang.subject, &code()).await.unwrap().is_some();

        let mut later = mandate(&company, &wang, &clock);
        later.from = clock.now() + DAY;
        here.give(later, by).await.unwrap();
        assert!(!may(&here).await, "not yet");
        clock.advance(DAY);
        assert!(may(&here).await && may(&there).await);

        let second = here.give(mandate(&company, &wang, &clock), by).await.unwrap();
        let states: Vec<_> = here.of(by).await.unwrap().iter().map(|one| one.status(clock.now())).collect();
        assert_eq!(states, ["valid", "withdrawn"], "one at a time");
        here.revoke(second.id).await.unwrap();
        here.revoke(second.id).await.unwrap();
        assert!(!may(&here).await);
        clock.advance(Duration::from_secs(1));
        assert!(!may(&there).await, "a second later on another host");

        here.give(mandate(&company, &wang, &clock), by).await.unwrap();
        assert!(may(&here).await);
        clock.advance(30 * DAY);
        assert!(!may(&here).await, "over");
        here.give(mandate(&company, &wang, &clock), by).await.unwrap();
        assert!(may(&here).await);
        accounts.disable(by).await.unwrap();
        assert!(!may(&here).await, "there is nobody to act for");
        let unknown: zhongtai_cap_subject::MandateId = AccountId::generate().to_string().parse().unwrap();
        assert!(matches!(here.revoke(unknown).await, Err(SubjectError::NoMandate)));
    }
}

#[tokio::test]
async fn a_mandate_is_from_an_enterprise_to_a_person_for_something_and_for_five_years_at_most() {
    let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
    let clock = clock();
    let accounts = host(&database, &clock);
    let mandates = Mandates::new(accounts.clone());
    let (company, wang) = two(&accounts).await;
    let li = accounts.create(officer("li")).await.unwrap();
    let good = || mandate(&company, &wang, &clock);
    let by = company.subject.account;
    for new in [
        NewMandate { principal: wang.subject.account, ..good() },
        NewMandate { agent: company.subject.account, ..good() },
        NewMandate { agent: li.subject.account, ..good() },
        NewMandate { actions: BTreeSet::new(), ..good() },
        NewMandate { until: clock.now(), ..good() },
        NewMandate { until: clock.now() + 1_831 * DAY, ..good() },
    ] {
        let error = mandates.give(new, by).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    for scenarios in [&[][..], &["*", "441802-chengguan/a"], &["nonsense"]] {
        assert!(MandateScope::parse(scenarios).is_err(), "{scenarios:?}");
    }
    assert_eq!(MandateScope::parse(&["*"]).unwrap().texts(), ["*"]);
}

async fn resolved(sessions: &Sessions, secret: &CookieSecret) -> Session {
    sessions.resolve(Listener::Public, secret).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_session_acts_by_choice_and_stops_rather_than_act_for_oneself_when_the_mandate_ends() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let mandates = Mandates::new(accounts.clone());
        let sessions = Sessions::new(accounts.clone(), SessionLimits::default());
        let (company, wang) = two(&accounts).await;
        let id = wang.subject.account;
        let (record, secret) = sessions.begin(Listener::Public, &wang, Proof::SecondFactor, "").await.unwrap();
        let given = mandates.give(mandate(&company, &wang, &clock), company.subject.account).await.unwrap();
        assert_eq!(resolved(&sessions, &secret).await.acting, Acting::Oneself);

        mandates.choose(id, record.id, Some(given.id)).await.unwrap();
        let session = resolved(&sessions, &secret).await;
        assert_eq!((session.acting, session.account()), (Acting::By(given.id), id));
        assert_eq!(session.subject.account, company.subject.account);
        assert_eq!(session.subject.assurance, Assurance::Substantial);
        assert_eq!(session.subject.agent.as_ref().unwrap().account, id);

        mandates.revoke(given.id).await.unwrap();
        let session = resolved(&sessions, &secret).await;
        assert_eq!((session.acting, session.subject.account), (Acting::Ended, id));
        mandates.choose(id, record.id, None).await.unwrap();
        assert_eq!(resolved(&sessions, &secret).await.acting, Acting::Oneself);
        let over = mandates.choose(id, record.id, Some(given.id)).await;
        assert!(matches!(over, Err(SubjectError::NoMandate)));

        let again = mandates.give(mandate(&company, &wang, &clock), company.subject.account).await.unwrap();
        let li = accounts.create(person("li")).await.unwrap();
        let (other, _) = sessions.begin(Listener::Public, &li, Proof::Password, "").await.unwrap();
        let not_theirs = mandates.choose(li.subject.account, other.id, Some(again.id)).await;
        assert!(matches!(not_theirs, Err(SubjectError::NoMandate)));
        let not_their_session = mandates.choose(id, other.id, Some(again.id)).await;
        assert!(matches!(not_their_session, Err(SubjectError::NoSession)));
    }
}

#[tokio::test]
async fn who_has_a_code_is_found_by_it_and_not_when_several_have_it() {
    for database in both(MIGRATIONS).await {
        let clock = clock();
        let accounts = host(&database, &clock);
        let (company, _) = two(&accounts).await;
        let find = async || accounts.identified(AttributeName::CreditCode, CODE).await.unwrap();
        assert_eq!(find().await, Some(company.subject.account));
        let stored: String = sqlx::query_scalar("SELECT digest FROM subject_identifiers")
            .fetch_one(database.store.pool())
            .await
            .unwrap();
        assert!(stored.len() == 64 && !stored.contains(CODE));
        let other_key = Accounts::new(database.store.clone(), clock.clone(), [8; 32]);
        assert_eq!(other_key.identified(AttributeName::CreditCode, CODE).await.unwrap(), None);

        // As it was before there were digests.
        sqlx::query("DELETE FROM subject_identifiers").execute(database.store.pool()).await.unwrap();
        assert_eq!(find().await, None);
        assert_eq!(accounts.index_identifiers().await.unwrap(), 1);
        assert_eq!(accounts.index_identifiers().await.unwrap(), 0);
        assert_eq!(find().await, Some(company.subject.account));

        accounts.create(enterprise("namesake", CODE)).await.unwrap();
        assert_eq!(find().await, None, "nobody can say whose it is");
        accounts.set_attributes(company.subject.account, &Attributes::new()).await.unwrap();
        assert!(find().await.is_some());
    }
}
