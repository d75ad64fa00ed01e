//! What Cedar leaves of the policies when everything but the row is known. Its type-aware partial evaluation is
//! experimental, so nothing outside of this file knows it.

use std::sync::Arc;

use cedar_policy::{
    Effect, Entities, EntityUid, PartialEntities, PartialEntityUid, PartialRequest, Policy, Request,
    pst::{Clause, Expr},
};
use zhongtai_authz::Compiled;
use zhongtai_kernel::chain;

use crate::RowFilterError;

/// A policy for any row.
pub(crate) struct Residual {
    pub(crate) id: String,
    pub(crate) effect: Effect,
    /// It shows what it permits only masked.
    pub(crate) masks: bool,
    /// What must hold of the row, all of it; `None` when Cedar can't write it down.
    pub(crate) conditions: Option<Vec<Condition>>,
}

/// A `when`, or with `is_unless` an `unless`.
pub(crate) struct Condition {
    pub(crate) expression: Arc<Expr>,
    pub(crate) is_unless: bool,
}

// === impl Residual ===

impl Residual {
    /// The policies for `request`, whose resource is taken for any of its type; sorted by their ids.
    pub(crate) fn all(
        compiled: &Compiled,
        request: &Request,
        entities: &Entities,
    ) -> Result<Vec<Self>, RowFilterError> {
        let fail = |error: &dyn std::error::Error| RowFilterError::Evaluation(chain(error));
        let schema = compiled.schema();
        let request = partial(request, compiled)?;
        let entities = PartialEntities::from_concrete(entities.clone(), schema).map_err(|error| fail(&error))?;
        let response = compiled.policies().tpe(&request, &entities, schema).map_err(|error| fail(&error))?;
        let mut residuals: Vec<Self> = response.policies().map(|policy| Self::of(&policy)).collect();
        residuals.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(residuals)
    }

    fn of(policy: &Policy) -> Self {
        Self {
            id: policy.id().to_string(),
            effect: policy.effect(),
            masks: policy.annotation("mask").is_some(),
            conditions: policy.to_pst().ok().map(|policy| policy.body().clauses().iter().map(Condition::of).collect()),
        }
    }
}

// === impl Condition ===

impl Condition {
    fn of(clause: &Clause) -> Self {
        match clause {
            Clause::When(expression) => Self { expression: expression.clone(), is_unless: false },
            Clause::Unless(expression) => Self { expression: expression.clone(), is_unless: true },
        }
    }
}

fn partial(request: &Request, compiled: &Compiled) -> Result<PartialRequest, RowFilterError> {
    let known =
        |uid: Option<&EntityUid>| uid.cloned().ok_or_else(|| RowFilterError::Question("no principal".to_owned()));
    let resource = known(request.resource())?;
    PartialRequest::new(
        PartialEntityUid::from_concrete(known(request.principal())?),
        known(request.action())?,
        PartialEntityUid::new(resource.type_name().clone(), None),
        request.context().cloned(),
        compiled.schema(),
    )
    .map_err(|error| RowFilterError::Question(chain(&error)))
}
