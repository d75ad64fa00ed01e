//! The life of a record: reported, published, objected to, repaired; by whom, and by whom not.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that can't go on must stop")]

mod support;

use std::time::Duration;

use support::{DEPARTMENT, Office, Somebody, company, is_denied, key, officer, person, record, wang};
use zhongtai_cap_credit::{
    Category, CreditConfig, CreditError, CreditProvider as _, Gravity, NewReport, OnObjection, PetitionKind,
    PetitionState, Promiser, RecordId, State,
};
use zhongtai_kernel::{AccountId, Channel, Clock as _, SubjectKind};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn why() -> String {
    "已按期恢复路面".to_owned()
}

fn objection() -> (PetitionKind, String) {
    (PetitionKind::Objection, why())
}

fn repair() -> (PetitionKind, String) {
    (PetitionKind::Repair, why())
}

fn broken(who: Promiser, case: &str, once: &str) -> NewReport {
    let (gravity, detail) = (Gravity::Serious, "承诺三日内恢复，查验未恢复".to_owned());
    NewReport { who, case: case.to_owned(), gravity, detail, found_on: None, key: key(once) }
}

/// True when the company's records bar or flag it.
async fn counts(office: &Office) -> bool {
    let known = office.credits.own().records(&company()).await.unwrap();
    let day = office.credits.own().today();
    known.records.iter().any(|record| record.counts_on(day))
}

#[tokio::test]
async fn an_objection_holds_the_record_until_it_is_decided_and_only_the_first_one_does() {
    for office in Office::both().await {
        let id = office.stored(record("1", company(), Category::Penalty)).await.id;
        assert!(counts(&office).await);
        let petition = office.credits.file(&mut office.company(), id, objection(), key("a")).await.unwrap();
        assert_eq!((petition.state, petition.holds), (PetitionState::Open, true));
        assert_eq!(petition.due_on.to_string(), "2026-01-26", "15 working days");
        assert!(!counts(&office).await, "at once");
        let dismissed =
            office.credits.decide(&mut office.chief(), petition.id, (false, "查证属实".into())).await.unwrap();
        assert_eq!((dismissed.state, dismissed.reason.as_deref()), (PetitionState::Dismissed, Some("查证属实")));
        assert!(counts(&office).await);
        let again = office.credits.file(&mut office.company(), id, objection(), key("b")).await.unwrap();
        assert!(!again.holds && counts(&office).await, "who was told that it is right does not hold it up again");
        office.credits.decide(&mut office.chief(), again.id, (true, "认定有误".into())).await.unwrap();
        assert_eq!(office.state(id).await, (State::Withdrawn, false));
        assert!(!counts(&office).await);
        assert_eq!(
            office.happened(id).await,
            ["recorded", "objection-filed", "objection-dismissed", "objection-filed", "objection-upheld"]
        );
        let late = office.credits.file(&mut office.company(), id, objection(), key("c")).await;
        assert!(matches!(late, Err(CreditError::State(State::Withdrawn))), "{late:?}");
    }
}

#[tokio::test]
async fn where_it_is_configured_so_an_objection_leaves_the_effect() {
    let config = CreditConfig { objection: OnObjection::Keep, objection_days: 3, ..CreditConfig::default() };
    for office in Office::with(config).await {
        let id = office.stored(record("1", company(), Category::Penalty)).await.id;
        let petition = office.credits.file(&mut office.company(), id, objection(), key("a")).await.unwrap();
        assert!(!petition.holds && counts(&office).await);
        assert_eq!(petition.due_on.to_string(), "2026-01-08");
        assert!(!petition.is_overdue_on("2026-01-08".parse().unwrap()));
        assert!(petition.is_overdue_on("2026-01-09".parse().unwrap()));
    }
}

#[tokio::test]
async fn the_same_petition_is_filed_once_and_two_of_a_sort_are_not_open_at_once() {
    for office in Office::both().await {
        let id = office.stored(record("1", company(), Category::Penalty)).await.id;
        let file = async |what, once: &str| office.credits.file(&mut office.company(), id, what, key(once)).await;
        let first = file(objection(), "a").await.unwrap();
        assert_eq!(file(objection(), "a").await.unwrap(), first);
        let other = (PetitionKind::Objection, "另一理由".to_owned());
        assert!(matches!(file(other, "a").await, Err(CreditError::KeyReused)));
        assert!(matches!(file(objection(), "b").await, Err(CreditError::StillOpen)));
        assert_eq!(office.happened(id).await, ["recorded", "objection-filed"], "and nothing half-written");
        office.credits.decide(&mut office.chief(), first.id, (false, "属实".into())).await.unwrap();
        assert!(file(objection(), "b").await.is_ok(), "the key of what failed is free");
    }
}

#[tokio::test]
async fn nothing_is_filed_or_published_while_the_audit_log_cannot_be_written() {
    let office = Office::both().await.remove(0);
    let id = office.stored(record("1", company(), Category::Penalty)).await.id;
    let mut company_itself = office.company().with_a_full_log();
    let filed = office.credits.file(&mut company_itself, id, objection(), key("a")).await;
    assert!(matches!(filed, Err(CreditError::Unrecorded)), "{filed:?}");
    let withdrawn = office.credits.withdraw(&mut office.publisher().with_a_full_log(), id, why()).await;
    assert!(matches!(withdrawn, Err(CreditError::Unrecorded)), "{withdrawn:?}");
    let new = broken(Promiser::Subject(company()), "WJ-1", "a");
    let reported = office.credits.report(&mut office.officer(DEPARTMENT, "inspector"), new).await.unwrap();
    let published = office.credits.publish(&mut office.publisher().with_a_full_log(), reported, why()).await;
    assert!(matches!(published, Err(CreditError::Unrecorded)), "{published:?}");
    assert_eq!(office.state(id).await, (State::Published, false));
    assert_eq!(office.state(reported).await, (State::Unpublished, false));
    assert_eq!((office.happened(id).await.len(), office.happened(reported).await.len()), (1, 1));
}

#[tokio::test]
async fn the_same_petition_sent_twice_at_once_is_one() {
    for office in Office::both().await {
        let id = office.stored(record("1", company(), Category::Penalty)).await.id;
        let (mut one, mut two) = (office.company(), office.company());
        let (first, second) = tokio::join!(
            office.credits.file(&mut one, id, objection(), key("a")),
            office.credits.file(&mut two, id, objection(), key("a")),
        );
        assert_eq!(first.unwrap().id, second.unwrap().id);
        assert_eq!(office.happened(id).await, ["recorded", "objection-filed"]);
    }
}

#[tokio::test]
async fn two_officers_decide_at_once_and_one_of_them_does() {
    for office in Office::both().await {
        let id = office.stored(record("1", company(), Category::Penalty)).await.id;
        let petition = office.credits.file(&mut office.company(), id, objection(), key("a")).await.unwrap();
        let (mut first, mut second) = (office.chief(), office.chief());
        let (first, second) = tokio::join!(
            office.credits.decide(&mut first, petition.id, (true, "有误".into())),
            office.credits.decide(&mut second, petition.id, (false, "属实".into())),
        );
        let decided = [first, second];
        assert_eq!(decided.iter().filter(|one| one.is_ok()).count(), 1, "{decided:?}");
        assert!(decided.iter().any(|one| matches!(one, Err(CreditError::Decided(_)))), "{decided:?}");
        assert_eq!(office.happened(id).await.len(), 3);
    }
}

#[tokio::test]
async fn repair_is_asked_for_after_its_time_and_ends_the_effect() {
    for office in Office::both().await {
        let id = office.stored(record("1", company(), Category::BlackList)).await.id;
        let apply = async |once: &str| office.credits.file(&mut office.company(), id, repair(), key(once)).await;
        let early = apply("a").await;
        assert!(matches!(&early, Err(CreditError::TooEarly(day)) if day.to_string() == "2026-04-01"), "{early:?}");
        office.clock.advance(DAY * 86);
        let petition = apply("a").await.unwrap();
        assert!(!petition.holds && counts(&office).await, "it counts until somebody decides");
        office.credits.decide(&mut office.chief(), petition.id, (true, "整改到位".into())).await.unwrap();
        assert_eq!(office.state(id).await, (State::Repaired, false));
        assert!(!counts(&office).await);
        assert!(matches!(apply("b").await, Err(CreditError::State(State::Repaired))));
        assert_eq!(office.happened(id).await, ["recorded", "repair-filed", "repair-upheld"]);
    }
}

#[tokio::test]
async fn what_is_no_burden_is_not_repaired_and_what_nobody_answers_for_is_not_objected_to() {
    for office in Office::both().await {
        let licence = office.stored(record("1", company(), Category::Licence)).await.id;
        let applied = office.credits.file(&mut office.company(), licence, repair(), key("a")).await;
        assert!(matches!(applied, Err(CreditError::NothingToRepair)));
        let mut foreign = record("2", company(), Category::Penalty);
        foreign.record.department = None;
        let foreign = office.stored(foreign).await.id;
        let objected = office.credits.file(&mut office.company(), foreign, objection(), key("b")).await;
        assert!(matches!(objected, Err(CreditError::NoAuthority)));
        let published = office.credits.withdraw(&mut office.publisher(), foreign, why()).await;
        assert!(is_denied(&published), "nor is it taken back");
    }
}

#[tokio::test]
async fn a_reported_promise_has_no_effect_until_an_officer_of_the_department_publishes_it() {
    for office in Office::both().await {
        let report = async |once: &str| {
            let new = broken(Promiser::Handle(format!("company-for-{DEPARTMENT}")), "WJ-1", once);
            office.credits.report(&mut office.officer(DEPARTMENT, "inspector"), new).await
        };
        let id = report("a").await.unwrap();
        assert_eq!(report("a").await.unwrap(), id, "once for a key");
        assert_eq!(office.state(id).await, (State::Unpublished, false));
        assert!(!counts(&office).await);
        let waiting = office.credits.waiting(&mut office.publisher(), "road-repair").await.unwrap();
        assert_eq!(waiting.unpublished.iter().map(|entry| entry.id).collect::<Vec<_>>(), [id]);
        assert_eq!(waiting.unpublished[0].record.category, Category::Commitment);
        assert!(is_denied(&office.credits.publish(&mut office.chief(), id, why()).await), "without the duty");
        let other = office.credits.publish(&mut office.officer("441802-minzheng", "credit-publisher"), id, why()).await;
        assert!(is_denied(&other), "of another department");
        office.credits.publish(&mut office.publisher(), id, "查证属实".into()).await.unwrap();
        assert!(counts(&office).await);
        let again = office.credits.publish(&mut office.publisher(), id, why()).await;
        assert!(matches!(again, Err(CreditError::State(State::Published))));
        assert_eq!(office.happened(id).await, ["recorded", "published"]);
        let history = office.credits.history(&mut office.company(), id, "road-repair").await.unwrap().1;
        assert_eq!(history[0].by, "441802-chengguan/desk, case WJ-1");
        assert_eq!(history[1].reason.as_deref(), Some("查证属实"), "whom it is about may read why");
    }
}

#[tokio::test]
async fn repair_of_a_reported_promise_counts_from_its_publication() {
    for office in Office::both().await {
        let new = broken(Promiser::Subject(company()), "WJ-1", "a");
        let id = office.credits.report(&mut office.officer(DEPARTMENT, "inspector"), new).await.unwrap();
        office.clock.advance(DAY * 10);
        office.credits.publish(&mut office.publisher(), id, why()).await.unwrap();
        let early = office.credits.file(&mut office.company(), id, repair(), key("a")).await;
        // 180 days for what is serious, from 2026-01-15.
        assert!(matches!(&early, Err(CreditError::TooEarly(day)) if day.to_string() == "2026-07-14"), "{early:?}");
    }
}

#[tokio::test]
async fn a_scenario_reports_on_cases_of_its_own_only() {
    for office in Office::both().await {
        let report = async |mut who: Somebody, case: &str| {
            office.credits.report(&mut who, broken(Promiser::Subject(company()), case, "a")).await
        };
        let inspector = || office.officer(DEPARTMENT, "inspector");
        assert!(is_denied(&report(inspector(), "lamps-1").await), "another scenario's case");
        assert!(is_denied(&report(office.officer("441802-minzheng", "inspector"), "lamps-1").await));
        assert!(is_denied(&report(office.company(), "WJ-1").await), "not by a company");
        let elsewhere = officer("441802-minzheng", "inspector");
        assert!(is_denied(&report(office.ask(DEPARTMENT, Channel::Api, Some(elsewhere)), "WJ-1").await));
        assert!(is_denied(&report(office.ask(DEPARTMENT, Channel::Web, None), "WJ-1").await), "not by nobody");
        assert!(report(office.ask(DEPARTMENT, Channel::Internal, None), "WJ-1").await.is_ok(), "by the host itself");
        let mut full = inspector().with_a_full_log();
        let unrecorded = office.credits.report(&mut full, broken(Promiser::Subject(wang()), "WJ-2", "b")).await;
        assert!(matches!(unrecorded, Err(CreditError::Unrecorded)));
        assert!(office.credits.own().entries_of(&wang()).await.unwrap().is_empty(), "and nothing has happened");
    }
}

#[tokio::test]
async fn a_report_that_makes_no_sense_is_refused_by_the_name_of_what_is_wrong() {
    let office = Office::both().await.remove(0);
    let refused = async |change: &dyn Fn(&mut NewReport)| {
        let mut new = broken(Promiser::Subject(company()), "WJ-1", "a");
        change(&mut new);
        let error = office.credits.report(&mut office.officer(DEPARTMENT, "inspector"), new).await.unwrap_err();
        assert!(matches!(error, CreditError::Invalid { .. }), "{error}");
        error.to_string()
    };
    assert!(refused(&|new| new.case = "张三的办件".into()).await.starts_with("case: "));
    assert!(refused(&|new| new.detail = " ".into()).await.starts_with("detail: "));
    assert!(refused(&|new| new.detail = "字".repeat(2_001)).await.starts_with("detail: "));
    assert!(refused(&|new| new.detail = "a\u{0}".into()).await.starts_with("detail: "));
    assert!(refused(&|new| new.found_on = Some("2026-01-06".parse().unwrap())).await.starts_with("found-on: "));
    assert!(
        refused(&|new| new.who = Promiser::Handle("company-for-441802-minzheng".into())).await.starts_with("who: ")
    );
    assert!(
        refused(&|new| new.who = Promiser::Handle(format!("stranger-for-{DEPARTMENT}"))).await.starts_with("who: ")
    );
}

#[tokio::test]
async fn everybody_sees_and_objects_to_the_own_records_and_to_no_others() {
    for office in Office::both().await {
        let id = office.stored(record("1", company(), Category::Penalty)).await.id;
        let theirs = office.stored(record("2", wang(), Category::Commitment)).await.id;
        let mine = office.credits.mine(&mut office.company(), "road-repair").await.unwrap();
        assert_eq!(mine.iter().map(|entry| entry.id).collect::<Vec<_>>(), [id]);
        let mine = office.credits.mine(&mut office.wang(), "road-repair").await.unwrap();
        assert_eq!(mine.iter().map(|entry| entry.id).collect::<Vec<_>>(), [theirs]);
        let undeclared = office.credits.mine(&mut office.wang(), "marketing").await;
        assert!(matches!(undeclared, Err(CreditError::UndeclaredPurpose(_))));
        let nobody = office.credits.mine(&mut office.ask(DEPARTMENT, Channel::Web, None), "road-repair").await;
        assert!(matches!(nobody, Err(CreditError::Anonymous)));
        for stranger in [theirs, RecordId::generate()] {
            let objected = office.credits.file(&mut office.company(), stranger, objection(), key("a")).await;
            assert!(is_denied(&objected), "somebody else's record and none at all are told alike: {objected:?}");
            assert!(is_denied(&office.credits.history(&mut office.company(), stranger, "road-repair").await));
        }
        let filed = office.credits.file(&mut office.company(), id, objection(), key("a")).await.unwrap();
        let petitions = office.credits.petitions(&mut office.company(), "road-repair").await.unwrap();
        assert_eq!(petitions, [filed]);
        assert!(office.credits.petitions(&mut office.wang(), "road-repair").await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_objection_is_decided_by_a_chief_of_the_department_who_did_not_publish_it() {
    for office in Office::both().await {
        let new = broken(Promiser::Subject(company()), "WJ-1", "a");
        let id = office.credits.report(&mut office.officer(DEPARTMENT, "inspector"), new).await.unwrap();
        let both_duties = || {
            let mut officer = officer(DEPARTMENT, "credit-publisher");
            officer.roles.push("section-chief".to_owned());
            officer
        };
        let publisher = both_duties();
        let as_publisher = || office.ask(DEPARTMENT, Channel::Api, Some(publisher.clone()));
        office.credits.publish(&mut as_publisher(), id, why()).await.unwrap();
        let petition = office.credits.file(&mut office.company(), id, objection(), key("a")).await.unwrap().id;
        let decide = async |mut who: Somebody| office.credits.decide(&mut who, petition, (false, "属实".into())).await;
        assert!(is_denied(&decide(as_publisher()).await), "公示人回避");
        assert!(is_denied(&decide(office.officer("441802-minzheng", "section-chief")).await));
        assert!(is_denied(&decide(office.publisher()).await), "without the duty");
        assert!(is_denied(&decide(office.company()).await));
        let applicant = person(office.company);
        let applicant = zhongtai_kernel::Subject { account: applicant.account, ..officer(DEPARTMENT, "section-chief") };
        assert!(is_denied(&decide(office.ask(DEPARTMENT, Channel::Api, Some(applicant))).await), "回避");
        let unrecorded = decide(office.chief().with_a_full_log()).await;
        assert!(matches!(unrecorded, Err(CreditError::Unrecorded)));
        assert!(decide(office.ask(DEPARTMENT, Channel::Api, Some(both_duties()))).await.is_ok(), "by another one");
        let unknown = "01J00000000000000000000000".parse().unwrap();
        assert!(is_denied(&office.credits.decide(&mut office.chief(), unknown, (true, why())).await));
    }
}

#[tokio::test]
async fn what_is_withdrawn_leaves_no_petition_open() {
    for office in Office::both().await {
        let id = office.stored(record("1", company(), Category::Penalty)).await.id;
        office.clock.advance(DAY * 100);
        let objected = office.credits.file(&mut office.company(), id, objection(), key("a")).await.unwrap();
        let applied = office.credits.file(&mut office.company(), id, repair(), key("b")).await.unwrap();
        let waiting = office.credits.waiting(&mut office.chief(), "road-repair").await.unwrap();
        assert_eq!(waiting.petitions.len(), 2);
        office.credits.decide(&mut office.chief(), objected.id, (true, "有误".into())).await.unwrap();
        let left = office.credits.own().petition(applied.id).await.unwrap().unwrap();
        assert_eq!((left.state, left.reason.as_deref()), (PetitionState::Dismissed, Some("the record was withdrawn")));
        let late = office.credits.decide(&mut office.chief(), applied.id, (true, why())).await;
        assert!(matches!(late, Err(CreditError::Decided(PetitionState::Dismissed))));
        assert!(office.credits.waiting(&mut office.chief(), "road-repair").await.unwrap().petitions.is_empty());
    }
}

#[tokio::test]
async fn who_sees_what_waits_for_a_department() {
    let office = Office::both().await.remove(0);
    let new = broken(Promiser::Subject(company()), "WJ-1", "a");
    office.credits.report(&mut office.officer(DEPARTMENT, "inspector"), new).await.unwrap();
    let waiting =
        async |mut who: Somebody| office.credits.waiting(&mut who, "road-repair").await.unwrap().unpublished.len();
    assert_eq!(waiting(office.publisher()).await, 1);
    assert_eq!(waiting(office.chief()).await, 1);
    assert_eq!(waiting(office.officer(DEPARTMENT, "window")).await, 0, "without a duty");
    assert_eq!(waiting(office.officer("441802-minzheng", "section-chief")).await, 0);
    assert_eq!(waiting(office.company()).await, 0);
    let enterprise = zhongtai_kernel::Subject { kind: SubjectKind::LegalPerson, ..person(AccountId::generate()) };
    assert_eq!(waiting(office.ask(DEPARTMENT, Channel::Api, Some(enterprise))).await, 0);
    assert!(office.clock.now() > zhongtai_kernel::Timestamp::UNIX_EPOCH);
}
