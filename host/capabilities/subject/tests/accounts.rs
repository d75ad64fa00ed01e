//! Accounts over both databases.

mod support;

use support::{clock, host, officer, person};
use zhongtai_cap_subject::{
    Accounts, AttributeName, Attributes, MIGRATIONS, NewAccount, Password, SubjectError, SubjectProvider, contract,
};
use zhongtai_kernel::{AccountId, ErrorKind, SubjectKind};
use zhongtai_store::testing::both;

#[tokio::test]
async fn the_embedded_provider_keeps_the_contract_on_both_databases() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let mut new = officer("zhang");
        new.attributes = contract::fixture();
        let account = accounts.create(new).await.unwrap();
        contract::holds(&accounts, account.subject.account).await;
        let fields = accounts.fields(account.subject.account, &["department"]).await.unwrap();
        assert_eq!(fields.get("department").map(String::as_str), Some("441802-chengguan"));
    }
}

#[tokio::test]
async fn an_account_is_found_by_any_spelling_of_its_name_and_reads_back_as_it_was_made() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let made = accounts.create(officer("Li.Si")).await.unwrap();
        assert_eq!(made.subject.roles, ["inspector", "reviewer"], "sorted, each once");
        assert_eq!(accounts.find(&"LI.SI".parse().unwrap()).await.unwrap(), Some(made.clone()));
        assert_eq!(accounts.get(made.subject.account).await.unwrap(), Some(made));
        assert_eq!(accounts.find(&"li".parse().unwrap()).await.unwrap(), None);
        assert_eq!(accounts.get(AccountId::generate()).await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_login_name_is_taken_once_and_the_error_does_not_repeat_it() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        accounts.create(person("zhang-13800138000")).await.unwrap();
        let error = accounts.create(person("Zhang-13800138000")).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Conflict, "the login name is taken"));
        assert!(!format!("{error:?}").contains("138"), "{error:?}");
        assert_eq!(accounts.list(None, 10).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn only_officers_have_a_department_and_roles() {
    let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
    let accounts = host(&database, &clock());
    let mut new = officer("zhang");
    new.kind = SubjectKind::NaturalPerson;
    let error = accounts.create(new).await.unwrap_err();
    assert_eq!(error.to_string(), "department and roles: expected none: only officers have them");
    let mut new = officer("zhang");
    new.roles = vec!["Role \"x\"".into()];
    assert_eq!(accounts.create(new).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn an_officer_has_a_clearance_of_1_to_4_and_nobody_else_has_one() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let mut unsaid = officer("unsaid");
        unsaid.clearance = None;
        assert_eq!(accounts.create(unsaid).await.unwrap().subject.clearance, 1);
        for level in 1..=4 {
            let mut new = officer(&format!("cleared-{level}"));
            new.clearance = Some(level);
            assert_eq!(accounts.create(new).await.unwrap().subject.clearance, level);
        }
        for level in [0, 5, 255] {
            let mut new = officer("nonsense");
            new.clearance = Some(level);
            let error = accounts.create(new).await.unwrap_err().to_string();
            assert_eq!(error, "clearance: expected a data level, 1 to 4");
        }
        let mut citizen = person("citizen");
        citizen.clearance = Some(1);
        let error = accounts.create(citizen).await.unwrap_err().to_string();
        assert_eq!(error, "clearance: expected none: only officers have one");
    }
}

#[tokio::test]
async fn an_account_made_before_there_were_clearances_has_the_lowest() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        // As version 1 of the tables inserted it.
        sqlx::query(
            "INSERT INTO subject_accounts (id, login, kind, assurance, department, roles, password_hash, created_at) \
             VALUES ('01M82J5WX9PEHCGCN9HR1HXWCD', 'old', 'officer', 1, NULL, '[]', '', 0)",
        )
        .execute(database.store.pool())
        .await
        .unwrap();
        let old = accounts.find(&"old".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(old.subject.clearance, 1);
    }
}

#[tokio::test]
async fn a_stored_clearance_that_is_no_level_is_an_error_and_clears_nobody() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let id = accounts.create(officer("li")).await.unwrap().subject.account;
        for level in [0, 5, 260] {
            let sql = "UPDATE subject_accounts SET clearance = $1";
            sqlx::query(sql).bind(i64::from(level)).execute(database.store.pool()).await.unwrap();
            let error = accounts.get(id).await.unwrap_err().to_string();
            assert!(error.contains("subject_accounts.clearance"), "{error}");
        }
    }
}

#[tokio::test]
async fn accounts_are_listed_in_pages() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        for login in ["aa", "bb", "cc"] {
            accounts.create(person(login)).await.unwrap();
        }
        let first = accounts.list(None, 2).await.unwrap();
        let rest = accounts.list(first.last().map(|account| account.subject.account), 2).await.unwrap();
        let mut logins: Vec<_> = first.iter().chain(&rest).map(|account| account.login.as_str()).collect();
        logins.sort_unstable();
        assert_eq!((first.len(), rest.len(), logins), (2, 1, vec!["aa", "bb", "cc"]));
    }
}

#[tokio::test]
async fn attributes_are_replaced_as_a_whole_and_are_not_readable_in_the_database() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let mut new = person("zhang");
        new.attributes = contract::fixture();
        let id = accounts.create(new).await.unwrap().subject.account;
        let stored: Vec<(Vec<u8>,)> =
            sqlx::query_as("SELECT sealed FROM subject_attributes").fetch_all(database.store.pool()).await.unwrap();
        assert_eq!(stored.len(), 6);
        for (_, value) in contract::fixture().iter() {
            assert!(!stored.iter().any(|(sealed,)| sealed.windows(value.len()).any(|part| part == value.as_bytes())));
        }

        let moved = Attributes::new().with(AttributeName::Address, "清城区北门街 1 号").unwrap();
        accounts.set_attributes(id, &moved).await.unwrap();
        assert_eq!(accounts.attributes(id, &[AttributeName::Address, AttributeName::Name]).await.unwrap(), moved);
        let error = accounts.set_attributes(AccountId::generate(), &moved).await.unwrap_err();
        assert!(matches!(error, SubjectError::NoAccount));
    }
}

#[tokio::test]
async fn how_somebody_wants_to_be_notified_changes_alone() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let mut new = person("zhang");
        new.attributes = contract::fixture();
        let id = accounts.create(new).await.unwrap().subject.account;
        for chosen in [Some("email"), Some("inbox"), None, Some("sms")] {
            accounts.set_preferred_channel(id, chosen).await.unwrap();
            let contact = accounts.contact(id).await.unwrap().unwrap();
            assert_eq!(contact.preferred.as_deref(), chosen);
            assert_eq!(contact.phone.as_deref(), Some("13800138000"), "the rest stays");
        }
        let error = accounts.set_preferred_channel(id, Some("fax")).await.unwrap_err().to_string();
        assert_eq!(error, "preferred-channel: expected inbox, sms, email, webhook");
        let nobody = accounts.set_preferred_channel(AccountId::generate(), None).await.unwrap_err();
        assert!(matches!(nobody, SubjectError::NoAccount));
    }
}

#[tokio::test]
async fn a_host_with_another_key_says_so_instead_of_giving_wrong_values() {
    let database = zhongtai_store::testing::sqlite(MIGRATIONS).await;
    let clock = clock();
    let mut new = person("zhang");
    new.attributes = contract::fixture();
    let id = host(&database, &clock).create(new).await.unwrap().subject.account;
    let other = Accounts::new(database.store.clone(), clock, [8; 32]);
    let error = other.fields(id, &["name"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.to_string().ends_with("it was changed, or sealed with another host's key"), "{error}");
}

#[tokio::test]
async fn each_administrator_is_made_once_and_the_password_is_told_once() {
    for database in both(MIGRATIONS).await {
        let (one, other) = (host(&database, &clock()), host(&database, &clock()));
        let roles = ["operator", "security"];
        let (first, second) =
            tokio::join!(one.bootstrap_administrators(&roles), other.bootstrap_administrators(&roles));
        let mut made = [first.unwrap(), second.unwrap()].concat();
        made.sort_by(|a, b| a.0.login.as_str().cmp(b.0.login.as_str()));
        let [(operator, password), (security, _)] = made.as_slice() else { panic!("{} were made", made.len()) };
        assert_eq!((operator.subject.kind, security.subject.kind), (SubjectKind::Officer, SubjectKind::Officer));
        assert_eq!([operator.subject.roles.concat(), security.subject.roles.concat()], roles);
        assert_eq!(&one.sign_in("operator", password.expose()).await.unwrap(), operator);
        assert!(one.bootstrap_administrators(&roles).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn no_administrator_is_made_where_somebody_has_the_role_under_another_name() {
    for database in both(MIGRATIONS).await {
        let accounts = host(&database, &clock());
        let li = NewAccount { kind: SubjectKind::Officer, roles: vec!["auditor".into(), "x".into()], ..person("li") };
        let id = accounts.create(li).await.unwrap().subject.account;
        accounts.disable(id).await.unwrap();
        let made = accounts.bootstrap_administrators(&["operator", "auditor"]).await.unwrap();
        assert_eq!(made.iter().map(|(account, _)| account.login.as_str()).collect::<Vec<_>>(), ["operator"]);
    }
}

#[tokio::test]
async fn an_unknown_account_can_be_neither_disabled_nor_given_a_password() {
    for database in both(MIGRATIONS).await {
        let (accounts, unknown) = (host(&database, &clock()), AccountId::generate());
        assert!(matches!(accounts.disable(unknown).await, Err(SubjectError::NoAccount)));
        assert!(matches!(accounts.enable(unknown).await, Err(SubjectError::NoAccount)));
        let password = Password::generate().unwrap();
        assert!(matches!(accounts.set_password(unknown, password).await, Err(SubjectError::NoAccount)));
    }
}
