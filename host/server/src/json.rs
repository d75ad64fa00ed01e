//! JSON bodies whose errors are problem documents.

use std::error::Error;

use axum::{
    Json,
    extract::{FromRequest, Request, rejection::JsonRejection},
};
use serde::de::DeserializeOwned;
use zhongtai_kernel::ErrorKind;

use crate::problem::Problem;

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(rejection) => Err(problem(&rejection)),
        }
    }
}

/// serde's message may quote a value: only where it is and what was wrong in general is told.
fn problem(rejection: &JsonRejection) -> Problem {
    match rejection {
        JsonRejection::JsonDataError(error) => Problem::new(ErrorKind::Invalid, "invalid-json", misfit(error)),
        JsonRejection::JsonSyntaxError(_) => Problem::new(ErrorKind::Invalid, "invalid-json", "the body is not JSON"),
        JsonRejection::MissingJsonContentType(_) => {
            Problem::new(ErrorKind::Invalid, "content-type", "expected content-type: application/json")
        }
        _ => unreadable(),
    }
}

const MISFIT: &str = "the JSON does not have the expected fields and types";

/// Which field does not fit, where that can be told.
fn misfit(error: &(dyn Error + 'static)) -> String {
    let mut within = Some(error);
    while let Some(error) = within {
        if let Some(field) = error.downcast_ref().and_then(field) {
            return format!("{MISFIT}: see `{field}`");
        }
        within = error.source();
    }
    MISFIT.to_owned()
}

/// The name of a field: the one that is missing, or the way to the one that is there. A way may have names in it that
/// the client made up: only such as a field of ours could have are told again.
fn field(fault: &serde_path_to_error::Error<serde_json::Error>) -> Option<String> {
    let said = fault.inner().to_string();
    let missing = said.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
    let way = fault.path().to_string();
    let named = match (missing, way.as_str()) {
        (Some(missing), ".") => missing.to_owned(),
        (Some(missing), way) => format!("{way}.{missing}"),
        (None, way) => way.to_owned(),
    };
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '[' | ']');
    (named != "." && named.len() <= LONGEST_WAY && named.chars().all(is_plain)).then_some(named)
}

/// Bytes; deeper ones are none of ours.
const LONGEST_WAY: usize = 100;

/// What did not arrive whole.
pub(crate) fn unreadable() -> Problem {
    Problem::new(ErrorKind::TooLarge, "body-too-large", "the body can't be read, or is too large")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Form {
        text: String,
        rows: Vec<Row>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Row {
        fen: u32,
    }

    fn told(body: &str) -> String {
        match Json::<Form>::from_bytes(body.as_bytes()) {
            Ok(form) => panic!("{:?} was taken", form.0),
            Err(JsonRejection::JsonDataError(error)) => misfit(&error),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn the_field_that_does_not_fit_is_named_and_its_value_is_not() {
        let cases = [
            (r#"{"text": 440000199001010010, "rows": []}"#, "text"),
            (r#"{"text": "x"}"#, "rows"),
            (r#"{"text": "x", "rows": [{"fen": 1}, {"fen": -1}]}"#, "rows[1].fen"),
            (r#"{"text": "x", "rows": [{}]}"#, "rows[0].fen"),
            (r#"{"text": "x", "rows": [], "more": 1}"#, "more"),
        ];
        for (body, named) in cases {
            assert_eq!(told(body), format!("{MISFIT}: see `{named}`"), "{body}");
        }
    }

    #[test]
    fn a_name_that_no_field_has_is_not_told_again() {
        let long = "a".repeat(LONGEST_WAY + 1);
        for name in ["<script>", "13800138000 张", long.as_str()] {
            assert_eq!(told(&format!(r#"{{"text": "x", "rows": [], "{name}": 1}}"#)), MISFIT);
        }
        assert_eq!(told("[]"), MISFIT);
    }
}
