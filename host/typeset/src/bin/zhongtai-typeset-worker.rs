//! The worker alone, for tests and for hosts that keep it out of their own program.

fn main() -> std::process::ExitCode {
    zhongtai_typeset::worker::run()
}
