use std::sync::Arc;

use wasmtime::{
    Engine,
    component::{Component, Linker},
};
use zhongtai_kernel::{ALWAYS_GRANTED, Caller, Channel, Release};

use crate::{
    Capability, Inspection, Invocation, LoadError,
    admission::Gate,
    bindings::{ScenarioPre, listening::ListeningPre},
    inspect::{HANDLER, capability_of},
};

/// A release that is ready to run: compiled, linked to what it was granted, checked.
pub struct LoadedRelease {
    pub(crate) pre: ScenarioPre<Invocation>,
    /// When it hears of events.
    pub(crate) listening: Option<ListeningPre<Invocation>>,
    pub(crate) gate: Arc<Gate>,
    /// The caller of every anonymous request, made once.
    pub(crate) anonymous: Arc<Caller>,
    release: Arc<Release>,
}

// === impl LoadedRelease ===

impl LoadedRelease {
    /// What runs.
    pub fn release(&self) -> &Arc<Release> {
        &self.release
    }

    /// True when it hears of events.
    pub fn listens(&self) -> bool {
        self.listening.is_some()
    }

    /// Links a compiled component to the capabilities it was granted.
    pub(crate) fn link(
        engine: &Engine,
        component: &Component,
        listens: bool,
        granted: &[Arc<dyn Capability>],
        release: Arc<Release>,
        gate: Arc<Gate>,
    ) -> Result<Self, LoadError> {
        let failed = |error: wasmtime::Error| LoadError::Compile(format!("{error:#}"));
        let mut linker = Linker::new(engine);
        for capability in granted {
            capability.add_to_linker(&mut linker).map_err(failed)?;
        }
        let pre = linker.instantiate_pre(component).map_err(failed)?;
        let listening = listens.then(|| ListeningPre::new(pre.clone())).transpose().map_err(failed)?;
        let pre = ScenarioPre::new(pre).map_err(failed)?;
        let anonymous = Arc::new(Caller::new(release.clone(), None, Channel::Web));
        Ok(Self { pre, listening, gate, anonymous, release })
    }
}

/// The capabilities that a release may link, or the first reason why it can't be loaded.
pub(crate) fn granted(
    inspection: &Inspection,
    release: &Release,
    capabilities: &[Arc<dyn Capability>],
    is_granted: impl Fn(&str) -> bool,
) -> Result<Vec<Arc<dyn Capability>>, LoadError> {
    if !inspection.exports.iter().any(|export| export == HANDLER) {
        return Err(LoadError::NoHandler);
    }
    let known = |name: &str| capabilities.iter().find(|capability| capability.name() == name);
    for import in &inspection.imports {
        let capability = capability_of(import)
            .filter(|name| known(name).is_some())
            .ok_or_else(|| LoadError::UnknownImport(import.clone()))?;
        if !ALWAYS_GRANTED.contains(&capability) && !release.manifest().capabilities.contains_key(capability) {
            return Err(LoadError::NotRequested { interface: import.clone(), capability: capability.to_owned() });
        }
        if !is_granted(capability) {
            return Err(LoadError::NotGranted {
                interface: import.clone(),
                capability: capability.to_owned(),
                scenario: release.scenario().to_string(),
            });
        }
    }
    for (name, request) in &release.manifest().capabilities {
        let problem = match known(name) {
            Some(capability) => capability.check_settings(&request.settings).err(),
            None => Some("this host has no such capability".to_owned()),
        };
        if let Some(problem) = problem {
            return Err(LoadError::Settings { capability: name.clone(), problem });
        }
    }
    Ok(capabilities.iter().filter(|capability| is_granted(capability.name())).cloned().collect())
}
