//! Which policies are in force on this host: the version that was activated, or for development the folders' files.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use anyhow::Context;
use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use zhongtai_authz::{ActiveSet, Authz, Compiled, PolicyError, PolicyFolder, PolicyTexts};
use zhongtai_governance::{GovernanceError, InForce, Versions};
use zhongtai_kernel::Digest;
use zhongtai_workbench::{Shadow, ShadowError, ShadowSettings};

/// Compiled sets kept at hand, so that going back to one takes no compiling.
const KEPT: usize = 4;

/// The policies in force, and where they come from.
pub(crate) struct Policies {
    authz: Arc<Authz>,
    versions: Versions,
    folders: Vec<PolicyFolder>,
    follow_files: bool,
    /// The step of the history that is in force here; 0 when the files are followed.
    step: AtomicI64,
    number: AtomicI64,
    compiled: Mutex<Vec<(Digest, Arc<Compiled>)>>,
    shadow: ArcSwapOption<(i64, Shadow)>,
    /// One at a time takes over what is new: two would begin the same shadow twice, and the first one's counts be lost.
    turn: tokio::sync::Mutex<()>,
    /// Why the newest can't be put in force, while it can't. Told once, not twice a second.
    problem: ArcSwapOption<String>,
}

/// What can't be put in force.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PoliciesError {
    /// The texts.
    #[error(transparent)]
    Texts(#[from] PolicyError),
    /// The history.
    #[error(transparent)]
    Versions(#[from] GovernanceError),
    /// Events were cut off the history's end.
    #[error(
        "the policy history ends at step {step}, but this host has seen step {known}: restore the table policy_events"
    )]
    Shorter {
        /// What there is.
        step: i64,
        /// What there was.
        known: i64,
    },
    /// The draft in shadow.
    #[error(transparent)]
    Shadow(#[from] ShadowError),
    /// The host is stopping.
    #[error("the host is stopping")]
    Stopping,
}

// === impl Policies ===

impl Policies {
    /// Puts in force what was activated last; at the first start, the folders' files as version 1.
    pub(crate) async fn open(
        versions: Versions,
        folders: Vec<PolicyFolder>,
        follow_files: bool,
    ) -> anyhow::Result<Arc<Self>> {
        let (compiled, step, number) = if follow_files {
            tracing::warn!("policy files are followed as they change: nobody approves them (policy.follow_files)");
            (Arc::new(Compiled::new(&PolicyTexts::read(&folders)?)?), 0, 0)
        } else {
            let in_force = first_or_last(&versions, &folders).await?;
            tell_when_files_differ(&in_force, &folders);
            let compiled = Compiled::new(&in_force.texts)
                .with_context(|| format!("policy version {} can't be put in force", in_force.number))?;
            // The shadow is found at the first look.
            (Arc::new(compiled), 0, in_force.number)
        };
        Ok(Arc::new(Self {
            authz: Arc::new(Authz::new(compiled.clone())),
            versions,
            folders,
            follow_files,
            step: AtomicI64::new(step),
            number: AtomicI64::new(number),
            compiled: Mutex::new(vec![(compiled.hash(), compiled)]),
            shadow: ArcSwapOption::empty(),
            turn: tokio::sync::Mutex::new(()),
            problem: ArcSwapOption::empty(),
        }))
    }

    /// What decides.
    pub(crate) fn authz(&self) -> &Arc<Authz> {
        &self.authz
    }

    /// The change process.
    pub(crate) fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The number of the version in force; `None` when the files are followed.
    pub(crate) fn number(&self) -> Option<i64> {
        Some(self.number.load(Ordering::Acquire)).filter(|number| *number > 0)
    }

    /// The draft that is evaluated beside the version in force.
    pub(crate) fn shadow(&self) -> Option<Arc<(i64, Shadow)>> {
        self.shadow.load_full()
    }

    /// Takes over what was activated, or what changed in the files. On an error the active set stays.
    pub(crate) async fn refresh(self: &Arc<Self>) {
        let _turn = self.turn.lock().await;
        let outcome = if self.follow_files { self.follow().await } else { self.take_over().await };
        match outcome {
            Ok(true) => tracing::info!(
                hash = %self.authz.summary().hash,
                version = self.number(),
                "other policies are in force"
            ),
            Ok(false) => self.problem.store(None),
            Err(error) => {
                let text = error.to_string();
                if self.problem.load().as_deref() != Some(&text) {
                    tracing::error!(%error, "the policies can't be put in force; the active set stays");
                    self.problem.store(Some(Arc::new(text)));
                }
            }
        }
    }

    async fn follow(self: &Arc<Self>) -> Result<bool, PoliciesError> {
        let policies = self.clone();
        let reload = tokio::task::spawn_blocking(move || policies.authz.reload(&policies.folders));
        Ok(reload.await.map_err(|_| PoliciesError::Stopping)??)
    }

    async fn take_over(&self) -> Result<bool, PoliciesError> {
        let (step, known) = (self.versions.step().await?, self.step.load(Ordering::Acquire));
        if step == known {
            return Ok(false);
        }
        if step < known {
            return Err(PoliciesError::Shorter { step, known });
        }
        let Some(in_force) = self.versions.in_force().await? else { return Ok(false) };
        let compiled = self.compile(in_force.texts).await?;
        let changed = compiled.hash() != self.authz.summary().hash;
        if changed {
            self.authz.activate(compiled);
        }
        self.number.store(in_force.number, Ordering::Release);
        self.watch(in_force.shadow).await?;
        self.step.store(in_force.step, Ordering::Release);
        Ok(changed)
    }

    /// Begins or ends the shadow.
    async fn watch(&self, shadow: Option<(i64, PolicyTexts)>) -> Result<(), PoliciesError> {
        let now = self.shadow.load().as_ref().map(|shadow| shadow.0);
        match shadow {
            None => self.shadow.store(None),
            Some((number, _)) if now == Some(number) => {}
            Some((number, texts)) => {
                let draft = Arc::new(ActiveSet::new(self.compile(texts).await?));
                let shadow = Shadow::start(draft, ShadowSettings::default())?;
                self.shadow.store(Some(Arc::new((number, shadow))));
            }
        }
        Ok(())
    }

    async fn compile(&self, texts: PolicyTexts) -> Result<Arc<Compiled>, PoliciesError> {
        let hash = texts.hash();
        if let Some((_, compiled)) = self.compiled.lock().iter().find(|(known, _)| *known == hash) {
            return Ok(compiled.clone());
        }
        let compile = tokio::task::spawn_blocking(move || Compiled::new(&texts));
        let compiled = Arc::new(compile.await.map_err(|_| PoliciesError::Stopping)??);
        let mut kept = self.compiled.lock();
        if kept.len() == KEPT {
            kept.remove(0);
        }
        kept.push((hash, compiled.clone()));
        Ok(compiled)
    }
}

async fn first_or_last(versions: &Versions, folders: &[PolicyFolder]) -> anyhow::Result<InForce> {
    if versions.in_force().await?.is_none() {
        let texts = PolicyTexts::read(folders)?;
        // What does not compile is no version.
        Compiled::new(&texts)?;
        if versions.begin(&texts, "the first start").await? {
            tracing::info!(hash = %texts.hash(), "policy version 1 is made of the policy folders");
        }
    }
    versions.in_force().await?.context("there is no policy version")
}

fn tell_when_files_differ(in_force: &InForce, folders: &[PolicyFolder]) {
    if let Ok(texts) = PolicyTexts::read(folders)
        && texts.hash() != in_force.texts.hash()
    {
        tracing::warn!(
            version = in_force.number,
            "the policy folders differ from the version in force, which decides: propose them with `zt policy propose`"
        );
    }
}
