//! What holds for every handle.
#![allow(clippy::unwrap_used, reason = "a broken fixture must stop the test")]

use proptest::prelude::*;
use zhongtai_cap_subject::Handles;
use zhongtai_kernel::{AccountId, DepartmentId};

fn department() -> impl Strategy<Value = DepartmentId> {
    "[0-9]{6}-[a-z]{1,12}".prop_map(|id| id.parse().unwrap())
}

proptest! {
    #[test]
    fn a_handle_opens_to_its_account_and_is_always_the_same(
        key: [u8; 32], department in department(), account: [u8; 16],
    ) {
        let (handles, account) = (Handles::new(key), AccountId::from_bytes(account));
        let handle = handles.seal(&department, account);
        prop_assert_eq!(&handle, &Handles::new(key).seal(&department, account));
        prop_assert_eq!(handle.len(), 32);
        prop_assert_eq!(handles.open(&department, &handle), Some(account));
    }

    #[test]
    fn another_department_has_another_handle_and_cannot_open_the_first(
        key: [u8; 32], ours in department(), theirs in department(), account: [u8; 16],
    ) {
        prop_assume!(ours != theirs);
        let (handles, account) = (Handles::new(key), AccountId::from_bytes(account));
        let handle = handles.seal(&ours, account);
        prop_assert_ne!(&handle, &handles.seal(&theirs, account));
        prop_assert_ne!(handles.open(&theirs, &handle), Some(account));
    }

    #[test]
    fn a_handle_with_one_character_changed_is_none_or_opens_to_another_account(
        key: [u8; 32], account: [u8; 16], index in 0_usize..32, changed in "[ -~]",
    ) {
        let (handles, account) = (Handles::new(key), AccountId::from_bytes(account));
        let department: DepartmentId = "441802-chengguan".parse().unwrap();
        let handle = handles.seal(&department, account);
        let mut tampered = handle.clone();
        tampered.replace_range(index..=index, &changed);
        prop_assume!(tampered != handle);
        let opened = handles.open(&department, &tampered);
        prop_assert_ne!(opened, Some(account));
        let is_hex = changed.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        prop_assert_eq!(opened.is_some(), is_hex, "one spelling of a handle only");
    }

    #[test]
    fn no_text_makes_opening_fail_otherwise_than_with_none(key: [u8; 32], text in ".{0,40}") {
        let department: DepartmentId = "441802-chengguan".parse().unwrap();
        let is_handle = text.len() == 32 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        prop_assert_eq!(Handles::new(key).open(&department, &text).is_some(), is_handle);
    }
}
