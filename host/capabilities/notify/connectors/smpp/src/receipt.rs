//! What an SMSC says became of a message: optional parameters where it sends them, else the text of appendix B.

use zhongtai_cap_notify::{CarrierId, FailureKind, Outcome, Receipt};

use crate::pdu::Delivered;

/// The receipt; nothing when it says that the message is on its way, or when it can't be read.
pub(crate) fn read(delivered: &Delivered) -> Option<Receipt> {
    let text = String::from_utf8_lossy(&delivered.text);
    let id = delivered.receipted.clone().or_else(|| Some(field(&text, "id:")?.to_owned()))?;
    let stat = delivered.state.and_then(word).or_else(|| field(&text, "stat:"))?;
    let outcome = outcome(stat, field(&text, "err:"))?;
    Some(Receipt { id: CarrierId::try_from(id).ok()?, outcome })
}

/// The word of a `message_state`, 5.2.28.
fn word(state: u8) -> Option<&'static str> {
    Some(match state {
        1 => "ENROUTE",
        2 => "DELIVRD",
        3 => "EXPIRED",
        4 => "DELETED",
        5 => "UNDELIV",
        6 => "ACCEPTD",
        7 => "UNKNOWN",
        8 => "REJECTD",
        _ => return None,
    })
}

fn outcome(stat: &str, error: Option<&str>) -> Option<Outcome> {
    let kind = match stat {
        "DELIVRD" => return Some(Outcome::Delivered),
        "EXPIRED" => FailureKind::Expired,
        "REJECTD" => FailureKind::Refused,
        "UNDELIV" | "DELETED" => FailureKind::Carrier,
        "UNKNOWN" => FailureKind::Other,
        // ENROUTE and ACCEPTD are no ends.
        _ => return None,
    };
    let is_code = |code: &&str| code.len() <= 3 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let reason = match error.filter(is_code) {
        Some(code) => format!("receipt, {stat} {code}"),
        None => format!("receipt, {stat}"),
    };
    Some(Outcome::Failed(kind, reason))
}

/// The value of a field of the text, which ends at a blank. The text of the message comes last: nothing is looked for in
/// it.
fn field<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let ours = text.split("text:").next()?.split("Text:").next()?;
    let mut words = ours.split(' ');
    words.find_map(|word| word.strip_prefix(name)).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receipt(text: &str) -> Option<(String, Outcome)> {
        let delivered = Delivered { esm_class: 4, text: text.into(), receipted: None, state: None };
        read(&delivered).map(|receipt| (receipt.id.as_str().to_owned(), receipt.outcome))
    }

    #[test]
    fn the_text_of_appendix_b_is_read() {
        let text = |stat: &str| {
            format!(
                "id:0123456789 sub:001 dlvrd:001 submit date:2601050200 done date:2601050201 stat:{stat} err:021 \
                 text:stat:DELIVRD id:9"
            )
        };
        let read = |stat: &str| receipt(&text(stat)).map(|(id, outcome)| (id == "0123456789", outcome));
        assert_eq!(read("DELIVRD"), Some((true, Outcome::Delivered)));
        for (stat, kind) in [
            ("EXPIRED", FailureKind::Expired),
            ("REJECTD", FailureKind::Refused),
            ("UNDELIV", FailureKind::Carrier),
            ("DELETED", FailureKind::Carrier),
            ("UNKNOWN", FailureKind::Other),
        ] {
            assert_eq!(read(stat), Some((true, Outcome::Failed(kind, format!("receipt, {stat} 021")))));
        }
        for stat in ["ENROUTE", "ACCEPTD", "", "NONSENSE"] {
            assert_eq!(read(stat), None, "{stat}");
        }
        assert_eq!(receipt("hello"), None);
        assert_eq!(receipt("id: stat:DELIVRD"), None);
    }

    #[test]
    fn optional_parameters_go_before_the_text() {
        let delivered = Delivered {
            esm_class: 4,
            text: b"id:other stat:UNDELIV".to_vec(),
            receipted: Some("7".to_owned()),
            state: Some(2),
        };
        let read = read(&delivered).unwrap();
        assert_eq!((read.id.as_str(), read.outcome), ("7", Outcome::Delivered));
    }
}
