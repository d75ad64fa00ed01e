//! A caller that is no plugin: somebody at the platform's own API. Policy sees a plugin of the officer's department,
//! named `desk`.

use std::sync::Arc;

use zhongtai_kernel::{Caller, Channel, Digest, Release, RequestId, Subject};
use zhongtai_runtime::Asker;

use crate::{app::App, problem::Problem};

/// Where citizens and enterprises ask: of no department's.
const PLATFORM: &str = "000000-platform";

/// Who asks in one request, whether somebody signed in or not: the desk of the subject's department, or the platform's.
pub(crate) fn anybody(
    app: &App,
    (subject, channel): (Option<Arc<Subject>>, Channel),
    purpose: &str,
) -> Result<Asker, Problem> {
    let department = subject.as_ref().and_then(|subject| subject.department.as_ref());
    let release = release(department.map_or(PLATFORM, |department| department.as_str()), "public", Some(purpose))?;
    Ok(app.runtime.asker(RequestId::generate(), Caller::new(release, subject, channel)))
}

/// Who asks in one request: the desk of the subject's department, which declares `purpose`; the API checked that it is
/// a purpose's name.
pub(crate) fn desk(
    app: &App,
    (subject, channel): (Arc<Subject>, Channel),
    purpose: Option<&str>,
) -> Result<Asker, Problem> {
    let department = subject.department.as_ref().map_or(PLATFORM, |department| department.as_str());
    let caller = Caller::new(release(department, "signed-in", purpose)?, Some(subject), channel);
    Ok(app.runtime.asker(RequestId::generate(), caller))
}

/// What stands for the API, with the purpose that it declares.
fn release(department: &str, access: &str, purpose: Option<&str>) -> Result<Arc<Release>, Problem> {
    let purposes = toml::Value::from(purpose.into_iter().collect::<Vec<_>>());
    let manifest = format!(
        "[plugin]\nname = \"desk\"\nversion = \"1\"\ndepartment = \"{department}\"\ntitle = \"柜台\"\n\
         access = \"{access}\"\npurposes = {purposes}\n"
    );
    Ok(Arc::new(Release::parse(Digest::of(b"desk"), &manifest)?))
}
