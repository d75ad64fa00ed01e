//! The connector against a provider that we did not write (`real`), and against one that lies (the rest).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that can't go on must stop")]

mod callback;
mod discovery;
mod id_token;
mod log;
mod logout;
mod real;
mod scene;
mod support;
mod userinfo;
