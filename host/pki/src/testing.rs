//! A small world for tests: a root, a department, a seal and a time stamper, of one kind of key.
#![expect(clippy::unwrap_used, reason = "test support: what can't be made must fail the test that needs it")]

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use const_oid::ObjectIdentifier;
use zhongtai_kernel::{ManualClock, Timestamp};

use crate::{Algorithm, Authority, Credential, Profile, Revoked, SoftwareKey, Subject, TimeStampAuthority, Trust};

/// When [`World::new`] is.
pub const NOW: &str = "2026-11-23T02:00:00Z";

/// Of the arc that is set aside for examples (RFC 5612).
pub const POLICY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.32473.1");

/// How long revocation lists of the world are in force.
pub const LIST_DAYS: u32 = 30;

/// Authorities and those who sign.
pub struct World {
    /// What all of them go by.
    pub clock: Arc<ManualClock>,
    /// 20 years.
    pub root: Authority,
    /// 10 years.
    pub department: Authority,
    /// 3 years; its chain goes up to the root.
    pub seal: Credential,
    /// 5 years, below the department.
    pub stamper: TimeStampAuthority,
}

// === impl World ===

impl World {
    /// At [`NOW`].
    pub fn new(algorithm: Algorithm) -> Self {
        Self::at(algorithm, NOW.parse().unwrap())
    }

    /// At another time.
    pub fn at(algorithm: Algorithm, now: Timestamp) -> Self {
        let clock = Arc::new(ManualClock::at(now));
        let subject = |name: &str| Subject::new(name).unwrap().organization("清城区人民政府").unwrap();
        let root = Authority::root(key(algorithm), &subject("清城区政务根证书"), 7300, clock.clone()).unwrap();
        let department = root.department(key(algorithm), &subject("城市管理局"), 3650).unwrap();
        let sealed_by = subject("城市管理局公章").unit("城市管理局").unwrap();
        let seal = department.enrol(key(algorithm), &sealed_by, Profile::DocumentSigner, 1095).unwrap();
        let stamping = department.enrol(key(algorithm), &subject("时间戳"), Profile::TimeStamper, 1825).unwrap();
        let stamper = TimeStampAuthority::new(stamping, POLICY, clock.clone()).unwrap();
        Self { clock, root, department, seal, stamper }
    }

    /// The world's time.
    pub fn now(&self) -> SystemTime {
        SystemTime::from(zhongtai_kernel::Clock::now(&*self.clock))
    }

    /// Trusts the root, and knows lists of both authorities from now, on which nothing is.
    pub fn trust(&self) -> Trust {
        self.trust_with(&[])
    }

    /// The same with these on the department's list.
    pub fn trust_with(&self, revoked: &[Revoked]) -> Trust {
        let days = Duration::from_secs(u64::from(LIST_DAYS) * 86_400);
        Trust {
            roots: vec![self.root.certificate().unwrap().clone()],
            revocations: vec![
                self.root.revocation_list(1, &[], days).unwrap(),
                self.department.revocation_list(1, revoked, days).unwrap(),
            ],
        }
    }
}

/// A new key.
pub fn key(algorithm: Algorithm) -> Arc<SoftwareKey> {
    Arc::new(SoftwareKey::generate(algorithm).unwrap())
}
