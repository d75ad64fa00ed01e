//! The built-in authorities: a root, below it one of each department, and who stamps times, makes seals and certifies
//! persons. Each is made when it is first needed, once for all hosts: whoever stores its row first has made it.

use std::{collections::HashMap, sync::Arc};

use der::{Decode as _, EncodePem as _, pem::LineEnding};
use jiff::SignedDuration;
use parking_lot::Mutex;
use zhongtai_kernel::{Clock, DepartmentId, Timestamp};
use zhongtai_pki::{
    Algorithm, Authority, Certificate, CertificateList, Credential, ObjectIdentifier, Profile, SoftwareKey, Subject,
    TimeStampAuthority, Trust, certificates,
};
use zhongtai_store::{Store, StoreError, WriteTransaction};

use super::list;
use crate::{Cause, SealConfig, SealError, seal::MOST_DAYS, vault::Vault};

const ROOT_DAYS: u32 = 7300;
const ISSUER_DAYS: u32 = 3650;
const STAMPER_DAYS: u32 = 1826;

/// What an authority of the platform is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role<'a> {
    /// Above all others.
    Root,
    /// Stamps times.
    Stamper,
    /// Makes seals (制章): signs the data of GB/T 38540.
    Maker,
    /// Certifies the keys of persons.
    Persons,
    /// Certifies the seals of a department.
    Department(&'a DepartmentId),
}

// === impl Role ===

impl Role<'_> {
    fn as_str(&self) -> &str {
        match self {
            Self::Root => "root",
            Self::Stamper => "stamper",
            Self::Maker => "maker",
            Self::Persons => "persons",
            Self::Department(department) => department.as_str(),
        }
    }

    /// For how long one is made.
    fn days(self) -> u32 {
        match self {
            Self::Root => ROOT_DAYS,
            Self::Stamper => STAMPER_DAYS,
            Self::Maker | Self::Persons | Self::Department(_) => ISSUER_DAYS,
        }
    }

    /// How long one must still live to be used: as long as what it signs. An older one gets a successor.
    fn days_left(self) -> u32 {
        match self {
            Self::Root => ISSUER_DAYS + 1,
            Self::Stamper => 30,
            Self::Maker | Self::Persons | Self::Department(_) => MOST_DAYS + 1,
        }
    }

    fn title(self) -> String {
        match self {
            Self::Root => "电子印章根证书".to_owned(),
            Self::Stamper => "时间戳".to_owned(),
            Self::Maker => "电子印章制作".to_owned(),
            Self::Persons => "个人电子签名".to_owned(),
            Self::Department(department) => format!("{department} 电子印章"),
        }
    }
}

/// An authority in use.
pub(crate) struct Issuer {
    /// Such as `441802-chengguan-sm2-1`: its lists are published under this name.
    pub(crate) id: String,
    pub(crate) credential: Credential,
    valid_until: Timestamp,
}

/// All of them.
pub(crate) struct Authorities {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) vault: Arc<Vault>,
    organization: String,
    address: Option<String>,
    policy: ObjectIdentifier,
    kept: Mutex<HashMap<(String, Algorithm), Arc<Issuer>>>,
    trust: Mutex<Option<(Version, Arc<Trust>)>>,
}

/// How many authorities there are, and the sum of their lists' numbers: it changes with every one of them.
type Version = (i64, i64);

/// `id`, `generation`, `key_sealed`, `chain`, `valid_until`.
type Row = (String, i64, Vec<u8>, String, i64);

// === impl Issuer ===

impl Issuer {
    /// As an authority that issues certificates and lists.
    pub(crate) fn authority(&self, all: &Authorities) -> Result<Authority, SealError> {
        let authority = Authority::load(self.credential.clone(), all.clock.clone())?;
        Ok(match &all.address {
            Some(address) => {
                authority.with_lists_at(&format!("{}/api/v1/seals/crl/{}.crl", address.trim_end_matches('/'), self.id))
            }
            None => authority,
        })
    }
}

// === impl Authorities ===

impl Authorities {
    pub(crate) fn new(
        store: Store,
        clock: Arc<dyn Clock>,
        vault: Arc<Vault>,
        config: &SealConfig,
    ) -> Result<Self, SealError> {
        let policy = ObjectIdentifier::new(&config.stamp_policy)
            .map_err(|_| SealError::invalid("stamp_policy", "an object identifier, such as 1.3.6.1.4.1.32473.1"))?;
        // Said at the start, not when the first seal is made.
        Subject::new("root")?.organization(&config.organization)?;
        Ok(Self {
            store,
            clock,
            vault,
            organization: config.organization.clone(),
            address: config.address.clone(),
            policy,
            kept: Mutex::default(),
            trust: Mutex::default(),
        })
    }

    /// A subject of the organization that runs these authorities.
    pub(crate) fn subject(&self, name: &str) -> Result<Subject, SealError> {
        Ok(Subject::new(name)?.organization(&self.organization)?)
    }

    /// The authority of that role; made now if there is none that lives long enough.
    pub(crate) async fn issuer(&self, role: Role<'_>, algorithm: Algorithm) -> Result<Arc<Issuer>, SealError> {
        let key = (role.as_str().to_owned(), algorithm);
        if let Some(kept) = self.kept.lock().get(&key).filter(|kept| self.lives(kept, role)) {
            return Ok(kept.clone());
        }
        let issuer = Arc::new(self.find_or_make(role, algorithm).await?);
        self.kept.lock().insert(key, issuer.clone());
        Ok(issuer)
    }

    /// The time stamping authority.
    pub(crate) async fn stamper(&self, algorithm: Algorithm) -> Result<TimeStampAuthority, SealError> {
        let issuer = self.issuer(Role::Stamper, algorithm).await?;
        Ok(TimeStampAuthority::new(issuer.credential.clone(), self.policy, self.clock.clone())?)
    }

    async fn find_or_make(&self, role: Role<'_>, algorithm: Algorithm) -> Result<Issuer, SealError> {
        let newest = self.newest(role, algorithm).await?;
        let generation = newest.as_ref().map_or(0, |(generation, _)| *generation) + 1;
        if let Some((_, issuer)) = newest.filter(|(_, issuer)| self.lives(issuer, role)) {
            return Ok(issuer);
        }
        self.make(role, algorithm, generation).await?;
        // Another host may have been first: what is stored is what counts.
        let found = self.newest(role, algorithm).await?;
        found.map(|(_, issuer)| issuer).ok_or_else(|| SealError::Fault("an authority is gone".to_owned()))
    }

    fn lives(&self, issuer: &Issuer, role: Role<'_>) -> bool {
        let needed = SignedDuration::from_hours(24 * i64::from(role.days_left()));
        self.clock.now().checked_add(needed).is_ok_and(|needed| issuer.valid_until >= needed)
    }

    async fn newest(&self, role: Role<'_>, algorithm: Algorithm) -> Result<Option<(i64, Issuer)>, SealError> {
        let sql = "SELECT id, generation, key_sealed, chain, valid_until FROM seal_authorities \
                   WHERE role = $1 AND algorithm = $2 ORDER BY generation DESC LIMIT 1";
        let row: Option<Row> =
            sqlx::query_as(sql).bind(role.as_str()).bind(word(algorithm)).fetch_optional(self.store.pool()).await?;
        row.map(|row| Ok((row.1, self.issuer_of(row)?))).transpose()
    }

    fn issuer_of(&self, (id, _, key, chain, valid_until): Row) -> Result<Issuer, SealError> {
        let signer = Arc::new(self.vault.keys.open(&key, &place(&id))?);
        let credential = Credential::new(signer, certificates(&chain)?)?;
        Ok(Issuer { id, credential, valid_until: time(valid_until)? })
    }

    async fn make(&self, role: Role<'_>, algorithm: Algorithm, generation: i64) -> Result<(), SealError> {
        let key = Arc::new(SoftwareKey::generate(algorithm)?);
        let subject = self.subject(&role.title())?;
        let credential = match role {
            Role::Root => Authority::root(key.clone(), &subject, role.days(), self.clock.clone())?.credential().clone(),
            // One step only: a root needs nobody.
            _ => {
                let root = Box::pin(self.issuer(Role::Root, algorithm)).await?.authority(self)?;
                root.enrol(key.clone(), &subject, profile(role), role.days())?
            }
        };
        let id = format!("{}-{}-{generation}", role.as_str(), word(algorithm));
        let key = self.vault.keys.seal(&key, &place(&id))?;
        self.insert((role, algorithm, generation), &id, key, credential).await
    }

    async fn insert(
        &self,
        (role, algorithm, generation): (Role<'_>, Algorithm, i64),
        id: &str,
        key: Vec<u8>,
        credential: Credential,
    ) -> Result<(), SealError> {
        let chain = certificates_pem(&credential.chain)?;
        let end = credential.certificate()?.tbs_certificate().validity().not_after.to_system_time();
        let end = Timestamp::try_from(end).map_err(|error| SealError::Fault(error.to_string()))?;
        let first = match profile(role) {
            Profile::Root | Profile::Department => {
                let authority = Authority::load(credential, self.clock.clone())?;
                Some(list::sign(&authority, 1, &[], self.clock.now())?)
            }
            Profile::DocumentSigner | Profile::TimeStamper => None,
        };
        let (first, until) = first.unzip();
        let sql = "INSERT INTO seal_authorities (id, role, algorithm, generation, key_sealed, chain, made_at, \
                   valid_until, list_number, list, list_until) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1, $9, $10) ON CONFLICT DO NOTHING";
        let done = sqlx::query(sql)
            .bind(id)
            .bind(role.as_str())
            .bind(word(algorithm))
            .bind(generation)
            .bind(key)
            .bind(chain)
            .bind(self.clock.now().as_millisecond())
            .bind(end.as_millisecond())
            .bind(first)
            .bind(until)
            .execute(self.store.pool())
            .await?;
        if done.rows_affected() == 1 {
            tracing::info!(authority = id, "an authority was made");
        }
        Ok(())
    }

    /// Takes a certificate back: it is on its authority's list when the transaction is committed.
    pub(crate) async fn revoke(
        &self,
        write: &mut WriteTransaction,
        (authority, serial): (&str, &str),
        cause: Cause,
    ) -> Result<(), SealError> {
        let sql = "INSERT INTO seal_revocations (authority, serial, since, cause) VALUES ($1, $2, $3, $4) \
                   ON CONFLICT (authority, serial) DO NOTHING";
        sqlx::query(sql)
            .bind(authority)
            .bind(serial)
            .bind(self.clock.now().as_millisecond())
            .bind(cause.as_str())
            .execute(&mut **write)
            .await?;
        list::renew(self, write, authority, None).await.map(drop)
    }

    /// The certificates of all roots there were, P-256 and SM2, newest first; made now if there is none.
    pub(crate) async fn roots(&self) -> Result<Vec<Certificate>, SealError> {
        for algorithm in [Algorithm::EcdsaP256Sha256, Algorithm::Sm2Sm3] {
            self.issuer(Role::Root, algorithm).await?;
        }
        let sql = "SELECT chain FROM seal_authorities WHERE role = 'root' ORDER BY algorithm, generation DESC";
        let chains: Vec<String> = sqlx::query_scalar(sql).fetch_all(self.store.pool()).await?;
        let own = |chain: &String| Ok(certificates(chain)?.into_iter().take(1));
        Ok(chains.iter().map(own).collect::<Result<Vec<_>, SealError>>()?.into_iter().flatten().collect())
    }

    /// Roots and the newest list of each authority. Read again only when one has changed.
    pub(crate) async fn trust(&self) -> Result<Arc<Trust>, SealError> {
        let sql = "SELECT COUNT(*), CAST(COALESCE(SUM(list_number), 0) AS BIGINT) FROM seal_authorities";
        let version: Version = sqlx::query_as(sql).fetch_one(self.store.pool()).await?;
        let kept = self.trust.lock().as_ref().filter(|(of, _)| *of == version).map(|(_, trust)| trust.clone());
        if let Some(trust) = kept {
            return Ok(trust);
        }
        let sql = "SELECT role, chain, list FROM seal_authorities";
        let rows: Vec<(String, String, Option<Vec<u8>>)> = sqlx::query_as(sql).fetch_all(self.store.pool()).await?;
        let mut trust = Trust::default();
        for (role, chain, list) in rows {
            if role == "root" {
                trust.roots.extend(certificates(&chain)?.into_iter().take(1));
            }
            let read = |list: Vec<u8>| CertificateList::from_der(&list);
            let list = list.map(read).transpose();
            trust.revocations.extend(list.map_err(|error| StoreError::corrupt("seal_authorities.list", error))?);
        }
        let trust = Arc::new(trust);
        *self.trust.lock() = Some((version, trust.clone()));
        Ok(trust)
    }
}

fn profile(role: Role<'_>) -> Profile {
    match role {
        Role::Root => Profile::Root,
        Role::Persons | Role::Department(_) => Profile::Department,
        Role::Stamper => Profile::TimeStamper,
        Role::Maker => Profile::DocumentSigner,
    }
}

/// An algorithm as it is stored and named.
pub(crate) fn word(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::EcdsaP256Sha256 => "p256",
        Algorithm::Sm2Sm3 => "sm2",
        Algorithm::RsaPkcs1Sha256 => "rsa",
    }
}

/// What an authority's key is bound to.
fn place(id: &str) -> String {
    format!("authority/{id}")
}

/// Certificates as PEM, one after the other.
///
/// # Errors
/// Never for certificates that were read or made.
pub fn certificates_pem(chain: &[Certificate]) -> Result<String, SealError> {
    let pem = chain.iter().map(|one| one.to_pem(LineEnding::LF)).collect::<Result<String, _>>();
    pem.map_err(|error| SealError::Fault(format!("a certificate can't be encoded: {error}")))
}

pub(crate) fn time(millis: i64) -> Result<Timestamp, StoreError> {
    Timestamp::from_millisecond(millis).map_err(|_| StoreError::corrupt("seal time", "it is out of range"))
}
