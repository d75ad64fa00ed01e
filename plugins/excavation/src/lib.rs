//! 占道挖掘许可受理: an enterprise, or a person who acts for one, applies to dig up a road; a window officer decides,
//! and an approved application becomes a permit: an electronic certificate of the enterprise.
//!
//! Public credit stands at the gate: who is barred is refused, who is flagged is looked at by a person. The
//! application, its number and its place in the applicant's list are written together or not at all.

mod applicant;
mod application;
mod fee;
mod form;
mod handlers;
mod idempotency;
mod materials;
mod messages;
mod number;
mod permit;
mod store;
mod view;

use zhongtai::Purpose;

/// The only purpose for which this plugin reads data; `plugin.toml` declares it.
const PURPOSE: Purpose<'static> = Purpose("excavation-permit");

zhongtai::plugin!(
    handlers::apply,
    handlers::list,
    handlers::show,
    handlers::decide,
    materials::ticket,
    materials::hand_in,
    materials::list,
    materials::link,
    permit::issue,
);
