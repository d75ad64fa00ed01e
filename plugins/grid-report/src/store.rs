//! Where reports are kept, and how two sightings of one thing find each other.
//!
//! | key | value |
//! |---|---|
//! | `report/{number}` | the report |
//! | `cell/{category}/{y}/{x}` | points and numbers of the last 24 hours' reports in a cell of the grid |
//! | `index/{category}/{number}/{progress}` | nothing: what lists and statistics leaf through |

use std::time::Duration;

use zhongtai::{
    keyvalue::{self, Changes, Error, Versioned},
    prelude::*,
};

use crate::{
    category::Category,
    number::Number,
    place::{Cell, Point},
    progress::State,
    report::Report,
};

/// After this time the same thing at the same place is a new report.
const SAME_FOR: Duration = Duration::from_secs(24 * 3600);
/// How often to try when others are faster.
const ATTEMPTS: u32 = 16;
/// Reports on one page of a list.
pub const PAGE: usize = 20;

/// What became of a new report.
pub enum Filed {
    New(Report),
    /// Somebody reported the same before; that report counts one supporter more.
    Joined(Report),
}

/// A recent report in a cell.
#[derive(Clone, Serialize, Deserialize)]
struct Marker {
    number: Number,
    point: Point,
    filed: Timestamp,
}

/// What is known around a point: whoever writes in the point's own cell needs the version that was read.
struct Around {
    own: Option<Versioned<Vec<Marker>>>,
    near: Vec<Number>,
}

/// Files a report, or joins one about the same. Two at once in one cell become one; across the border of two cells
/// they may become two, which a dispatcher sees.
pub fn file(mut report: Report) -> Result<Filed> {
    for _ in 0..ATTEMPTS {
        let around = look_around(&report)?;
        for number in &around.near {
            let joined = change(number, |report| Ok(report.joined()))?;
            if !joined.is_closed() {
                return Ok(Filed::Joined(joined));
            }
        }
        match create(&report, around.own).apply() {
            Ok(_) => return Ok(Filed::New(report)),
            Err(Error::Conflict(taken)) if taken == report_key(&report.number) => {
                report.number = Number::draw(report.filed);
            }
            Err(Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(busy())
}

fn look_around(report: &Report) -> Result<Around> {
    let mut around = Around { own: None, near: Vec::new() };
    if !report.category.tells_what() {
        return Ok(around);
    }
    let point = report.place.point();
    for cell in point.cell().neighbourhood() {
        let Some(markers) = keyvalue::entry::<Vec<Marker>>(&cell_key(report.category, cell))? else { continue };
        let same = markers.value.iter().filter(|marker| marker.is_recent(report.filed) && marker.point.is_near(point));
        around.near.extend(same.map(|marker| marker.number.clone()));
        if cell == point.cell() {
            around.own = Some(markers);
        }
    }
    Ok(around)
}

fn create(report: &Report, own: Option<Versioned<Vec<Marker>>>) -> Changes {
    let changes = Changes::new().create(&report_key(&report.number), report).create(&index_key(report), &());
    if !report.category.tells_what() {
        return changes;
    }
    let point = report.place.point();
    let marker = Marker { number: report.number.clone(), point, filed: report.filed };
    let key = cell_key(report.category, point.cell());
    match own {
        None => changes.create(&key, &[marker]),
        Some(Versioned { value: mut markers, version }) => {
            markers.retain(|marker| marker.is_recent(report.filed));
            markers.push(marker);
            changes.update(&key, version, &markers)
        }
    }
}

impl Marker {
    fn is_recent(&self, now: Timestamp) -> bool {
        now.since(self.filed) < SAME_FOR
    }
}

/// The report with this number.
pub fn find(number: &Number) -> Result<Option<Report>> {
    Ok(keyvalue::get(&report_key(number))?)
}

/// Changes a report, and its place in the index with it, as if nobody else did; a refusal changes nothing.
pub fn change(number: &Number, change: impl Fn(Report) -> Result<Report>) -> Result<Report> {
    let key = report_key(number);
    for _ in 0..ATTEMPTS {
        let stored = keyvalue::entry::<Report>(&key)?;
        let Versioned { value: old, version } =
            stored.ok_or_else(|| not_found(format!("there is no report {number}")))?;
        let before = index_key(&old);
        let new = change(old)?;
        let mut changes = Changes::new().update(&key, version, &new);
        if index_key(&new) != before {
            changes = changes.delete(&before).create(&index_key(&new), &());
        }
        match changes.apply() {
            Ok(_) => return Ok(new),
            Err(Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(busy())
}

/// A page of a category's reports, oldest first, after a number.
pub fn page(category: Category, state: Option<State>, after: Option<&Number>) -> Result<Vec<Report>> {
    let mut found = Vec::with_capacity(PAGE);
    for entry in index(category, "", after) {
        let (number, progress) = entry?;
        if state.is_none_or(|state| progress.split('-').next() == Some(&state.to_string())) {
            found.extend(keyvalue::get(&format!("report/{number}"))?);
        }
        if found.len() == PAGE {
            break;
        }
    }
    Ok(found)
}

/// Number and progress of a category's reports whose number begins with `begin`: `received`, ..., `closed`, or
/// `closed-5` when it is rated.
pub fn index(
    category: Category,
    begin: &str,
    after: Option<&Number>,
) -> impl Iterator<Item = Result<(String, String), Error>> {
    let prefix = format!("index/{category}/");
    let keys = keyvalue::keys(&format!("{prefix}{begin}"));
    let keys = match after {
        // `~` comes after every progress.
        Some(after) => keys.after(format!("{prefix}{after}/~")),
        None => keys,
    };
    keys.map(move |key| {
        let key = key?;
        let rest = key.get(prefix.len()..).unwrap_or_default();
        let (number, progress) = rest.split_once('/').unwrap_or((rest, ""));
        Ok((number.to_owned(), progress.to_owned()))
    })
}

fn report_key(number: &Number) -> String {
    format!("report/{number}")
}

fn cell_key(category: Category, Cell { x, y }: Cell) -> String {
    format!("cell/{category}/{y}/{x}")
}

fn index_key(report: &Report) -> String {
    let Report { category, number, state, rating, .. } = report;
    match rating {
        Some(grade) => format!("index/{category}/{number}/{state}-{}", grade.number()),
        None => format!("index/{category}/{number}/{state}"),
    }
}

fn busy() -> Problem {
    conflict("too many people do the same at once, try again").with_code("changed-meanwhile")
}
