//! What a `command_status` means (5.1.3): whose fault it is, and whether to come again.

use zhongtai_cap_notify::{DeliveryError, FailureKind};

/// `ESME_ROK`
pub(crate) const OK: u32 = 0;

/// True when the SMSC wants fewer messages: `ESME_RTHROTTLED`, or `ESME_RMSGQFUL`.
pub(crate) fn is_throttled(status: u32) -> bool {
    matches!(status, 0x58 | 0x14)
}

/// The failure of a message that was not taken.
pub(crate) fn failure(status: u32) -> DeliveryError {
    let reason = format!("SMPP {status:#010x}");
    match status {
        // RINVDSTADR
        0x0b => DeliveryError::permanent(FailureKind::NoSuchAddress, reason),
        // RINVMSGLEN, RINVESMCLASS, RINVDCS (vendor's): what we wrote is not taken.
        0x01 | 0x43 | 0x67 => DeliveryError::permanent(FailureKind::Content, reason),
        _ if is_throttled(status) => DeliveryError::temporary(FailureKind::Throttled, reason),
        // RINVBNDSTS, RINVSRCADR, RBINDFAIL, RINVPASWD, RINVSYSID, RINVSRCTON, RINVSRCNPI, RINVSYSTYP: an operator can
        // mend them.
        0x04 | 0x0a | 0x0d | 0x0e | 0x0f | 0x48 | 0x49 | 0x53 => DeliveryError::temporary(FailureKind::Account, reason),
        _ => DeliveryError::temporary(FailureKind::Carrier, reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whose_fault_it_is_and_whether_to_come_again() {
        let permanent = |kind, reason: &str| DeliveryError::permanent(kind, reason);
        let temporary = |kind, reason: &str| DeliveryError::temporary(kind, reason);
        assert_eq!(failure(0x0b), permanent(FailureKind::NoSuchAddress, "SMPP 0x0000000b"));
        assert_eq!(failure(0x01), permanent(FailureKind::Content, "SMPP 0x00000001"));
        assert_eq!(failure(0x58), temporary(FailureKind::Throttled, "SMPP 0x00000058"));
        assert_eq!(failure(0x14), temporary(FailureKind::Throttled, "SMPP 0x00000014"));
        assert_eq!(failure(0x0e), temporary(FailureKind::Account, "SMPP 0x0000000e"));
        assert_eq!(failure(0x08), temporary(FailureKind::Carrier, "SMPP 0x00000008"));
        assert_eq!(failure(0x0400), temporary(FailureKind::Carrier, "SMPP 0x00000400"));
    }
}
