//! `zhongtai:keyvalue` without a database: counts what is written, and keeps nothing.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use wasmtime::component::{HasSelf, Linker};
use zhongtai_kernel::Access;
use zhongtai_runtime::{Capability, Invocation, Refusal, Services, slow_lane};

wasmtime::component::bindgen!({
    inline: "
        package zhongtai:test-keyvalue;
        world host { import zhongtai:keyvalue/store@0.1.0; }
    ",
    path: "../../wit/keyvalue",
    world: "zhongtai:test-keyvalue/host",
    imports: { default: async | trappable },
});

use zhongtai::keyvalue::store as wit;

/// How many changes guests made.
#[derive(Default)]
pub struct KeyValue(AtomicUsize);

impl KeyValue {
    pub fn changes(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

pub(super) struct InMemory(pub(super) Arc<KeyValue>);

impl Capability for InMemory {
    fn name(&self) -> &'static str {
        "keyvalue"
    }

    fn add_to_linker(&self, linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
        wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
    }

    fn add_provider(&self, services: &mut Services) {
        services.add(self.0.clone());
    }
}

impl wit::Host for Invocation {
    async fn get(&mut self, _: String) -> wasmtime::Result<Result<Option<wit::Entry>, wit::Error>> {
        Ok(Ok(None))
    }

    async fn keys(
        &mut self,
        _: String,
        _: Option<String>,
        _: u32,
    ) -> wasmtime::Result<Result<Vec<String>, wit::Error>> {
        Ok(Ok(Vec::new()))
    }

    async fn apply(&mut self, changes: Vec<wit::Change>) -> wasmtime::Result<Result<Vec<u64>, wit::Error>> {
        let store = self.release().scenario().to_string();
        match self.authorise(&Access::declared("keyvalue:write", "Store", store)).await {
            Ok(()) => {}
            Err(Refusal::Denied(reference)) => return Ok(Err(wit::Error::Denied(reference))),
            Err(Refusal::Unrecorded) => return Err(wasmtime::Error::msg("not recorded")),
        }
        slow_lane().await;
        self.provider::<Arc<KeyValue>>()?.0.fetch_add(changes.len(), Ordering::SeqCst);
        Ok(Ok(vec![1; changes.len()]))
    }
}
