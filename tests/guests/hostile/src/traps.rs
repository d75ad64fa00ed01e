//! Ways to end without an answer.
use std::{arch::wasm32, hint::black_box};

use zhongtai::{__private::bindings::zhongtai::log::logging, prelude::*};

#[get("/spin")]
pub fn spin() {
    loop {
        black_box(());
    }
}

#[derive(Deserialize)]
pub struct Bomb {
    /// Answers when memory was refused, as a careful guest would.
    #[serde(default)]
    careful: bool,
}

/// Grows until it is refused, tries again a thousand times, and gives up.
#[get("/memory-bomb")]
pub fn memory_bomb(Query(Bomb { careful }): Query<Bomb>) -> String {
    let mut refused = 0;
    while refused < 1_000 {
        if wasm32::memory_grow::<0>(16) == usize::MAX {
            refused += 1;
        }
    }
    if careful {
        return format!("{} pages", wasm32::memory_size::<0>());
    }
    black_box(vec![1_u8; 256 << 20]).len().to_string()
}

#[get("/recursion")]
pub fn recursion() -> String {
    dive(0).to_string()
}

#[inline(never)]
fn dive(depth: u64) -> u64 {
    if black_box(depth) == u64::MAX { 0 } else { black_box(dive(depth + 1)) + 1 }
}

/// With something in the message that must not reach the public.
#[get("/panic")]
pub fn panics() {
    panic!("no such applicant: 13800000000");
}

#[get("/trap")]
pub fn trap() {
    wasm32::unreachable()
}

/// Reports a panic of 1 MiB that does not happen, and answers.
#[get("/cry-wolf")]
pub fn cry_wolf() -> &'static str {
    let message = "路".repeat(1 << 18);
    logging::panicked(&logging::PanicReport { file: message.clone(), message, line: u32::MAX, column: u32::MAX });
    "no wolf"
}
