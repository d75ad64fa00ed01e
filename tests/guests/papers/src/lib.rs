//! The call of the document capability, and a link to what it made. What the host answered is told as it is: an error by
//! its variant, so that tests see each of them.
use zhongtai::{
    document::{self, Document, Rendered},
    files,
    prelude::*,
};

#[derive(Deserialize)]
struct Want {
    template: String,
    version: Option<u32>,
    inputs: String,
    case: String,
    purpose: String,
    #[serde(default)]
    ofd: bool,
}

/// What the host answered.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
enum Told {
    Ok(Rendered),
    Error(String),
}

#[post("/render")]
fn render(Json(want): Json<Want>) -> Json<Told> {
    let Want { template, version, inputs, case, purpose, ofd } = want;
    let format = if ofd { document::Format::Ofd } else { document::Format::Pdf };
    let document = Document { template, version, inputs, case, purpose, subject: None, format };
    Json(document::render(&document).map_or_else(|error| Told::Error(format!("{error:?}")), Told::Ok))
}

#[get("/files/{id}")]
fn stat(Path(id): Path<String>) -> Result<Json<files::File>> {
    Ok(Json(files::stat(&id, Purpose("road-repair"))?))
}

#[post("/files/{id}/link")]
fn link(Path(id): Path<String>) -> Result<Json<files::Ticket>> {
    Ok(Json(files::download(&id, Purpose("road-repair"))?))
}

zhongtai::plugin!(render, stat, link);
