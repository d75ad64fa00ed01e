wasmtime::component::bindgen!({
    inline: "
        package zhongtai:host-random;
        world host { import zhongtai:random/random@0.1.0; }
    ",
    path: "../../../wit/random",
    world: "zhongtai:host-random/host",
    imports: { default: trappable },
});

use wasmtime::component::{HasSelf, Linker};
use zhongtai::random::random as wit;
use zhongtai_runtime::Invocation;

/// Bytes at a time: a guest chooses the number, the host would allocate it.
const MOST: u32 = 65_536;

pub(crate) fn add_to_linker(linker: &mut Linker<Invocation>) -> wasmtime::Result<()> {
    wit::add_to_linker::<_, HasSelf<Invocation>>(linker, |invocation| invocation)
}

impl wit::Host for Invocation {
    fn bytes(&mut self, len: u32) -> wasmtime::Result<Vec<u8>> {
        random_bytes(len)
    }

    fn number(&mut self) -> wasmtime::Result<u64> {
        // Without randomness a guest must not go on: a trap, not a zero.
        getrandom::u64().map_err(|error| wasmtime::Error::msg(format!("no randomness: {error}")))
    }
}

fn random_bytes(len: u32) -> wasmtime::Result<Vec<u8>> {
    let mut bytes = vec![0; len.min(MOST) as usize];
    getrandom::fill(&mut bytes).map_err(|error| wasmtime::Error::msg(format!("no randomness: {error}")))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_cannot_make_the_host_allocate_what_it_likes() {
        assert_eq!(random_bytes(u32::MAX).unwrap().len(), MOST as usize);
    }

    #[test]
    fn bytes_are_not_repeated() {
        assert_ne!(random_bytes(16).unwrap(), random_bytes(16).unwrap());
    }
}
