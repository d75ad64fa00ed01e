//! What the benchmark calls: an answer without a capability, and one with a guarded read.
use zhongtai::{credit, prelude::*};

#[get("/")]
fn hello() -> &'static str {
    "hello"
}

#[get("/credit/{code}")]
fn verdict(Path(code): Path<CreditCode>) -> Result<Json<credit::Verdict>> {
    Ok(Json(credit::check(&code, Purpose("bench"))?))
}

zhongtai::plugin!(hello, verdict);
