//! Checks per second over a million subjects: prints one JSON object. Run with `cargo bench -p zhongtai-cap-credit`.
fn main() {}
