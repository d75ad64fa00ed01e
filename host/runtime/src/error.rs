use zhongtai_kernel::{AuditUnavailable, ErrorKind};

/// A component that can't be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The bytes are not WebAssembly at all.
    #[error("not a WebAssembly component: the file does not begin with `\\0asm`")]
    NotWasm,
    /// A core module, not a component.
    #[error("a core module, not a component: build it with `zt plugin build`, which wraps it")]
    CoreModule,
    /// Cut off or damaged.
    #[error("the component is damaged: {0}")]
    Damaged(String),
    /// It does not export what the router calls.
    #[error("the component does not export zhongtai:scenario/http@0.1.0: build it with the SDK's `plugin!`")]
    NoHandler,
    /// It imports something that no capability gives.
    #[error("`{0}` is imported, but this host has no such interface")]
    UnknownImport(String),
    /// It imports an interface that its manifest does not ask for: nobody could have read a reason for it.
    #[error(
        "`{interface}` is imported, but plugin.toml does not ask for it: add `{capability} = {{ reason = \"...\" }}` under [capabilities]"
    )]
    NotRequested {
        /// The interface.
        interface: String,
        /// The capability it belongs to.
        capability: String,
    },
    /// It imports an interface that it was not granted.
    #[error("`{interface}` is imported, but `{capability}` is not granted to {scenario}")]
    NotGranted {
        /// The interface.
        interface: String,
        /// The capability it belongs to.
        capability: String,
        /// The scenario that would need it.
        scenario: String,
    },
    /// The manifest's settings for a capability are wrong.
    #[error("plugin.toml, capabilities.{capability}: {problem}")]
    Settings {
        /// The capability.
        capability: String,
        /// What is wrong.
        problem: String,
    },
    /// Wasmtime can't compile or link it.
    #[error("the component can't be compiled: {0}")]
    Compile(String),
    /// The artifact cache failed.
    #[error("the artifact cache failed: {0}")]
    Cache(#[from] std::io::Error),
}

// === impl LoadError ===

impl LoadError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotGranted { .. } => ErrorKind::Denied,
            Self::Cache(_) => ErrorKind::Internal,
            _ => ErrorKind::Invalid,
        }
    }

    /// A stable word for it, for problem documents.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotWasm => "not-wasm",
            Self::CoreModule => "core-module",
            Self::Damaged(_) => "damaged-component",
            Self::NoHandler => "no-handler",
            Self::UnknownImport(_) => "unknown-import",
            Self::NotRequested { .. } => "not-requested",
            Self::NotGranted { .. } => "not-granted",
            Self::Settings { .. } => "capability-settings",
            Self::Compile(_) => "not-compilable",
            Self::Cache(_) => "artifact-cache",
        }
    }
}

/// A request that a guest did not answer.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// Too many requests of the department at once, or of all.
    #[error("too many requests at once for {0}")]
    Overloaded(String),
    /// The guest was still running at its deadline.
    #[error("the scenario did not answer within {0} ms")]
    Timeout(u32),
    /// The instance wanted more memory than it may have.
    #[error("the scenario needed more than its {0} MiB of memory")]
    Memory(u32),
    /// The guest trapped.
    #[error("the scenario failed: {reason}")]
    Trap {
        /// Its panic message, or the trap's name. For the log, not for the public.
        reason: String,
        /// Where it panicked, `file:line:column`.
        location: Option<String>,
    },
    /// The response is not one.
    #[error("the scenario's response is not valid: {0}")]
    Response(String),
    /// Policy refuses the caller.
    #[error("access denied")]
    Denied {
        /// The record's reference.
        reference: String,
    },
    /// What must be recorded could not be.
    #[error(transparent)]
    Audit(#[from] AuditUnavailable),
    /// The sandbox itself failed.
    #[error("the sandbox failed: {0}")]
    Sandbox(String),
}

// === impl InvokeError ===

impl InvokeError {
    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Overloaded(_) => ErrorKind::Overloaded,
            Self::Timeout(_) => ErrorKind::Timeout,
            Self::Memory(_) | Self::Trap { .. } | Self::Response(_) => ErrorKind::Guest,
            Self::Denied { .. } => ErrorKind::Denied,
            Self::Audit(_) => ErrorKind::Unavailable,
            Self::Sandbox(_) => ErrorKind::Internal,
        }
    }

    /// A stable word for it, for problem documents and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Overloaded(_) => "overloaded",
            Self::Timeout(_) => "scenario-timeout",
            Self::Memory(_) => "scenario-memory",
            Self::Trap { .. } => "scenario-trap",
            Self::Response(_) => "scenario-response",
            Self::Denied { .. } => "access-denied",
            Self::Audit(_) => "audit-unavailable",
            Self::Sandbox(_) => "sandbox",
        }
    }
}
