//! Compiled components on disk. Loading one runs it as machine code, so only files that this host sealed are loaded:
//! each begins with an HMAC-SHA256 under the host's own key, over the component's digest and the artifact.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use wasmtime::{Engine, component::Component};
use zhongtai_kernel::Digest;

use crate::LoadError;

const SEAL: usize = 32;

/// The key of this host: made at its first start, readable by its user only, never sent anywhere.
#[derive(Clone)]
pub struct HostKey([u8; 32]);

// === impl HostKey ===

impl HostKey {
    /// Reads the key at `path`, or makes it.
    pub fn load_or_create(path: &Path) -> io::Result<Self> {
        match std::fs::read(path) {
            Ok(bytes) => bytes.try_into().map(Self).map_err(|_| io::Error::other("the host key is not 32 bytes")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::create(path),
            Err(error) => Err(error),
        }
    }

    fn create(path: &Path) -> io::Result<Self> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(io::Error::other)?;
        // Under another name first: a crash must not leave half a key.
        let draft = path.with_extension("draft");
        let _ = std::fs::remove_file(&draft);
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        file.write_all(&key)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        Ok(Self(key))
    }

    /// A key for another use, so that one can't stand in for the other.
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.mac(&[b"derive", purpose.as_bytes()]).finalize().into_bytes().into()
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of 32 bytes");
        for part in parts {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac
    }
}

/// The cache of compiled components.
#[derive(Clone)]
pub(crate) struct ArtifactCache {
    dir: PathBuf,
    key: HostKey,
}

// === impl ArtifactCache ===

impl ArtifactCache {
    pub(crate) fn open(dir: PathBuf, key: HostKey) -> io::Result<Self> {
        std::fs::create_dir_all(&dir)?;
        Ok(Self { dir, key })
    }

    /// The compiled component, from the cache when its seal is right; `None` when it has to be compiled.
    pub(crate) fn load(&self, engine: &Engine, digest: &Digest) -> Option<Component> {
        let bytes = std::fs::read(self.path(engine, digest)).ok()?;
        let (seal, artifact) = bytes.split_at_checked(SEAL)?;
        if self.key.mac(&[digest.hex().as_bytes(), artifact]).verify_slice(seal).is_err() {
            tracing::warn!(%digest, "an AOT artifact does not bear this host's seal; compiling the component again");
            return None;
        }
        deserialize(engine, artifact)
            .inspect_err(|error| tracing::warn!(%error, %digest, "an AOT artifact can't be loaded"))
            .ok()
    }

    /// Compiles a component, seals the artifact and stores it.
    pub(crate) fn compile(&self, engine: &Engine, digest: &Digest, component: &[u8]) -> Result<Component, LoadError> {
        let failed = |error: wasmtime::Error| LoadError::Compile(format!("{error:#}"));
        let artifact = engine.precompile_component(component).map_err(failed)?;
        // The pool's limits are checked here: what it has no room for is not stored.
        let compiled = deserialize(engine, &artifact).map_err(failed)?;
        self.store(engine, digest, &artifact)?;
        Ok(compiled)
    }

    /// Writes under another name first: a crash must leave a whole file or none.
    fn store(&self, engine: &Engine, digest: &Digest, artifact: &[u8]) -> io::Result<()> {
        let path = self.path(engine, digest);
        // Of its own: the same component may be loaded by two threads at once.
        static DRAFTS: AtomicU64 = AtomicU64::new(0);
        let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
        let draft = path.with_extension(format!("draft-{}-{number}", std::process::id()));
        let seal = self.key.mac(&[digest.hex().as_bytes(), artifact]).finalize().into_bytes();
        let mut file = std::fs::File::create(&draft)?;
        file.write_all(&seal)?;
        file.write_all(artifact)?;
        file.sync_all()?;
        std::fs::rename(draft, path)
    }

    /// One file per component and engine configuration: an upgrade of either compiles again.
    fn path(&self, engine: &Engine, digest: &Digest) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        engine.precompile_compatibility_hash().hash(&mut hasher);
        self.dir.join(format!("{}-{:016x}.cwasm", digest.hex(), hasher.finish()))
    }
}

fn deserialize(engine: &Engine, artifact: &[u8]) -> wasmtime::Result<Component> {
    #[expect(unsafe_code, reason = "the artifact comes from this process's compiler, or bears this host's seal")]
    unsafe {
        Component::deserialize(engine, artifact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache(dir: &Path) -> ArtifactCache {
        let key = HostKey::load_or_create(&dir.join("host.key")).unwrap();
        ArtifactCache::open(dir.join("aot"), key).unwrap()
    }

    fn only_artifact(dir: &Path) -> PathBuf {
        std::fs::read_dir(dir.join("aot")).unwrap().next().unwrap().unwrap().path()
    }

    #[test]
    fn an_artifact_with_one_bit_flipped_or_of_another_component_is_not_loaded() {
        let dir = tempfile::tempdir().unwrap();
        let (cache, engine) = (cache(dir.path()), Engine::default());
        let component = wat::parse_str("(component)").unwrap();
        let digest = Digest::of(&component);
        cache.compile(&engine, &digest, &component).unwrap();
        assert!(cache.load(&engine, &digest).is_some());

        let path = only_artifact(dir.path());
        let sealed = std::fs::read(&path).unwrap();
        let other = Digest::of(b"another component");
        std::fs::copy(&path, cache.path(&engine, &other)).unwrap();
        assert!(cache.load(&engine, &other).is_none(), "a seal is for one component");

        let mut flipped = sealed.clone();
        *flipped.last_mut().unwrap() ^= 1;
        std::fs::write(&path, flipped).unwrap();
        assert!(cache.load(&engine, &digest).is_none());
        std::fs::write(&path, &sealed[..40]).unwrap();
        assert!(cache.load(&engine, &digest).is_none(), "a truncated file");
    }

    #[test]
    fn another_hosts_artifacts_are_not_loaded() {
        let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let engine = Engine::default();
        let component = wat::parse_str("(component)").unwrap();
        let digest = Digest::of(&component);
        let their_cache = cache(theirs.path());
        their_cache.compile(&engine, &digest, &component).unwrap();
        let our_cache = cache(ours.path());
        std::fs::copy(only_artifact(theirs.path()), our_cache.path(&engine, &digest)).unwrap();
        assert!(our_cache.load(&engine, &digest).is_none());
    }
}
