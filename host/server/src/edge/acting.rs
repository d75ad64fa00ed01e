//! Acting for an enterprise (委托): by choice in a session, or by a header with a bearer token.

use std::sync::Arc;

use http::HeaderMap;
use zhongtai_cap_subject::{Acting, Credential, Mandate, MandateId, Session};
use zhongtai_kernel::{Access, Attribute, Channel, ErrorKind, Subject};
use zhongtai_runtime::Refusal;

use crate::{app::App, desk::desk, edge::on_shared, problem::Problem};

/// The enterprise's credit code (GB 32100-2015), in a request with a bearer token.
const ACTING_FOR: &str = "x-acting-for";

/// The session as it acts in this request.
pub(super) async fn in_request(app: &App, session: Session, headers: &HeaderMap) -> Result<Session, Problem> {
    let mut wanted = headers.get_all(ACTING_FOR).iter();
    match (session.credential, wanted.next(), wanted.next()) {
        (_, None, _) if session.acting == Acting::Ended => Err(ended()),
        (_, None, _) => Ok(session),
        (Credential::Token(_), Some(code), None) => {
            let code = code.to_str().ok().and_then(|code| code.parse().ok());
            let invalid = || Problem::new(ErrorKind::Invalid, "acting-for", "`x-acting-for` is not a credit code");
            by_header(app, session, code.ok_or_else(invalid)?).await
        }
        _ => {
            let detail = "`x-acting-for` goes once, and with a bearer token; in a browser, choose at /account";
            Err(Problem::new(ErrorKind::Invalid, "acting-for", detail))
        }
    }
}

async fn by_header(app: &App, mut session: Session, code: zhongtai_kernel::CreditCode) -> Result<Session, Problem> {
    let (mandates, person) = (app.mandates.clone(), session.person.clone());
    let found = on_shared(app, async move { Ok(mandates.acting_for(&person, &code).await?) }).await?;
    let subject = found.ok_or_else(no_mandate)?;
    let agent = subject.agent.as_ref().ok_or_else(no_mandate)?;
    let mandate: MandateId = agent.mandate.parse()?;
    authorise(app, (&session.person, Channel::Api), &agent.mandate, "valid").await?;
    (session.subject, session.acting) = (subject, Acting::By(mandate));
    Ok(session)
}

/// Whether policy lets somebody act by a mandate, which is theirs; recorded.
pub(crate) async fn may_act(app: &App, person: &Arc<Subject>, mandate: &Mandate) -> Result<(), Problem> {
    if mandate.agent != person.account {
        return Err(no_mandate());
    }
    let status = mandate.status(app.clock.now());
    authorise(app, (person, Channel::Web), &mandate.id.to_string(), status).await
}

async fn authorise(
    app: &App,
    (person, channel): (&Arc<Subject>, Channel),
    mandate: &str,
    status: &str,
) -> Result<(), Problem> {
    let attributes =
        [("agent", Attribute::Text(person.account.to_string().into())), ("status", Attribute::Text(status.into()))];
    let access = Access::described("subject:act-for", "Mandate", mandate, &attributes);
    match desk(app, (person.clone(), channel), None)?.authorise(&access).await {
        Ok(()) => Ok(()),
        Err(Refusal::Denied(reference)) => {
            let detail = format!("access denied; reference {reference}");
            Err(Problem::new(ErrorKind::Denied, "access-denied", detail))
        }
        Err(Refusal::Unrecorded) => {
            let detail = "the audit log can't be written, and what has to be recorded is not done";
            Err(Problem::new(ErrorKind::Unavailable, "audit-unavailable", detail))
        }
    }
}

pub(crate) fn no_mandate() -> Problem {
    let detail = "there is no such mandate that holds now: the enterprise gives one at /account";
    Problem::new(ErrorKind::Denied, "no-mandate", detail)
}

/// What they do next must not be taken for their own.
fn ended() -> Problem {
    let detail = "the mandate that you chose does not hold any more: choose at /account for whom you act";
    Problem::new(ErrorKind::Denied, "mandate-ended", detail)
}
