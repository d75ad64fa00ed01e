//! Argon2id, off the reactor and bounded: each hash takes 19 MiB and some 20 ms of a core.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{Error, PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Password, SubjectError};

/// OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane.
const PARAMETERS: (u32, u32, u32) = (19 * 1024, 2, 1);

/// What an unknown login's password is checked against, so that it takes as long as a wrong one. Nothing hashes to
/// it on purpose: salt and output are fixed texts.
pub(crate) const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5LWhhcy10aGlzIQ$bm8gcGFzc3dvcmQgaGFzaGVzIHRvIHRoaXMgb25lISE";

/// Passwords that may be checked or wait for it at once; one more is refused.
const PLACES: usize = 64;

/// Hashes and verifies passwords, a few at once.
pub(crate) struct Hashing {
    places: Arc<Semaphore>,
    cores: Arc<Semaphore>,
}

/// The right to hash once.
pub(crate) struct Place {
    cores: Arc<Semaphore>,
    _place: OwnedSemaphorePermit,
}

// === impl Hashing ===

impl Hashing {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { places: Arc::new(Semaphore::new(PLACES)), cores: Arc::new(Semaphore::new(cores)) }
    }

    /// Takes a place, or says at once that there is none.
    pub(crate) fn place(&self) -> Result<Place, SubjectError> {
        let place = self.places.clone().try_acquire_owned().map_err(|_| SubjectError::Busy)?;
        Ok(Place { cores: self.cores.clone(), _place: place })
    }

    /// The PHC string of a new password.
    pub(crate) async fn hash(&self, password: Password) -> Result<String, SubjectError> {
        self.place()?.run(move || hash(&password)).await
    }
}

// === impl Place ===

impl Place {
    /// True when `password` is the one that was hashed to `phc`.
    pub(crate) async fn verify(self, password: Password, phc: String) -> Result<bool, SubjectError> {
        self.run(move || verify(&password, &phc)).await
    }

    /// The permits go with the work: a caller that is gone does not make room for another hash.
    async fn run<T, W>(self, work: W) -> Result<T, SubjectError>
    where
        T: Send + 'static,
        W: FnOnce() -> Result<T, Error> + Send + 'static,
    {
        let core = self.cores.clone().acquire_owned().await.map_err(|_| SubjectError::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let _held = (self, core);
            work()
        });
        let result = done.await.map_err(|_| SubjectError::Fault("the hashing task was lost".to_owned()))?;
        result.map_err(|error| SubjectError::Fault(format!("a password can't be hashed or verified: {error}")))
    }
}

fn argon2id() -> Result<Argon2<'static>, Error> {
    let (memory, passes, lanes) = PARAMETERS;
    let parameters = Params::new(memory, passes, lanes, None).map_err(|_| Error::ParamsInvalid)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters))
}

fn hash(password: &Password) -> Result<String, Error> {
    let hash: PasswordHash = argon2id()?.hash_password(password.expose().as_bytes())?;
    Ok(hash.to_string())
}

/// The parameters are those of the hash, so that ones chosen later don't lock anybody out.
fn verify(password: &Password, phc: &str) -> Result<bool, Error> {
    let hash = PasswordHash::new(phc).map_err(|_| Error::EncodingInvalid)?;
    match argon2id()?.verify_password(password.expose().as_bytes(), &hash) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_argon2id_with_owasps_parameters_and_a_salt_of_its_own() {
        let password = Password::new("correct horse battery").unwrap();
        let (one, other) = (hash(&password).unwrap(), hash(&password).unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(verify(&password, &one).unwrap());
        assert!(!verify(&Password::new("correct horse batterx").unwrap(), &one).unwrap());
    }

    #[test]
    fn nobodys_hash_costs_what_a_real_one_costs() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let real = PasswordHash::new(&hash(&Password::generate().unwrap()).unwrap()).unwrap();
        assert_eq!((nobody.algorithm, nobody.version), (real.algorithm, real.version));
        assert_eq!(nobody.params.to_string(), real.params.to_string());
        assert_eq!(nobody.salt.map(|salt| salt.len()), real.salt.map(|salt| salt.len()));
        assert_eq!(nobody.hash.map(|hash| hash.len()), real.hash.map(|hash| hash.len()));
        assert!(!verify(&Password::generate().unwrap(), NOBODY).unwrap());
    }

    #[tokio::test]
    async fn a_host_that_checks_many_passwords_refuses_one_more_at_once() {
        let hashing = Hashing::new();
        let places: Vec<_> = (0..PLACES).map(|_| hashing.place().unwrap()).collect();
        assert!(matches!(hashing.place(), Err(SubjectError::Busy)));
        drop(places);
        assert!(hashing.place().is_ok());
    }
}
