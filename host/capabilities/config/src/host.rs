wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-config;
        world host { import zhongtai:config/settings@0.1.0; }
    ",
    path: "../../../wit/config",
    world: "zhongtai:host-config/host",
    imports: { default: trappable },
});

use std::{collections::BTreeMap, sync::Arc};

use wasmtime::component::{HasSelf, Linker};
use zhongtai::config::settings as wit;
use zhongtai_runtime::Invocation;

use crate::ConfigProvider;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

impl wit::Host for Invocation {
    fn get(&mut self, key: String) -> wasmtime::Result<Option<String>> {
        let provider = self.provider::<Arc<dyn ConfigProvider>>()?;
        let set = provider.settings(self.release().scenario());
        Ok(set.get(&key).or_else(|| self.release().manifest().config.get(&key)).cloned())
    }

    fn all(&mut self) -> wasmtime::Result<Vec<(String, String)>> {
        let provider = self.provider::<Arc<dyn ConfigProvider>>()?;
        let mut all: BTreeMap<String, String> = self.release().manifest().config.clone();
        all.extend(provider.settings(self.release().scenario()).as_ref().clone());
        Ok(all.into_iter().collect())
    }
}
