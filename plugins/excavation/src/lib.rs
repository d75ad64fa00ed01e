//! 占道挖掘许可受理: an enterprise, or a person who acts for one, applies to dig up a road; a window officer decides,
//! and an approved application becomes a permit: an electronic certificate of the enterprise.
//!
//! The place is located in its grid. Public credit stands at the gate: who is barred is refused, who is flagged is looked
//! at by a person. The fee is paid through the platform before anything is approved, where an operator set it up so; the
//! permit goes out on paper, too, for who wants it. The
//! application, its number and its place in the applicant's list are written together or not at all.

mod applicant;
mod application;
mod delivery;
mod fee;
mod form;
mod handlers;
mod idempotency;
mod materials;
mod messages;
mod number;
mod payment;
mod permit;
mod place;
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
    payment::pay,
    permit::issue;
    events: payment::settled, delivery::signed
);
