//! 材料: plans and photographs that an applicant hands in. Their bytes go past the plugin, to the platform's files.

use zhongtai::{
    files::{self, File, Kind, Ticket},
    prelude::*,
};

use crate::{
    PURPOSE,
    application::State,
    number::Number,
    view::{Reader, visible},
};

/// A plan of a road is a scan of some pages.
const LARGEST: u64 = 20 << 20;

#[derive(Serialize)]
pub struct Materials {
    materials: Vec<File>,
}

/// Where the applicant sends one file to, while nobody decided.
#[post("/applications/{number}/materials")]
pub fn ticket(subject: Subject, Path(number): Path<Number>) -> Result<Created<Ticket>> {
    open(&subject, &number)?;
    let draft = files::upload(&number.to_string(), PURPOSE).at_most(LARGEST);
    let kinds = [Kind::Pdf, Kind::Ofd, Kind::Jpeg, Kind::Png];
    Ok(Created(kinds.into_iter().fold(draft, files::Draft::kind).ticket()?))
}

/// Takes a file that arrived into the application, for good.
#[put("/applications/{number}/materials/{id}")]
pub fn hand_in(subject: Subject, Path((number, id)): Path<(Number, String)>) -> Result<Json<File>> {
    open(&subject, &number)?;
    let file = of(&number, &id)?;
    files::attach(&id)?;
    info!(%number, kind = ?file.kind, bytes = file.bytes, "material handed in");
    Ok(Json(File { attached: true, ..file }))
}

/// What was handed in: the applicant's own, all of it for the window.
#[get("/applications/{number}/materials")]
pub fn list(subject: Subject, Path(number): Path<Number>) -> Result<Json<Materials>> {
    visible(&subject, &number)?;
    let case = number.to_string();
    let found = match Reader::of(&subject) {
        Reader::Window => files::all(&case, PURPOSE)?,
        Reader::Applicant => files::own(&case, PURPOSE)?,
    };
    Ok(Json(Materials { materials: found.into_iter().filter(|file| file.attached).collect() }))
}

/// A ticket to look at a file.
#[post("/applications/{number}/materials/{id}/link")]
pub fn link(subject: Subject, Path((number, id)): Path<(Number, String)>) -> Result<Created<Ticket>> {
    visible(&subject, &number)?;
    of(&number, &id)?;
    Ok(Created(files::download(&id, PURPOSE)?))
}

/// The subject's own application, when it waits for a decision.
fn open(subject: &Subject, number: &Number) -> Result<()> {
    let application = visible(subject, number)?;
    ensure!(
        application.applicant.handle == subject.handle,
        forbidden("materials are handed in by the applicant").with_code("not-applicant")
    );
    let decided = application.state != State::Received;
    ensure!(!decided, conflict("the application is decided").with_code("already-decided"));
    Ok(())
}

/// A file of this application. One of another is as unknown as none.
fn of(number: &Number, id: &str) -> Result<File> {
    let file = files::stat(id, PURPOSE)?;
    ensure!(file.case == number.to_string(), not_found("there is no such file"));
    Ok(file)
}
