//! The change process on both databases: who may do what to a version, and what the host puts in force.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that can't go on must stop")]

use std::sync::Arc;

use zhongtai_authz::PolicyTexts;
use zhongtai_governance::{Act, GovernanceError, MIGRATIONS, Proof, Proposal, SigningSeed, State, Versions};
use zhongtai_kernel::{ErrorKind, ManualClock};
use zhongtai_store::{Store, testing};

const LI: &str = "li";
const WANG: &str = "wang";

fn texts(policy: &str) -> PolicyTexts {
    PolicyTexts::new([("a/a.cedar".to_owned(), policy.to_owned())]).unwrap()
}

fn versions(store: &Store) -> Versions {
    let clock = ManualClock::at("2026-01-05T01:00:00Z".parse().unwrap());
    Versions::new(store.clone(), Arc::new(clock), &SigningSeed([7; 32]))
}

/// Version 1 in force, on each database.
async fn begun() -> Vec<(testing::TestDatabase, Versions)> {
    let mut all = Vec::new();
    for database in testing::both(MIGRATIONS).await {
        let versions = versions(&database.store);
        assert!(versions.begin(&texts("one"), "the first start").await.unwrap());
        all.push((database, versions));
    }
    all
}

async fn propose(versions: &Versions, policy: &str) -> i64 {
    let proposal = Proposal { texts: &texts(policy), reason: "a new rule", actor: LI };
    versions.propose(&proposal).await.unwrap()
}

async fn activated(versions: &Versions, policy: &str) -> i64 {
    let number = propose(versions, policy).await;
    versions.analysed(number, Proof::Proved, "{}".into()).await.unwrap();
    versions.approve(number, WANG, "").await.unwrap();
    versions.activate(number, LI).await.unwrap();
    number
}

async fn state(versions: &Versions, number: i64) -> State {
    versions.get(number).await.unwrap().state
}

#[tokio::test]
async fn a_change_goes_from_proposal_to_force_and_back() {
    for (_database, versions) in begun().await {
        assert!(!versions.begin(&texts("other"), "another start").await.unwrap(), "there is a version");
        let number = propose(&versions, "two").await;
        assert_eq!((number, state(&versions, number).await), (2, State::Proposed));
        versions.analysed(number, Proof::Proved, "nothing new".into()).await.unwrap();
        versions.approve(number, WANG, "").await.unwrap();
        assert_eq!(versions.in_force().await.unwrap().unwrap().number, 1, "approved is not in force");
        versions.activate(number, LI).await.unwrap();
        let now = versions.in_force().await.unwrap().unwrap();
        assert_eq!((now.number, now.texts), (2, texts("two")));
        assert_eq!(state(&versions, 1).await, State::Replaced);

        assert_eq!(versions.roll_back(None, LI, "officers are locked out").await.unwrap(), 1);
        let now = versions.in_force().await.unwrap().unwrap();
        assert_eq!((now.number, now.texts, now.step), (1, texts("one"), 7));
        let acts: Vec<_> = versions.get(2).await.unwrap().events.iter().map(|event| event.act).collect();
        assert_eq!(acts, [Act::Propose, Act::Analyse, Act::Approve, Act::Activate]);
        assert_eq!(versions.history().await.unwrap().iter().map(|version| version.number).collect::<Vec<_>>(), [2, 1]);
    }
}

#[tokio::test]
async fn the_proposer_can_not_approve() {
    for (_database, versions) in begun().await {
        let number = propose(&versions, "two").await;
        versions.analysed(number, Proof::Proved, String::new()).await.unwrap();
        let error = versions.approve(number, LI, "it is fine").await.unwrap_err();
        assert!(matches!(error, GovernanceError::SelfApproval(2)) && error.kind() == ErrorKind::Denied, "{error}");
        assert_eq!(state(&versions, number).await, State::Proposed);
    }
}

#[tokio::test]
async fn what_is_not_proved_needs_a_reason_and_what_is_not_analysed_waits() {
    for (_database, versions) in begun().await {
        for (policy, proof) in [("a", Proof::Counterexample), ("b", Proof::Unknown), ("c", Proof::Unsupported)] {
            let number = propose(&versions, policy).await;
            let early = versions.approve(number, WANG, "fine").await.unwrap_err();
            assert!(matches!(early, GovernanceError::NotAnalysed(_)), "{early}");
            versions.analysed(number, proof, String::new()).await.unwrap();
            let silent = versions.approve(number, WANG, " ").await.unwrap_err();
            assert!(silent.to_string().contains(proof.as_str()), "{silent}");
            versions.approve(number, WANG, "the bureau ordered it, letter 12").await.unwrap();
            let approval = versions.get(number).await.unwrap().event(Act::Approve).unwrap().clone();
            assert_eq!((approval.actor.as_str(), approval.reason.as_str()), (WANG, "the bureau ordered it, letter 12"));
        }
    }
}

#[tokio::test]
async fn a_version_made_from_another_than_the_one_in_force_is_stale() {
    for (_database, versions) in begun().await {
        let stale = propose(&versions, "stale").await;
        versions.analysed(stale, Proof::Proved, String::new()).await.unwrap();
        versions.approve(stale, WANG, "").await.unwrap();
        activated(&versions, "faster").await;
        let error = versions.activate(stale, LI).await.unwrap_err();
        assert!(matches!(error, GovernanceError::Stale { number: 2, base: 1, in_force: 3 }), "{error}");
        assert_eq!(versions.in_force().await.unwrap().unwrap().number, 3);
    }
}

#[tokio::test]
async fn acts_out_of_order_are_refused() {
    for (_database, versions) in begun().await {
        let number = propose(&versions, "two").await;
        let refused = |error: GovernanceError| error.kind() == ErrorKind::Conflict;
        assert!(refused(versions.activate(number, WANG).await.unwrap_err()), "not approved");
        assert!(refused(versions.roll_back(Some(number), WANG, "why").await.unwrap_err()), "never in force");
        assert!(refused(versions.roll_back(None, WANG, "why").await.unwrap_err()), "nothing earlier");
        versions.reject(number, LI, "a mistake").await.unwrap();
        assert!(refused(versions.approve(number, WANG, "why").await.unwrap_err()), "rejected");
        assert!(refused(versions.shadow(Some(number), WANG).await.unwrap_err()), "rejected");
        assert!(matches!(versions.activate(9, WANG).await.unwrap_err(), GovernanceError::NoSuchVersion(9)));
        let same = Proposal { texts: &texts("one"), reason: "again", actor: LI };
        assert!(matches!(versions.propose(&same).await.unwrap_err(), GovernanceError::NothingChanges(1)));
        for error in [
            versions.reject(1, LI, "").await.unwrap_err(),
            versions.roll_back(None, LI, " ").await.unwrap_err(),
            versions.propose(&Proposal { texts: &texts("x"), reason: "", actor: LI }).await.unwrap_err(),
        ] {
            assert!(matches!(error, GovernanceError::EmptyReason), "{error}");
        }
    }
}

#[tokio::test]
async fn a_draft_in_shadow_is_there_until_it_ends_or_is_in_force() {
    for (_database, versions) in begun().await {
        let number = propose(&versions, "two").await;
        versions.shadow(Some(number), LI).await.unwrap();
        let shadow = versions.in_force().await.unwrap().unwrap().shadow;
        assert_eq!(shadow, Some((2, texts("two"))));
        versions.shadow(None, LI).await.unwrap();
        assert_eq!(versions.in_force().await.unwrap().unwrap().shadow, None);
        versions.shadow(Some(number), LI).await.unwrap();
        versions.analysed(number, Proof::Proved, String::new()).await.unwrap();
        versions.approve(number, WANG, "").await.unwrap();
        versions.activate(number, WANG).await.unwrap();
        assert_eq!(versions.in_force().await.unwrap().unwrap().shadow, None);
    }
}

#[tokio::test]
async fn whatever_is_changed_in_the_tables_is_found() {
    let changes = [
        "UPDATE policy_versions SET texts = '{\"a/a.cedar\":\"permit all\"}' WHERE number = 2",
        "UPDATE policy_versions SET hash = 'sha256:00' WHERE number = 2",
        "UPDATE policy_versions SET base = 2 WHERE number = 2",
        "UPDATE policy_events SET version = 1 WHERE step = 5",
        "UPDATE policy_events SET actor = 'li' WHERE act = 'approve'",
        "UPDATE policy_events SET reason = 'proved' WHERE act = 'analyse'",
        "UPDATE policy_events SET at = at + 1 WHERE step = 3",
        "UPDATE policy_events SET detail = 'x' WHERE step = 3",
        "DELETE FROM policy_events WHERE step = 4",
        "UPDATE policy_events SET signature = 'AAAA' WHERE step = 6",
        "DELETE FROM policy_versions WHERE number = 2",
    ];
    for change in changes {
        for (database, versions) in begun().await {
            let number = propose(&versions, "two").await;
            versions.analysed(number, Proof::Unknown, String::new()).await.unwrap();
            versions.approve(number, WANG, "a reason").await.unwrap();
            versions.activate(number, LI).await.unwrap();
            sqlx::query(change).execute(database.store.pool()).await.unwrap();
            let found = versions.in_force().await;
            assert!(
                matches!(&found, Err(GovernanceError::Tampered(_) | GovernanceError::NoSuchVersion(2))),
                "{change}: {found:?}"
            );
        }
    }
}

#[tokio::test]
async fn events_of_another_hosts_key_are_not_believed() {
    for (database, _versions) in begun().await {
        let clock = ManualClock::at("2026-01-05T01:00:00Z".parse().unwrap());
        let other = Versions::new(database.store.clone(), Arc::new(clock), &SigningSeed([8; 32]));
        assert!(matches!(other.in_force().await, Err(GovernanceError::Tampered(_))));
    }
}

#[tokio::test]
async fn two_people_at_once_leave_one_chain() {
    for (_database, versions) in begun().await {
        let mut tasks = tokio::task::JoinSet::new();
        for person in 0..8 {
            let versions = versions.clone();
            tasks.spawn(async move {
                let texts = texts(&format!("change {person}"));
                versions.propose(&Proposal { texts: &texts, reason: "at once", actor: LI }).await
            });
        }
        let made = tasks.join_all().await.into_iter().filter(Result::is_ok).count();
        assert!(made >= 1);
        let history = versions.history().await.unwrap();
        assert_eq!(history.len(), made + 1, "who was told ok is in the history");
    }
}
