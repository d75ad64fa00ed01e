//! The SMT solver: where it is, and the session with its process.

use std::{
    ffi::OsString,
    future::Future,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use cedar_policy::{PolicySet, RequestEnv, Schema};
use cedar_policy_symcc::{
    CedarSymCompiler, CompiledPolicy, CompiledPolicySet, Env,
    err::{CompileError, Error, SolverError},
    solver::LocalSolver,
};
use serde::{Deserialize, Serialize};
use zhongtai_kernel::chain;

use crate::{AnalysisError, Outcome, Words};

/// How long one question may take when nothing else is said.
const QUESTION: Duration = Duration::from_secs(20);

/// How much longer than the solver's own limit we wait, before we take it for hung.
const GRACE: Duration = Duration::from_secs(2);

/// After so many failures in a row a solver is not asked again: it would fail for every request type.
const MOST_FAILURES: u32 = 3;

/// The SMT solver cvc5: a program that is started for an analysis and ends with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Solver {
    program: PathBuf,
    /// How long one question may take.
    question: Duration,
}

// === impl Solver ===

impl Solver {
    /// The program that `$CVC5` names, or else `cvc5` on the `PATH`.
    pub fn find() -> Result<Self, AnalysisError> {
        Self::find_in(std::env::var_os("CVC5"), std::env::var_os("PATH"))
    }

    /// The same for given values of both variables.
    pub fn find_in(cvc5: Option<OsString>, path: Option<OsString>) -> Result<Self, AnalysisError> {
        if let Some(program) = cvc5.filter(|value| !value.is_empty()) {
            return Self::at(program);
        }
        let folders = path.unwrap_or_default();
        std::env::split_paths(&folders)
            .map(|folder| folder.join("cvc5"))
            .find(|program| is_program(program))
            .map_or_else(
                || Err(AnalysisError::SolverMissing { looked: "CVC5 is not set, and PATH has none".to_owned() }),
                |program| Ok(Self { program, question: QUESTION }),
            )
    }

    /// The program at a path.
    pub fn at(program: impl Into<PathBuf>) -> Result<Self, AnalysisError> {
        let program = program.into();
        if !is_program(&program) {
            let looked = format!("{} is not a program", program.display());
            return Err(AnalysisError::SolverMissing { looked });
        }
        Ok(Self { program, question: QUESTION })
    }

    /// The same solver with another limit for one question. What takes longer is `unknown`.
    #[must_use]
    pub fn with_question_limit(self, question: Duration) -> Self {
        Self { question, ..self }
    }

    /// Starts the program. It is killed when it is dropped.
    fn start(&self) -> Result<LocalSolver, SolverError> {
        let limit = format!("--tlimit-per={}", self.question.as_millis());
        let mut command = tokio::process::Command::new(&self.program);
        command.args(["--lang", "smt", &limit]).kill_on_drop(true);
        LocalSolver::from_command(&mut command)
    }
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Why a question has no answer.
#[derive(Debug, Clone)]
pub(crate) enum Trouble {
    /// Undecided; another solver or more time may decide it.
    Unknown(Words),
    /// The policies hold something that can't be said to a solver.
    Unsupported(Words),
}

impl From<Trouble> for Outcome {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unknown(reason) => Self::Unknown { reason },
            Trouble::Unsupported(reason) => Self::Unsupported { reason },
        }
    }
}

/// Questions to one solver process, which is started when first needed and anew after it failed.
pub(crate) struct Session<'s> {
    solver: &'s Solver,
    compiler: Option<CedarSymCompiler<LocalSolver>>,
    failures: u32,
}

// === impl Session ===

impl<'s> Session<'s> {
    pub(crate) fn new(solver: &'s Solver) -> Self {
        Self { solver, compiler: None, failures: 0 }
    }

    /// A request that `from` allows and `to` denies, by Cedar's rules, or the proof that there is none.
    pub(crate) async fn implies(
        &mut self,
        env: &RequestEnv,
        schema: &Schema,
        from: &PolicySet,
        to: &PolicySet,
    ) -> Result<Option<Env>, Trouble> {
        let from = CompiledPolicySet::compile(from, env, schema).map_err(trouble)?;
        let to = CompiledPolicySet::compile(to, env, schema).map_err(trouble)?;
        let mut compiler = self.compiler()?;
        let answer = compiler.check_implies_with_counterexample_opt(&from, &to);
        let answer = limited(self.solver.question, answer).await;
        self.conclude(compiler, answer)
    }

    /// A request on which `policy` errs, or the proof that there is none.
    pub(crate) async fn never_errors(
        &mut self,
        env: &RequestEnv,
        schema: &Schema,
        policy: &cedar_policy::Policy,
    ) -> Result<Option<Env>, Trouble> {
        let policy = CompiledPolicy::compile(policy, env, schema).map_err(trouble)?;
        let mut compiler = self.compiler()?;
        let answer = compiler.check_never_errors_with_counterexample_opt(&policy);
        let answer = limited(self.solver.question, answer).await;
        self.conclude(compiler, answer)
    }

    /// Taken out for the question, so that a question that is given up takes the process with it.
    fn compiler(&mut self) -> Result<CedarSymCompiler<LocalSolver>, Trouble> {
        if self.failures >= MOST_FAILURES {
            return Err(Trouble::Unknown(Words::new(
                format!("求解器连续失败 {MOST_FAILURES} 次，不再询问"),
                format!("the solver failed {MOST_FAILURES} times in a row and is not asked again"),
            )));
        }
        match self.compiler.take() {
            Some(compiler) => Ok(compiler),
            None => self
                .solver
                .start()
                .map_err(Error::from)
                .and_then(CedarSymCompiler::new)
                .map_err(|error| self.failed(&error)),
        }
    }

    fn conclude(
        &mut self,
        compiler: CedarSymCompiler<LocalSolver>,
        answer: Option<Result<Option<Env>, Error>>,
    ) -> Result<Option<Env>, Trouble> {
        match answer {
            Some(Ok(answer)) => {
                (self.compiler, self.failures) = (Some(compiler), 0);
                Ok(answer)
            }
            // It answered, if only that it does not know: it can be asked again.
            Some(Err(error @ Error::SolverUnknown)) => {
                (self.compiler, self.failures) = (Some(compiler), 0);
                Err(trouble(error))
            }
            Some(Err(error)) => Err(self.failed(&error)),
            None => {
                self.failures += 1;
                let seconds = self.solver.question.as_secs_f32();
                Err(Trouble::Unknown(Words::new(
                    format!("求解器在 {seconds} 秒内没有回答"),
                    format!("the solver did not answer within {seconds} s"),
                )))
            }
        }
    }

    fn failed(&mut self, error: &Error) -> Trouble {
        self.failures += 1;
        Trouble::Unknown(Words::new(
            format!("求解器失败：{}", text(error)),
            format!("the solver failed: {}", text(error)),
        ))
    }
}

async fn limited<T>(limit: Duration, question: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit + GRACE, question).await.ok()
}

fn trouble(error: Error) -> Trouble {
    match error {
        Error::CompileError(CompileError::UnsupportedFeature(construct)) => Trouble::Unsupported(Words::new(
            format!("求解器无法表达：{construct}"),
            format!("this can't be said to a solver: {construct}"),
        )),
        Error::PolicyNotWellTyped { errs } => {
            let problem = errs.first().map(ToString::to_string).unwrap_or_default();
            Trouble::Unsupported(Words::new(
                format!("策略与草案的模式不符：{problem}"),
                format!("a policy does not fit the draft's schema: {problem}"),
            ))
        }
        Error::SolverUnknown => {
            Trouble::Unknown(Words::new("求解器无法在时限内判定", "the solver could not decide it within its limit"))
        }
        error => Trouble::Unsupported(Words::new(
            format!("无法翻译给求解器：{}", text(&error)),
            format!("this can't be translated for the solver: {}", text(&error)),
        )),
    }
}

/// An error with its causes, in one line and not long: a solver may write whatever it likes.
fn text(error: &dyn std::error::Error) -> String {
    chain(error).replace('\n', " ").chars().take(300).collect()
}
