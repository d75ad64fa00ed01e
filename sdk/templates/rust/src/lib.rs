//! A box for notes: anybody leaves one, everybody reads the number of notes and each one by its number.
use zhongtai::prelude::*;

#[derive(Serialize, Deserialize)]
struct Note { number: String, text: String, left: Timestamp }

#[derive(Deserialize)]
struct NewNote { text: String }

#[get("/")]
fn welcome() -> Result<String> {
    let notes: u64 = keyvalue::get("count")?.unwrap_or_default();
    Ok(format!("{}! {notes} notes so far.", config::get("greeting").unwrap_or_default()))
}

#[post("/notes")]
fn leave(Json(NewNote { text }): Json<NewNote>) -> Result<Created<Note>> {
    ensure!(!text.trim().is_empty(), unprocessable("a note needs a text"));
    let note = Note { number: random::id(), text, left: clock::now() };
    keyvalue::create(&format!("note/{}", note.number), &note)?;
    let count = keyvalue::modify("count", |count| count.unwrap_or(0_u64) + 1)?;
    info!(count, "note left");
    Ok(Created(note))
}

#[get("/notes/{number}")]
fn read(Path(number): Path<String>) -> Result<Option<Json<Note>>> { Ok(keyvalue::get(&format!("note/{number}"))?.map(Json)) }

zhongtai::plugin!(welcome, leave, read);
