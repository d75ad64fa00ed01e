//! What policy is asked, and by whom when the host itself acts.

use std::sync::Arc;

use zhongtai_kernel::{Access, Attribute, Caller, Channel, Digest, Release, RequestId, ScenarioId};
use zhongtai_runtime::{Asker, Services};

use crate::{FeeItem, Notice, PaymentError, RefundRecord};

/// Where the host reconciles: of no department's.
const PLATFORM: &str = "000000-platform/payment";

/// May the asker do that with a fee item?
pub(super) async fn item(
    asker: &mut Asker,
    action: &'static str,
    item: &FeeItem,
    case: Option<&str>,
) -> Result<(), PaymentError> {
    let attributes = [
        ("owner", Attribute::Entity("Department".into(), item.owner.as_str().into())),
        ("status", Attribute::Text(item.status.as_str().into())),
    ];
    let mut access = Access::described(action, "FeeItem", item.code.as_str(), &attributes);
    access.case = case;
    Ok(asker.authorise(&access).await?)
}

/// May the asker do that with a notice, or with a refund of it?
pub(super) async fn notice(
    asker: &mut Asker,
    action: &'static str,
    notice: &Notice,
    refund: Option<&RefundRecord>,
) -> Result<(), PaymentError> {
    let mut attributes = vec![
        ("owner", Attribute::Entity("Department".into(), notice.owner.as_str().into())),
        ("payer", Attribute::Text(notice.payer.to_string().into())),
        ("status", Attribute::Text(notice.standing.as_str().into())),
    ];
    let requester = refund.and_then(|refund| refund.requester);
    attributes.extend(requester.map(|account| ("requester", Attribute::Text(account.to_string().into()))));
    let mut access = Access::described(action, "PaymentNotice", notice.number.as_str(), &attributes);
    access.case = notice.case.as_deref();
    Ok(asker.authorise(&access).await?)
}

/// The same of a notice that is not there: as if it were the asker's department's, and nobody's to pay. Who may not see
/// their department's notices is refused as for one that is there.
pub(super) async fn unknown(asker: &mut Asker, action: &'static str) -> Result<(), PaymentError> {
    let department = asker.scenario().department().to_string();
    let attributes = [
        ("owner", Attribute::Entity("Department".into(), department.into())),
        ("payer", Attribute::Text("".into())),
        ("status", Attribute::Text("unknown".into())),
    ];
    let access = Access::described(action, "PaymentNotice", "unknown", &attributes);
    Ok(asker.authorise(&access).await?)
}

/// May a channel's bill be held against the ledger?
pub(super) async fn channel(asker: &mut Asker, channel: &str) -> Result<(), PaymentError> {
    let attributes = [("name", Attribute::Text(channel.into()))];
    let access = Access::described("payment:reconcile", "PaymentChannel", channel, &attributes);
    Ok(asker.authorise(&access).await?)
}

/// The host itself, at work for a scenario.
pub(super) fn the_host(scenario: &ScenarioId, services: Arc<Services>) -> Result<Asker, PaymentError> {
    let (name, department) = (scenario.name(), scenario.department());
    let manifest = format!(
        "[plugin]\nname = \"{name}\"\nversion = \"1\"\ndepartment = \"{department}\"\ntitle = \"系统\"\n\
         access = \"signed-in\"\n"
    );
    let release = Release::parse(Digest::of(b"the host"), &manifest);
    let release = release.map_err(|error| PaymentError::Fault(error.to_string()))?;
    let caller = Caller::new(Arc::new(release), None, Channel::Internal);
    Ok(Asker::new(RequestId::generate(), Arc::new(caller), services))
}

/// The host itself, at work for nobody.
pub(super) fn the_platform(services: Arc<Services>) -> Result<Asker, PaymentError> {
    let scenario: ScenarioId = PLATFORM.parse().map_err(|_| PaymentError::Fault("no scenario's id".to_owned()))?;
    the_host(&scenario, services)
}
