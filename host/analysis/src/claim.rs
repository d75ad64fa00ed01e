//! "Whatever `from` allows, `to` allows": what is claimed, of which policies, and what else must hold beside it.

use std::collections::BTreeSet;

use cedar_policy::{PolicySet, Schema};
use zhongtai_kernel::Mask;

use crate::{
    Words,
    kinds::Kind,
    rule::Rule,
    solver::{Session, Trouble},
};

/// Which permits count: what is shown under a mask is less than what is shown plainly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum View {
    /// Every permit: is it allowed at all?
    Any,
    /// Permits without a mask: is it shown plainly?
    Plain,
    /// Permits without a mask or with this one: is it shown so far at least?
    Under(Mask),
}

/// The claim that every request of a kind which `from` allows is allowed by `to`.
pub(crate) struct Claim<'r, 'a> {
    pub(crate) kind: &'r Kind,
    pub(crate) schema: &'r Schema,
    /// All of `from`, for asking it.
    pub(crate) from: &'r PolicySet,
    /// What only `from` has.
    pub(crate) from_own: Vec<&'r Rule<'a>>,
    /// All of `to`.
    pub(crate) to: &'r PolicySet,
    /// What only `to` has.
    pub(crate) to_own: Vec<&'r Rule<'a>>,
    /// What both have: `from`'s and `to`'s.
    pub(crate) common: Vec<(&'r Rule<'a>, &'r Rule<'a>)>,
}

// === impl View ===

impl View {
    pub(crate) fn counts(self, rule: &Rule<'_>) -> bool {
        match self {
            Self::Any => true,
            Self::Plain => rule.mask.is_none(),
            Self::Under(mask) => rule.mask.is_none_or(|own| own == mask),
        }
    }
}

// === impl Claim ===

impl Claim<'_, '_> {
    /// What has to be proved: that no more is allowed and, where permits mask, that nothing is hidden less.
    ///
    /// A permit without a mask shows all; masks that differ show nothing. So what is shown less hidden is shown plainly
    /// (`Plain`), or under a mask where no permit of `to` showed as much (`Under`), or only one mask is left of several
    /// ([`Self::stays_hidden`]).
    pub(crate) fn views(&self) -> Vec<View> {
        let mut views = vec![View::Any];
        let masks = masks(self.from_own.iter().copied().chain(self.common.iter().map(|(rule, _)| *rule)));
        let to_masks = self.to_masks();
        if !masks.is_empty() || !to_masks.is_empty() {
            views.push(View::Plain);
        }
        views.extend(masks.into_iter().filter(|mask| *mask != Mask::All).map(View::Under));
        views
    }

    /// Where `to` hides everything because permits mask differently, and one of those is `to`'s own, `from` may hide
    /// less. That is no question of permits any more.
    pub(crate) fn stays_hidden(&self) -> Result<(), Trouble> {
        let own = self.to_own.iter().find(|rule| rule.is_permit() && rule.mask.is_some());
        match own {
            Some(rule) if self.to_masks().len() > 1 => Err(Trouble::Unknown(Words::new(
                format!("策略 {} 的脱敏与其他策略不同，叠加后的显示效果未证明", rule.id()),
                format!("policy {} masks otherwise than others do; what both together show was not proved", rule.id()),
            ))),
            _ => Ok(()),
        }
    }

    /// A policy that errs denies by the platform's rule, and is skipped by Cedar's, which is what was proved. So what
    /// only `to` has must never err.
    pub(crate) async fn never_errs(&self, session: &mut Session<'_>) -> Result<(), Trouble> {
        for rule in &self.to_own {
            if session.never_errors(&self.kind.env, self.schema, rule.fixed()?).await?.is_some() {
                return Err(Trouble::Unknown(Words::new(
                    format!("策略 {} 可能出错，出错时一律拒绝；此时的差异未证明", rule.id()),
                    format!("policy {} can err, which denies; what is allowed then was not compared", rule.id()),
                )));
            }
        }
        Ok(())
    }

    fn to_masks(&self) -> BTreeSet<Mask> {
        masks(self.to_own.iter().copied().chain(self.common.iter().map(|(_, rule)| *rule)))
    }
}

fn masks<'r>(rules: impl Iterator<Item = &'r Rule<'r>>) -> BTreeSet<Mask> {
    rules.filter_map(|rule| rule.mask).collect()
}
