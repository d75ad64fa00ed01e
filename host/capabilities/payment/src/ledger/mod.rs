//! The double-entry ledger: entries whose postings add up to zero, only ever added.
//!
//! | account | what its balance says (debit positive) |
//! |---|---|
//! | `receivable:{department}` | what is asked for and not paid |
//! | `clearing:{channel}` | what a gateway took for us and did not give back |
//! | `revenue:{item}` | negative: what was asked for by the item and not withdrawn |
//! | `refunds:{item}` | what was given back of it, or is on its way |
//! | `payable:{department}` | negative: what is on its way back |
//! | `suspense:{channel}` | negative: money that came too late and is not given back yet |

mod check;

pub(crate) use check::books;
pub use check::{Books, Imbalance};

use hmac::{Hmac, KeyInit as _, Mac};
use sha2::Sha256;
use zhongtai_kernel::Timestamp;
use zhongtai_store::{StoreError, WriteTransaction};

use crate::{Fen, Line, PaymentError};

/// What an entry records. With what it is about it is unique: the database refuses the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    Noticed,
    Closed,
    Settled,
    Late,
    RefundSent,
    RefundDone,
    RefundFailed,
    Returned,
}

/// An entry whose postings add up to zero: there is no other way to make one.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    kind: EntryKind,
    about: String,
    postings: Vec<(String, i64)>,
}

/// Seals entries with the platform's key, so that who can write to the database and has no key can't change one unseen.
#[derive(Clone)]
pub(crate) struct LedgerKey([u8; 32]);

// === impl EntryKind ===

impl EntryKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Noticed => "noticed",
            Self::Closed => "closed",
            Self::Settled => "settled",
            Self::Late => "late",
            Self::RefundSent => "refund-sent",
            Self::RefundDone => "refund-done",
            Self::RefundFailed => "refund-failed",
            Self::Returned => "returned",
        }
    }
}

// === impl Entry ===

impl Entry {
    /// The only way to an entry: at least two postings, none of nothing, together zero.
    pub(crate) fn new(kind: EntryKind, about: &str, postings: Vec<(String, i64)>) -> Result<Self, PaymentError> {
        let sum = postings.iter().try_fold(0_i64, |sum, (_, amount)| sum.checked_add(*amount));
        if sum != Some(0) || postings.len() < 2 || postings.iter().any(|(_, amount)| *amount == 0) {
            return Err(PaymentError::Fault(format!("an entry `{}` does not balance", kind.as_str())));
        }
        Ok(Self { kind, about: about.to_owned(), postings })
    }

    fn between(kind: EntryKind, about: &str, debit: String, credit: String, amount: Fen) -> Result<Self, PaymentError> {
        Self::new(kind, about, vec![(debit, amount.get()), (credit, -amount.get())])
    }

    /// Somebody has to pay.
    pub(crate) fn noticed(number: &str, owner: &str, total: Fen, lines: &[Line]) -> Result<Self, PaymentError> {
        let mut postings = vec![(receivable(owner), total.get())];
        postings.extend(lines.iter().map(|line| (revenue(&line.item), -line.amount.get())));
        Self::new(EntryKind::Noticed, number, postings)
    }

    /// Nobody has to pay any more.
    pub(crate) fn closed(number: &str, owner: &str, total: Fen, lines: &[Line]) -> Result<Self, PaymentError> {
        let mut postings: Vec<_> = lines.iter().map(|line| (revenue(&line.item), line.amount.get())).collect();
        postings.push((receivable(owner), -total.get()));
        Self::new(EntryKind::Closed, number, postings)
    }

    /// A gateway took what was due.
    pub(crate) fn settled(order: &str, channel: &str, owner: &str, amount: Fen) -> Result<Self, PaymentError> {
        Self::between(EntryKind::Settled, order, clearing(channel), receivable(owner), amount)
    }

    /// A gateway took what was not due any more.
    pub(crate) fn late(order: &str, channel: &str, amount: Fen) -> Result<Self, PaymentError> {
        Self::between(EntryKind::Late, order, clearing(channel), suspense(channel), amount)
    }

    /// It is on its way back. `shares` are of items.
    pub(crate) fn refund_sent(refund: &str, owner: &str, shares: &[(String, Fen)]) -> Result<Self, PaymentError> {
        let mut postings: Vec<_> = shares.iter().map(|(item, share)| (refunds(item), share.get())).collect();
        let amount = Fen::sum(shares.iter().map(|(_, share)| *share));
        postings.push((payable(owner), -amount.map_or(0, Fen::get)));
        Self::new(EntryKind::RefundSent, refund, postings)
    }

    /// It is back.
    pub(crate) fn refund_done(refund: &str, channel: &str, owner: &str, amount: Fen) -> Result<Self, PaymentError> {
        Self::between(EntryKind::RefundDone, refund, payable(owner), clearing(channel), amount)
    }

    /// It will never be back: what [`Self::refund_sent`] did is undone.
    pub(crate) fn refund_failed(refund: &str, sent: Vec<(String, i64)>) -> Result<Self, PaymentError> {
        let back = sent.into_iter().map(|(account, amount)| (account, -amount)).collect();
        Self::new(EntryKind::RefundFailed, refund, back)
    }

    /// Money that came too late is back.
    pub(crate) fn returned(refund: &str, channel: &str, amount: Fen) -> Result<Self, PaymentError> {
        Self::between(EntryKind::Returned, refund, suspense(channel), clearing(channel), amount)
    }
}

pub(crate) fn receivable(owner: &str) -> String {
    format!("receivable:{owner}")
}

pub(crate) fn clearing(channel: &str) -> String {
    format!("clearing:{channel}")
}

pub(crate) fn revenue(item: &str) -> String {
    format!("revenue:{item}")
}

pub(crate) fn refunds(item: &str) -> String {
    format!("refunds:{item}")
}

pub(crate) fn payable(owner: &str) -> String {
    format!("payable:{owner}")
}

pub(crate) fn suspense(channel: &str) -> String {
    format!("suspense:{channel}")
}

// === impl LedgerKey ===

impl LedgerKey {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// A key for something else that this one's holder keeps.
    pub(crate) fn derive(&self, what: &str) -> [u8; 32] {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of 32 bytes");
        mac.update(b"derive ");
        mac.update(what.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// HMAC-SHA256 over an entry, each part with its length.
    fn mac(&self, (id, kind, about, at): (&str, &str, &str, i64), postings: &[(String, i64)]) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of 32 bytes");
        for part in [id, kind, about] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part.as_bytes());
        }
        mac.update(&at.to_le_bytes());
        for (account, amount) in postings {
            mac.update(&(account.len() as u64).to_le_bytes());
            mac.update(account.as_bytes());
            mac.update(&amount.to_le_bytes());
        }
        hex::encode(mac.finalize().into_bytes())
    }
}

/// Adds an entry, in the transaction of what it records.
pub(crate) async fn post(
    write: &mut WriteTransaction,
    key: &LedgerKey,
    entry: Entry,
    now: Timestamp,
) -> Result<(), PaymentError> {
    let (id, at, kind) = (ulid::Ulid::generate().to_string(), now.as_millisecond(), entry.kind.as_str());
    let mac = key.mac((&id, kind, &entry.about, at), &entry.postings);
    let sql = "INSERT INTO payment_entries (id, kind, about, at, mac) VALUES ($1, $2, $3, $4, $5)";
    sqlx::query(sql).bind(&id).bind(kind).bind(&entry.about).bind(at).bind(mac).execute(&mut **write).await?;
    let sql = "INSERT INTO payment_postings (entry, line, account, amount) VALUES ($1, $2, $3, $4)";
    for (line, (account, amount)) in entry.postings.iter().enumerate() {
        let line = i64::try_from(line).unwrap_or(i64::MAX);
        sqlx::query(sql).bind(&id).bind(line).bind(account).bind(*amount).execute(&mut **write).await?;
    }
    Ok(())
}

/// The postings of an entry.
pub(crate) async fn postings(
    write: &mut WriteTransaction,
    kind: EntryKind,
    about: &str,
) -> Result<Vec<(String, i64)>, StoreError> {
    let sql = "SELECT p.account, p.amount FROM payment_entries e JOIN payment_postings p ON p.entry = e.id \
               WHERE e.kind = $1 AND e.about = $2 ORDER BY p.line";
    Ok(sqlx::query_as(sql).bind(kind.as_str()).bind(about).fetch_all(&mut **write).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_that_does_not_balance_can_not_be_made() {
        let post = |postings: &[(&str, i64)]| {
            let postings = postings.iter().map(|(account, amount)| ((*account).to_owned(), *amount)).collect();
            Entry::new(EntryKind::Settled, "x", postings)
        };
        post(&[("a", 5), ("b", -5)]).unwrap();
        post(&[("a", 5), ("b", -3), ("c", -2)]).unwrap();
        let wrong: [&[(&str, i64)]; 6] = [
            &[],
            &[("a", 0)],
            &[("a", 5), ("b", -4)],
            &[("a", 0), ("b", 0)],
            &[("a", i64::MAX), ("b", 1), ("c", i64::MIN)],
            &[("a", i64::MIN), ("b", -1), ("c", i64::MAX)],
        ];
        for postings in wrong {
            assert!(matches!(post(postings), Err(PaymentError::Fault(_))), "{postings:?}");
        }
    }
}
