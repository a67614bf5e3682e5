//! What comes with a request: JSON, gathered and bounded; or a file, piece by piece.

use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use futures_util::StreamExt;
use serde_json::Value;

use crate::api::problem::{Kind, Problem};
use crate::upload_body::UPLOAD_STALL_MAX;

/// Octets of a body of JSON: a message in several languages.
const JSON_OCTETS_MAX: usize = 1 << 20;
/// How long it may take to come: shorter than a request may take in all, so that it is told apart.
const BODY_MAX: Duration = Duration::from_secs(20);

/// The body as it came, which says that it is JSON.
pub(super) async fn with_json(request: Request) -> Result<(Request, Bytes), Problem> {
    let headers = request.headers();
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Problem::new(Kind::MediaType, "Send application/json. Nothing was changed."));
    }
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > JSON_OCTETS_MAX) {
        return Err(too_large());
    }
    let (parts, body) = request.into_parts();
    let read = tokio::time::timeout(BODY_MAX, gathered(body)).await;
    let octets = read.map_err(too_slow)??;
    Ok((Request::from_parts(parts, Body::empty()), octets))
}

async fn gathered(body: Body) -> Result<Bytes, Problem> {
    let (mut octets, mut body) = (Vec::new(), body.into_data_stream());
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(broken_off)?;
        if octets.len() + piece.len() > JSON_OCTETS_MAX {
            return Err(too_large());
        }
        octets.extend_from_slice(&piece);
    }
    Ok(octets.into())
}

fn too_large() -> Problem {
    let detail = format!("No more than {JSON_OCTETS_MAX} octets are taken. Nothing was changed.");
    Problem::new(Kind::TooLarge, detail)
}

/// The parser's own words can quote what was sent: only the place is told.
pub(super) fn parsed(octets: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(octets).map_err(|error| {
        let detail = format!(
            "It is not JSON from line {}, column {} on. Nothing was changed.",
            error.line(),
            error.column()
        );
        Problem::new(Kind::Malformed, detail)
    })
}

/// The next piece of a file; nothing at its end. How long nothing may come is as with one that is uploaded in the console.
pub(super) async fn next_piece(body: &mut BodyDataStream) -> Result<Option<Bytes>, Problem> {
    let next = tokio::time::timeout(UPLOAD_STALL_MAX, body.next()).await.map_err(too_slow)?;
    next.transpose().map_err(broken_off)
}

fn too_slow(_: tokio::time::error::Elapsed) -> Problem {
    Problem::new(Kind::TooSlow, "Nothing was changed. Send it again.")
}

fn broken_off(_: axum::Error) -> Problem {
    Problem::new(Kind::Malformed, "The connection broke off. Nothing was changed.")
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::time::Instant;

    use super::*;

    /// A piece, and then the connection stands still.
    fn stands_still() -> Body {
        let piece = stream::iter([Ok::<_, std::io::Error>("{")]);
        Body::from_stream(piece.chain(stream::pending()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_not_waited_for() {
        let request = Request::builder().header(CONTENT_TYPE, "application/json").body(stands_still());
        let began = Instant::now();
        let refused = with_json(request.expect("a request")).await.expect_err("it never ends");
        assert_eq!((refused.kind, began.elapsed()), (Kind::TooSlow, BODY_MAX));
        let (began, mut file) = (Instant::now(), stands_still().into_data_stream());
        assert_eq!(next_piece(&mut file).await.expect("a piece"), Some(Bytes::from_static(b"{")));
        let refused = next_piece(&mut file).await.expect_err("there is no other");
        assert_eq!((refused.kind, began.elapsed()), (Kind::TooSlow, UPLOAD_STALL_MAX));
    }

    #[tokio::test]
    async fn a_body_that_breaks_off_is_none() {
        let pieces = stream::iter([Ok("{"), Err(std::io::Error::other("reset"))]);
        let request =
            Request::builder().header(CONTENT_TYPE, "application/json").body(Body::from_stream(pieces));
        let refused = with_json(request.expect("a request")).await.expect_err("it broke off");
        assert_eq!(refused.kind, Kind::Malformed);
    }
}
