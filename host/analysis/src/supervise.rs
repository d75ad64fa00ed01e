//! Starts a worker, gives it a job and a limit, and takes what it told, however it ended.

use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};
use zhongtai_authz::PolicyTexts;

use crate::{
    AnalysisError, ForbidOutcome, ForbidReport, Job, Limits, Plan, Report, RequestOutcome, Solver, Words, job::Line,
};

/// How much of what a worker says on stderr is kept, bytes: the end, where the reason is.
const KEPT: usize = 4096;

/// The program and arguments that run [`crate::worker::run`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerCommand {
    /// Its path.
    pub program: PathBuf,
    /// Its arguments, such as `policy analyze-worker`.
    pub arguments: Vec<String>,
}

/// What a worker told before it ended.
#[derive(Default)]
struct Told {
    plan: Option<Plan>,
    requests: Vec<RequestOutcome>,
    forbids: Vec<ForbidOutcome>,
    failed: Option<AnalysisError>,
    is_done: bool,
    /// The end of its stderr.
    complaint: Vec<u8>,
}

/// A process group that is killed when this goes, solver and all.
struct Group(Option<Pid>);

/// Lets a worker compare two sets. What it could not finish within the limits, or because it or its solver died, is
/// `unknown` in the report.
pub async fn supervise(
    command: &WorkerCommand,
    old: &PolicyTexts,
    new: &PolicyTexts,
    solver: &Solver,
    limits: Limits,
) -> Result<Report, AnalysisError> {
    let job = Job::compare(old.clone(), new.clone(), solver.clone());
    let (told, stopped) = run(command, job, limits).await?;
    let Some(plan) = told.plan else {
        let nothing = Plan { policies: 0, changed: Vec::new(), declared: Vec::new(), kinds: Vec::new() };
        return Ok(Report::new(nothing, Vec::new(), Some(stopped.unwrap_or_else(silent))));
    };
    let mut requests = told.requests;
    let reason = stopped.clone().unwrap_or_else(silent);
    for kind in plan.kinds.iter().skip(requests.len()) {
        requests.push(RequestOutcome::unknown(kind.clone(), &reason));
    }
    Ok(Report::new(plan, requests, stopped))
}

/// Lets a worker prove that the forbids of a set never err.
pub async fn supervise_never_errors(
    command: &WorkerCommand,
    texts: &PolicyTexts,
    solver: &Solver,
    limits: Limits,
) -> Result<ForbidReport, AnalysisError> {
    let job = Job::never_errors(texts.clone(), solver.clone());
    let (told, stopped) = run(command, job, limits).await?;
    Ok(ForbidReport { forbids: told.forbids, stopped })
}

/// What the worker told, and why it stopped before it was done, if so.
async fn run(command: &WorkerCommand, job: Job, limits: Limits) -> Result<(Told, Option<Words>), AnalysisError> {
    let job = serde_json::to_vec(&Job { memory_mib: limits.memory_mib, ..job }).map_err(AnalysisError::worker)?;
    let (mut child, pipes) = start(command).map_err(|problem| spawn_error(&command.program, &problem))?;
    let group = Group::of(&child);
    let mut told = Told::default();
    let in_time = timeout(limits.wall, talk(pipes, &job, &mut told)).await.is_ok();
    // The worker closed its output or is out of time. Whatever of it still runs goes now, while its id is still its own.
    drop(group);
    let status = child.wait().await.map_err(|problem| spawn_error(&command.program, &problem))?;
    if let Some(error) = told.failed.take() {
        return Err(error);
    }
    let stopped = match (told.is_done, in_time) {
        (true, _) => None,
        (false, false) => Some(out_of_time(limits)),
        (false, true) => Some(ended(status, &told.complaint, limits)),
    };
    Ok((told, stopped))
}

type Pipes = (ChildStdin, ChildStdout, ChildStderr);

fn start(command: &WorkerCommand) -> std::io::Result<(Child, Pipes)> {
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
        (Some(stdin), Some(stdout), Some(stderr)) => Ok((child, (stdin, stdout, stderr))),
        _ => Err(std::io::Error::other("it has no pipes")),
    }
}

/// Gives the job and takes lines until the worker closes its output.
async fn talk((mut stdin, stdout, mut stderr): Pipes, job: &[u8], told: &mut Told) {
    let Told { complaint, .. } = told;
    let mut kept = std::mem::take(complaint);
    let give = async {
        // A worker that dies while it reads says so by its end.
        let _ = stdin.write_all(job).await;
        drop(stdin);
    };
    let listen = async {
        let mut lines = BufReader::new(stdout).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            if !told.take(&line) {
                break;
            }
        }
    };
    let complain = async {
        let mut part = [0; 1024];
        while let Ok(read @ 1..) = stderr.read(&mut part).await {
            kept.extend_from_slice(part.get(..read).unwrap_or_default());
            kept.drain(..kept.len().saturating_sub(KEPT));
        }
    };
    tokio::join!(give, listen, complain);
    told.complaint = kept;
}

fn spawn_error(program: &Path, problem: &std::io::Error) -> AnalysisError {
    AnalysisError::Spawn { program: program.to_owned(), problem: problem.to_string() }
}

fn silent() -> Words {
    Words::new("分析进程没有给出结果", "the analysis worker gave no result")
}

fn out_of_time(limits: Limits) -> Words {
    let seconds = limits.wall.as_secs_f32();
    Words::new(format!("超出 {seconds} 秒的时限"), format!("the limit of {seconds} s was reached"))
}

/// Why a worker ended before it was done, as far as it can be told.
fn ended(status: ExitStatus, complaint: &[u8], limits: Limits) -> Words {
    let complaint = String::from_utf8_lossy(complaint);
    if complaint.contains("memory allocation of") {
        let most = limits.memory_mib;
        return Words::new(
            format!("超出 {most} MiB 的内存限制"),
            format!("the memory limit of {most} MiB was reached"),
        );
    }
    if complaint.contains("has overflowed its stack") {
        return Words::new("策略集过大，栈溢出", "the policy set is too large for the worker's stack");
    }
    Words::new(format!("分析进程异常结束（{status}）"), format!("the analysis worker died ({status})"))
}

// === impl Told ===

impl Told {
    /// False when the line is none of a worker's.
    fn take(&mut self, line: &str) -> bool {
        match serde_json::from_str(line) {
            Ok(Line::Plan(plan)) => self.plan = Some(plan),
            Ok(Line::Request(outcome)) => self.requests.push(outcome),
            Ok(Line::Forbid(outcome)) => self.forbids.push(outcome),
            Ok(Line::Failed(error)) => self.failed = Some(error),
            Ok(Line::Done) => self.is_done = true,
            Err(_) => return false,
        }
        true
    }
}

// === impl Group ===

impl Group {
    /// The child leads a group of its own.
    fn of(child: &Child) -> Self {
        Self(child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // It may have ended by itself; the child was not waited for yet, so the id is nobody else's.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}
