//! Accounts are recorded by id; people know them by their login name.

use crate::{app::App, problem::Problem};

/// The login name of an account's id; what is no account's id stays as it is.
pub(super) async fn login(app: &App, actor: &str) -> Result<String, Problem> {
    let Ok(id) = actor.parse() else { return Ok(actor.to_owned()) };
    Ok(app.accounts.get(id).await?.map_or_else(|| actor.to_owned(), |account| account.login.as_str().to_owned()))
}
