//! For everybody, without signing in.

use zhongtai::prelude::*;

use crate::{
    messages,
    number::{Month, Number},
    place::Bounds,
    report::{NewReport, Report},
    secret::Code,
    statistics::Statistics,
    store::{self, Filed},
    view::{Receipt, Status},
};

/// Files a report, or joins the one about the same thing.
#[post("/reports")]
pub fn file(Json(new): Json<NewReport>) -> Result<Response> {
    let inside = Bounds::of_district()?.contain(new.place.point());
    ensure!(inside, unprocessable("the place lies outside the district").with_code("outside-district"));
    let code = Code::draw();
    let receipt = match store::file(Report::new(new, code.seal(), clock::now()))? {
        Filed::New(report) => {
            messages::received(&report);
            info!(number = %report.number, category = %report.category, "report filed");
            Receipt::new(&report, Some(code))
        }
        Filed::Joined(report) => {
            info!(number = %report.number, supporters = report.supporters, "report joined");
            Receipt::new(&report, None)
        }
    };
    let location = format!("reports/{}", receipt.number);
    Ok(match receipt.joined {
        false => Created(receipt).at(location),
        true => Json(receipt).into_response().with_header("location", location),
    })
}

/// How far a report is.
#[get("/reports/{number}")]
pub fn status(Path(number): Path<Number>) -> Result<Option<Json<Status>>> {
    Ok(store::find(&number)?.map(|report| Json(Status::from(&report))))
}

#[derive(Deserialize)]
pub struct Period {
    month: Option<Month>,
}

/// A month's reports by category; this month's unless another is asked for.
#[get("/statistics")]
pub fn statistics(Query(Period { month }): Query<Period>) -> Result<Json<Statistics>> {
    let month = month.unwrap_or_else(|| Month::of(clock::now()));
    Ok(Json(Statistics::of(&month)?))
}
