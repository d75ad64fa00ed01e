wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-clock;
        world host { import zhongtai:clock/clock@0.1.0; }
    ",
    path: "../../../wit/clock",
    world: "zhongtai:host-clock/host",
    imports: { default: trappable },
});

use wasmtime::component::{HasSelf, Linker};
use zhongtai::clock::clock as wit;
use zhongtai_runtime::Invocation;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

impl wit::Host for Invocation {
    fn now(&mut self) -> wasmtime::Result<u64> {
        // Before 1970 the clock is broken; 0 says so as well as anything.
        Ok(u64::try_from(Invocation::now(self).as_nanosecond()).unwrap_or(0))
    }

    fn monotonic(&mut self) -> wasmtime::Result<u64> {
        Ok(u64::try_from(self.started().elapsed().as_nanos()).unwrap_or(u64::MAX))
    }
}
