//! What is refused before anything runs, each with its own error.

#![allow(clippy::expect_used, reason = "tests")]

mod support;

use std::{sync::Arc, thread};

use support::{Setup, TestHost, guest, on_host, release, wat, wat_text};
use zhongtai_kernel::ErrorKind;
use zhongtai_runtime::{Inspection, LoadError, inspect};

fn refused(host: &TestHost, component: &[u8]) -> LoadError {
    let loaded = host.load("test", component, "").map(drop);
    let checked = host
        .runtime
        .check(
            &release("test", component, "[capabilities]\nkeyvalue = { reason = \"asks\" }"),
            component,
            &["keyvalue".to_owned()],
        )
        .map(drop);
    let error = loaded.expect_err("refused");
    if !matches!(error, LoadError::Compile(_)) {
        assert_eq!(checked.expect_err("refused").code(), error.code(), "check says what load would");
    }
    error
}

#[test]
fn a_guests_imports_and_exports_are_read_without_compiling_it() {
    let Inspection { imports, exports } = inspect(guest("hello")).unwrap();
    assert_eq!(imports, ["zhongtai:log/logging@0.1.0", "zhongtai:credit/check@0.1.0"]);
    assert_eq!(exports, ["zhongtai:scenario/http@0.1.0"]);
}

#[test]
fn bytes_that_are_no_component_are_refused_by_what_they_are() {
    on_host(Setup::default(), async |host| {
        assert!(matches!(refused(&host, b""), LoadError::NotWasm));
        assert!(matches!(refused(&host, b"#!/bin/sh"), LoadError::NotWasm));
        assert!(matches!(refused(&host, &::wat::parse_str("(module)").unwrap()), LoadError::CoreModule));
        let whole = guest("hostile");
        for cut in [9, 100, whole.len() / 2, whole.len() - 1] {
            assert!(matches!(refused(&host, &whole[..cut]), LoadError::Damaged(_)), "cut to {cut} bytes");
        }
    });
}

#[test]
fn a_component_with_any_byte_changed_is_refused_or_loaded_but_never_fatal() {
    on_host(Setup::default(), async |host| {
        let whole = wat("handler");
        for at in 8..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            let _ = host.load("test", &changed, "");
        }
    });
}

#[test]
fn a_component_without_a_handler_of_the_right_type_is_refused() {
    on_host(Setup::default(), async |host| {
        assert!(matches!(refused(&host, &wat("no-handler")), LoadError::NoHandler));
        let wrong = refused(&host, &wat("wrong-handler"));
        assert!(matches!(&wrong, LoadError::Compile(problem) if problem.contains("handle")), "{wrong}");
    });
}

#[test]
fn a_component_with_more_memories_than_the_pool_gives_is_refused_with_the_reason() {
    on_host(Setup::default(), async |host| {
        let another = "(core instance (instantiate $hungry)) (core instance";
        let five = wat_text("hungry-pool").replacen("(core instance", another, 1);
        let error = refused(&host, &::wat::parse_str(five).unwrap());
        assert!(error.to_string().contains("5 Wasm linear memories"), "{error}");
    });
}

#[test]
fn an_import_that_no_capability_gives_is_refused_by_name() {
    on_host(Setup::default(), async |host| {
        for (component, import) in
            [("imports-unknown", "zhongtai:nonsense/x@0.1.0"), ("imports-wasi", "wasi:cli/environment@0.2.0")]
        {
            let error = refused(&host, &wat(component));
            assert!(matches!(&error, LoadError::UnknownImport(name) if name == import), "{error}");
        }
    });
}

#[test]
fn an_import_that_the_manifest_does_not_ask_for_is_refused_though_it_was_granted() {
    on_host(Setup::default(), async |host| {
        let component = guest("hostile");
        let release = Arc::new(release("test", component, ""));
        let error =
            host.runtime.load(release, component, &["keyvalue".to_owned()]).map(drop).expect_err("not asked for");
        assert_eq!(error.code(), "not-requested");
        assert!(error.to_string().contains("zhongtai:keyvalue/store@0.1.0"), "{error}");
    });
}

#[test]
fn an_import_that_was_not_granted_is_refused_by_name() {
    on_host(Setup::default(), async |host| {
        let component = guest("hostile");
        let release = Arc::new(release("test", component, "[capabilities]\nkeyvalue = { reason = \"asks\" }"));
        let error = host.runtime.load(release, component, &[]).map(drop).expect_err("asked for, but not granted");
        assert_eq!(error.kind(), ErrorKind::Denied);
        assert_eq!(
            error.to_string(),
            "`zhongtai:keyvalue/store@0.1.0` is imported, but `keyvalue` is not granted to 441802-test/guest"
        );
    });
}

#[test]
fn settings_of_an_unknown_capability_or_with_an_unknown_key_are_refused() {
    on_host(Setup::default(), async |host| {
        let component = wat("handler");
        for (capabilities, problem) in [
            ("teleport = { reason = \"far\" }", "capabilities.teleport: this host has no such capability"),
            ("random = { reason = \"dice\", sides = 6 }", "capabilities.random: unknown key `sides`"),
        ] {
            let release = Arc::new(release("test", &component, &format!("[capabilities]\n{capabilities}")));
            let error = host.runtime.load(release, &component, &[]).map(drop).expect_err("refused");
            assert_eq!(error.code(), "capability-settings");
            assert!(error.to_string().contains(problem), "{error}");
        }
    });
}

#[test]
fn many_threads_can_load_the_same_new_component_at_once() {
    on_host(Setup::default(), async |host| {
        // A custom section makes it a component that the cache has not seen.
        let component = [wat("handler"), vec![0, 5, 4, b't', b'e', b's', b't']].concat();
        thread::scope(|scope| {
            let load = || host.load("test", &component, "").map(drop);
            let loads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            for load in loads {
                load.join().unwrap().expect("each of them loads it");
            }
        });
    });
}
