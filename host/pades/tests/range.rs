//! The bytes that a seal covers: one that was flipped, and a range that is not the whole revision.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod support;

use support::{byte_range, document, faults, overwrite, seal, with_streams, world};
use zhongtai_pades::{Fault, verify};

#[test]
fn a_byte_flipped_anywhere_is_found() {
    let world = world();
    let trust = world.trust();
    for document in [document(), with_streams(&document())] {
        let sealed = seal(&world, &document);
        let [_, first, second, _] = byte_range(&sealed);
        for at in (0..first).step_by(101).chain((second..sealed.len()).step_by(31)) {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            let intact = verify(&flipped, &trust).is_ok_and(|report| report.is_intact());
            assert!(!intact, "byte {at} of {}", sealed.len());
        }
        // The blank after the signature is not signed, and has to be blank.
        let mut flipped = sealed.clone();
        flipped[second - 2] = b'1';
        assert_eq!(faults(&world, &flipped), [Fault::Form("bytes follow it that are not zero")]);
    }
}

#[test]
fn signed_bytes_that_are_not_the_whole_revision_are_refused() {
    let world = world();
    let sealed = seal(&world, &document());
    let [_, first, second, rest] = byte_range(&sealed);
    let range = format!("[0 {first} {second} {rest}]");
    let with = |numbers: String| {
        let mut pdf = sealed.clone();
        overwrite(&mut pdf, &format!("{range}      "), &numbers);
        faults(&world, &pdf)
    };
    let cases = [
        (format!("[1 {} {second} {rest}]", first - 1), "they do not begin with the file"),
        (format!("[0 {} {second} {rest}]", first - 1), "they leave out something else than the signature"),
        (format!("[0 {first} {} {}]", second + 1, rest - 1), "they leave out something else than the signature"),
        (format!("[0 {first} {first} {rest}]"), "they leave out something else than the signature"),
        (format!("[0 {second} {first} {rest}]"), "they leave out something else than the signature"),
        (format!("[0 {first} {second} {}]", rest + 1), "they end after the file"),
        (format!("[0 {first} {second} {}9]", u32::MAX), "they end after the file"),
        (format!("[0 {first} {second} {}]", rest - 100), "they end amid a revision"),
        (format!("[0 {first} {second} -{rest}]"), "they are not given as four numbers"),
        (format!("[0 {first} {second}]"), "they are not given as four numbers"),
        (format!("[0 {first} {second} 9 9]"), "they are not given as four numbers"),
    ];
    for (numbers, expected) in cases {
        let found = with(numbers.clone());
        assert!(found.contains(&Fault::Range(expected)), "{numbers}: {found:?}");
    }
    let short = with(format!("[0 {first} {second} {}]", rest - 20));
    assert!(short.iter().any(|fault| matches!(fault, Fault::Revision(_) | Fault::Range(_))), "{short:?}");
}

#[test]
fn a_gap_that_holds_more_than_digits_is_refused() {
    let world = world();
    let mut sealed = seal(&world, &document());
    let [_, _, second, _] = byte_range(&sealed);
    sealed[second - 10] = b'\n';
    assert_eq!(faults(&world, &sealed), [Fault::Range("what they leave out is not a hexadecimal string")]);
}
