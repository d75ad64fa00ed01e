use zhongtai_kernel::Access;
use zhongtai_runtime::Asker;

use crate::CertificateError;

/// Why something is asked for: purpose, legal ground, consent and case, as policy sees them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Why {
    /// 目的, one that the manifest declares.
    pub purpose: Option<String>,
    /// 依据, such as `statutory-duty`.
    pub basis: Option<String>,
    /// 授权书: its id.
    pub consent: Option<String>,
    /// 办件: its id.
    pub case: Option<String>,
}

/// A case's or a consent's id goes into the audit log, where nothing personal may be.
const LONGEST_ID: usize = 64;

// === impl Why ===

impl Why {
    /// For a purpose only.
    pub fn purpose(purpose: impl Into<String>) -> Self {
        Self { purpose: Some(purpose.into()), ..Self::default() }
    }

    /// The same for a case.
    #[must_use]
    pub fn case(mut self, case: impl Into<String>) -> Self {
        self.case = Some(case.into());
        self
    }

    /// The same on a legal ground.
    #[must_use]
    pub fn basis(mut self, basis: impl Into<String>) -> Self {
        self.basis = Some(basis.into());
        self
    }

    /// The same access for these reasons.
    pub(crate) fn of<'a>(&'a self, mut access: Access<'a>) -> Access<'a> {
        access.purpose = self.purpose.as_deref();
        access.basis = self.basis.as_deref();
        access.consent = self.consent.as_deref();
        access.case = self.case.as_deref();
        access
    }

    /// Refuses what can't be an id, and a purpose that was not declared.
    pub(crate) fn check(&self, asker: &Asker) -> Result<(), CertificateError> {
        for (what, id) in [("case", &self.case), ("consent", &self.consent), ("basis", &self.basis)] {
            if id.as_deref().is_some_and(|id| !is_id(id)) {
                return Err(CertificateError::invalid(what, "1 to 64 of A-Z, a-z, 0-9, `-`, `_`, `.`, `:` and `/`"));
            }
        }
        match &self.purpose {
            Some(purpose) if !asker.declares(purpose) => Err(CertificateError::UndeclaredPurpose(cut(purpose))),
            _ => Ok(()),
        }
    }
}

/// A guest's text in an error of ours.
fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

fn is_id(text: &str) -> bool {
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/".contains(&b))
}
