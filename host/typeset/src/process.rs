use std::{io, process::Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncReadExt, BufReader},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    time::timeout,
};

use crate::{
    Config, Typeset, TypesetError, WorkerCommand,
    config::START,
    wire::{Answer, Setup, Started, receive, send},
};

/// How much of what a dying worker says is looked at, bytes.
const COMPLAINT: u64 = 4096;

/// A worker at the other end of two pipes. It is killed when this goes.
pub(crate) struct Worker {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    complaint: ChildStderr,
    /// So many it was given.
    pub(crate) orders: u32,
}

// === impl Worker ===

impl Worker {
    pub(crate) async fn start(command: &WorkerCommand, config: &Config) -> Result<Self, TypesetError> {
        let failed = |source| TypesetError::Start { program: command.program.clone(), source };
        let mut worker = Self::spawn(command).map_err(failed)?;
        match timeout(START, worker.set_up(config)).await {
            Ok(Ok(Started::Ready)) => Ok(worker),
            Ok(Ok(Started::Fonts(problem))) => Err(TypesetError::Fonts(problem)),
            Ok(Err(problem)) => Err(failed(problem)),
            Err(_) => Err(failed(io::ErrorKind::TimedOut.into())),
        }
    }

    fn spawn(command: &WorkerCommand) -> io::Result<Self> {
        let mut child = Command::new(&command.program)
            .args(&command.arguments)
            // Nothing of the host's surroundings is a worker's business. Its threads would only be in each other's way.
            .env_clear()
            .env("RAYON_NUM_THREADS", "1")
            .env("RUST_MIN_STACK", (16 << 20).to_string())
            // The host's allocator takes a gigabyte at once otherwise, and the worker's limit counts what is taken.
            .env("MIMALLOC_ARENA_EAGER_COMMIT", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        match (child.stdin.take(), child.stdout.take(), child.stderr.take()) {
            (Some(to), Some(from), Some(complaint)) => {
                Ok(Self { child, to, from: BufReader::new(from), complaint, orders: 0 })
            }
            _ => Err(io::Error::other("it has no pipes")),
        }
    }

    async fn set_up(&mut self, config: &Config) -> io::Result<Started> {
        let setup = Setup { fonts: config.fonts.clone(), memory_mib: config.memory_mib, most_pages: config.pages };
        send(&mut self.to, &serde_json::to_vec(&setup)?).await?;
        Ok(serde_json::from_slice(&receive(&mut self.from, config.longest()).await?)?)
    }

    /// Gives an order and waits for the answer. An error means that the worker is of no use any more.
    pub(crate) async fn order(&mut self, order: &[u8], longest: usize) -> io::Result<Result<Typeset, TypesetError>> {
        self.orders += 1;
        send(&mut self.to, order).await?;
        match serde_json::from_slice(&receive(&mut self.from, longest).await?)? {
            Answer::Refused(refusal) => Ok(Err(refusal.into())),
            Answer::Made(facts) => {
                let pdf = receive(&mut self.from, longest).await?;
                let ofd = receive(&mut self.from, longest).await?;
                Ok(Ok(Typeset { pdf, ofd, facts }))
            }
        }
    }

    /// Why an order brought no answer. What the worker said last may hold what the inputs say: only one question is
    /// asked of it.
    pub(crate) async fn why_it_ended(mut self, config: &Config, problem: &io::Error) -> TypesetError {
        if problem.kind() == io::ErrorKind::FileTooLarge {
            return TypesetError::TooLarge(config.longest());
        }
        self.kill();
        let mut said = Vec::new();
        let _ = timeout(START, (&mut self.complaint).take(COMPLAINT).read_to_end(&mut said)).await;
        match String::from_utf8_lossy(&said).contains("memory allocation of") {
            true => TypesetError::OutOfMemory(config.memory_mib),
            false => TypesetError::Died,
        }
    }

    fn kill(&self) {
        // The child was not waited for yet, so the id is nobody else's.
        if let Some(leader) = self.child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?)) {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.kill();
    }
}
