//! The process that does the work: reads a job from stdin, writes a line of JSON per finding to stdout.
//!
//! If a limit ends the process, what was told before is still true.

use std::{
    io::{Read, Write},
    process::ExitCode,
};

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::{
    AnalysisError, Job, Task,
    compare::{self, Progress},
    deep, forbids,
    job::Line,
};

/// Does one job. This is all that a process started for [`crate::supervise`] has to do.
pub fn run() -> ExitCode {
    match read().and_then(work) {
        Ok(()) => told(&Line::Done),
        Err(error) => told(&Line::Failed(error)),
    }
}

fn told(last: &Line) -> ExitCode {
    if write(last).is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn read() -> Result<Job, AnalysisError> {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(AnalysisError::worker)?;
    serde_json::from_str(&text).map_err(AnalysisError::worker)
}

fn work(job: Job) -> Result<(), AnalysisError> {
    limit(job.memory_mib).map_err(AnalysisError::worker)?;
    let thread = deep::thread(move || deep::block_on(answer(&job))?).map_err(AnalysisError::worker)?;
    thread.join().map_err(|_| AnalysisError::worker("it panicked"))?
}

/// For this process and the solver that it starts.
fn limit(memory_mib: u64) -> std::io::Result<()> {
    let bytes = Some(memory_mib << 20);
    Ok(setrlimit(Resource::As, Rlimit { current: bytes, maximum: bytes })?)
}

async fn answer(job: &Job) -> Result<(), AnalysisError> {
    match &job.task {
        Task::Compare { old, new } => {
            let mut tell = |progress| match progress {
                Progress::Plan(plan) => tell(&Line::Plan(plan)),
                Progress::Request(outcome) => tell(&Line::Request(outcome)),
            };
            compare::step_by_step(old, new, &job.solver, &mut tell).await
        }
        Task::NeverErrors { texts } => {
            forbids::step_by_step(texts, &job.solver, &mut |outcome| tell(&Line::Forbid(outcome))).await
        }
    }
}

/// Nobody reads any more: the work is for nothing.
fn tell(line: &Line) {
    if write(line).is_err() {
        std::process::exit(1);
    }
}

fn write(line: &Line) -> std::io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&text)?;
    out.flush()
}
