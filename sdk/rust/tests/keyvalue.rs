//! Stored data: versions, conflicts, several changes at once.

use zhongtai::{
    keyvalue::{self, Changes, Error},
    prelude::*,
    testing::run,
};

#[test]
fn a_key_is_created_once() {
    run(|| {
        assert_eq!(keyvalue::create("a", &1), Ok(1));
        assert_eq!(keyvalue::create("a", &2), Err(Error::Conflict("a".into())));
        assert_eq!(keyvalue::get("a"), Ok(Some(1)));
    });
}

#[test]
fn an_update_needs_the_version_that_was_read() {
    run(|| {
        keyvalue::set("a", &"first").unwrap();
        let read = keyvalue::entry::<String>("a").unwrap().unwrap();
        assert_eq!(keyvalue::update("a", read.version, &"second"), Ok(2));
        assert_eq!(keyvalue::update("a", read.version, &"third"), Err(Error::Conflict("a".into())));
    });
}

#[test]
fn modify_tries_again_when_somebody_was_faster() {
    run(|| {
        let mut rivals = 3;
        let value = keyvalue::modify("count", |count: Option<u32>| {
            if rivals > 0 {
                rivals -= 1;
                keyvalue::set("count", &(count.unwrap_or(0) + 10)).unwrap();
            }
            count.unwrap_or(0) + 1
        });
        assert_eq!(value, Ok(31));
        assert_eq!(keyvalue::get("count"), Ok(Some(31)));
    });
}

#[test]
fn modify_gives_up_in_the_end() {
    run(|| {
        let value = keyvalue::modify("count", |count: Option<u32>| {
            keyvalue::set("count", &0).unwrap();
            count.unwrap_or(0)
        });
        assert_eq!(Problem::from(value.unwrap_err()).status(), 409);
    });
}

#[test]
fn several_changes_happen_all_or_not_at_all() {
    run(|| {
        keyvalue::set("old", &1).unwrap();
        let refused = Changes::new().set("new", &1).delete("old").create("old", &2).apply();
        assert_eq!(refused, Err(Error::Conflict("old".into())));
        assert_eq!(keyvalue::get::<u8>("new"), Ok(None));
        assert_eq!(Changes::new().set("new", &1).delete("old").apply(), Ok(vec![1, 0]));
        assert_eq!(keyvalue::get::<u8>("old"), Ok(None));
    });
}

#[test]
fn keys_are_listed_over_pages() {
    run(|| {
        for number in 0..1005 {
            keyvalue::set(&format!("k/{number:04}"), &()).unwrap();
        }
        keyvalue::set("other", &()).unwrap();
        let keys = keyvalue::keys("k/").collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(keys.len(), 1005);
        assert_eq!(keyvalue::keys("k/").after("k/1003").collect::<Vec<_>>(), [Ok("k/1004".into())]);
    });
}

#[test]
fn what_is_of_another_type_is_named() {
    run(|| {
        keyvalue::set("a", &"text").unwrap();
        assert!(matches!(keyvalue::get::<u32>("a"), Err(Error::Unreadable(key, _)) if key == "a"));
        assert!(matches!(keyvalue::get::<u32>(""), Err(Error::InvalidKey(_))));
    });
}
