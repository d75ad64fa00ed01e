//! The typesetter's worker alone, for the tests and benches of this crate.

fn main() -> std::process::ExitCode {
    zhongtai_typeset::worker::run()
}
