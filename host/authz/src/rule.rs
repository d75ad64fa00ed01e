//! The platform's rule on top of Cedar's answer. Whoever asks Cedar, on live requests or to try a draft, takes the
//! answer by this one.

use std::collections::BTreeSet;

use zhongtai_kernel::{Effect, Mask};

/// What Cedar's answer comes to: whether it `allowed`, whether some policy `erred`, and the masks of the permits that
/// decided.
///
/// - Cedar skips a policy that errs. Were it a forbid, that would let somebody through: so an error denies.
/// - A permit without a mask shows all. Where permits mask differently, nothing is shown.
pub fn conclude(allowed: bool, erred: bool, masks: impl IntoIterator<Item = Option<Mask>>) -> (Effect, Option<Mask>) {
    if allowed && !erred { (Effect::Allow, joined(masks)) } else { (Effect::Deny, None) }
}

fn joined(masks: impl IntoIterator<Item = Option<Mask>>) -> Option<Mask> {
    let masks: BTreeSet<Mask> = masks.into_iter().collect::<Option<_>>()?;
    match masks.first() {
        Some(mask) if masks.len() == 1 => Some(*mask),
        Some(_) => Some(Mask::All),
        None => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_denies_and_masks_are_joined() {
        let (name, phone) = (Some(Mask::Name), Some(Mask::Phone));
        assert_eq!(conclude(true, false, [None]), (Effect::Allow, None));
        assert_eq!(conclude(true, false, [name, name]), (Effect::Allow, name));
        assert_eq!(conclude(true, false, [name, phone]), (Effect::Allow, Some(Mask::All)));
        assert_eq!(conclude(true, false, [name, None, phone]), (Effect::Allow, None));
        assert_eq!(conclude(true, true, [name]), (Effect::Deny, None));
        assert_eq!(conclude(false, false, [None]), (Effect::Deny, None));
    }
}
