//! A form with a file, as it comes in: its token first, then fields, then the file, never whole in memory (RFC 7578).

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use accounts::FormToken;
use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use futures_util::{Stream, StreamExt};
use multer::{Field, Multipart};

use crate::form::{FORM_OCTETS_MAX, TOKEN_FIELD};
use crate::serving::REQUEST_MAX;
use crate::trouble::Trouble;
use crate::visitor::Visitor;

/// How long a form with a file may take in all: five hundred megabytes over a line of one megabit a second, and some more.
pub const UPLOAD_TIME_MAX: Duration = Duration::from_secs(2 * 60 * 60);
/// How long nothing may come of it. With the time for all of it, this is the least rate.
pub const UPLOAD_STALL_MAX: Duration = Duration::from_secs(30);
/// Octets of one of its fields that is no file.
const FIELD_OCTETS_MAX: usize = 4 * 1024;
/// Octets beside the file: boundaries, the fields, their heads.
const AROUND_OCTETS_MAX: u64 = FORM_OCTETS_MAX as u64;
/// Octets that may come before anything of them could be handed on: the head of a part has no end, say.
const AHEAD_OCTETS_MAX: usize = FORM_OCTETS_MAX;
/// Of a form that was refused, so much is read and thrown away, and for so long: a browser that cannot send does not read
/// what it is answered.
const LINGER_OCTETS_MAX: usize = 64 << 20;
const LINGER_MAX: Duration = Duration::from_secs(5);

/// Why a form with a file breaks off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BodyError {
    #[error("nothing came for too long")]
    Stalled,
    #[error("too much before anything could be made of it")]
    Ahead,
    #[error("the connection broke off")]
    Broken,
}

impl From<BodyError> for Trouble {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::Stalled => Self::TooSlow,
            BodyError::Ahead => Self::TooLarge,
            BodyError::Broken => Self::Form,
        }
    }
}

/// The octets of a request, shared: what its form left of them is still to be read.
#[derive(Clone)]
struct Octets(Arc<Mutex<Inner>>);

struct Inner {
    body: BodyDataStream,
    stall: Option<Pin<Box<tokio::time::Sleep>>>,
    ahead: usize,
    /// One piece at a time: the parser takes in whatever is ready before it looks at it.
    handed: bool,
    ended: bool,
}

impl Octets {
    fn of(body: Body) -> Self {
        let body = body.into_data_stream();
        Self(Arc::new(Mutex::new(Inner { body, stall: None, ahead: 0, handed: false, ended: false })))
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream for Octets {
    type Item = Result<Bytes, BodyError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut inner = self.inner();
        if inner.ended {
            return Poll::Ready(None);
        }
        if std::mem::take(&mut inner.handed) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if inner.ahead > AHEAD_OCTETS_MAX {
            return Poll::Ready(Some(Err(BodyError::Ahead)));
        }
        match inner.body.poll_next_unpin(cx) {
            Poll::Ready(Some(Ok(octets))) => {
                inner.stall = None;
                inner.handed = true;
                inner.ahead += octets.len();
                Poll::Ready(Some(Ok(octets)))
            }
            Poll::Ready(Some(Err(_))) => {
                inner.ended = true;
                Poll::Ready(Some(Err(BodyError::Broken)))
            }
            Poll::Ready(None) => {
                inner.ended = true;
                Poll::Ready(None)
            }
            Poll::Pending => {
                let stall = inner.stall.get_or_insert_with(|| Box::pin(tokio::time::sleep(UPLOAD_STALL_MAX)));
                if stall.as_mut().poll(cx).is_pending() {
                    return Poll::Pending;
                }
                inner.ended = true;
                Poll::Ready(Some(Err(BodyError::Stalled)))
            }
        }
    }
}

/// A form with a file whose token was right.
#[derive(Clone)]
pub(crate) struct UploadForm {
    octets: Octets,
    parts: Arc<tokio::sync::Mutex<Multipart<'static>>>,
    /// The request says how long it is, and it is no longer than this.
    pub(crate) fits: bool,
}

impl std::fmt::Debug for UploadForm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[form with a file]")
    }
}

/// One part of a form.
pub(crate) struct Part {
    octets: Octets,
    field: Field<'static>,
}

impl Part {
    pub(crate) fn name(&self) -> &str {
        self.field.name().unwrap_or_default()
    }

    pub(crate) fn file_name(&self) -> &str {
        self.field.file_name().unwrap_or_default()
    }

    /// The next piece of it.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, Trouble> {
        let piece = self.field.chunk().await.map_err(trouble)?;
        self.octets.inner().ahead = 0;
        Ok(piece)
    }

    /// A text of a line.
    pub(crate) async fn text(mut self) -> Result<String, Trouble> {
        let mut text = Vec::new();
        while let Some(piece) = self.piece().await? {
            if text.len() + piece.len() > FIELD_OCTETS_MAX {
                return Err(Trouble::TooLarge);
            }
            text.extend_from_slice(&piece);
        }
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

fn trouble(error: multer::Error) -> Trouble {
    match error {
        multer::Error::StreamReadFailed(error) => {
            error.downcast::<BodyError>().map_or(Trouble::Form, |error| (*error).into())
        }
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => {
            Trouble::TooLarge
        }
        _ => Trouble::Form,
    }
}

/// What is left of a request's octets.
pub(crate) struct Rest(Octets);

impl Rest {
    /// Reads what is still coming of a form that was answered early, and throws it away, as far as that is reasonable.
    pub(crate) async fn linger(self) {
        let mut left = LINGER_OCTETS_MAX;
        let read = async {
            loop {
                self.0.inner().ahead = 0;
                match self.0.clone().next().await {
                    Some(Ok(octets)) if octets.len() < left => left -= octets.len(),
                    _ => return,
                }
            }
        };
        let _ = tokio::time::timeout(LINGER_MAX, read).await;
    }
}

impl UploadForm {
    /// Takes the body of a request as a form with a file, and reads its token.
    pub(crate) async fn of(request: Request, visitor: &Visitor) -> (Result<Request, Trouble>, Rest) {
        let (parts, body) = request.into_parts();
        let octets = Octets::of(body);
        let rest = Rest(octets.clone());
        let mut request = Request::from_parts(parts, Body::empty());
        let form = match Self::opened(request.headers(), octets, visitor) {
            Ok(form) => tokio::time::timeout(REQUEST_MAX, form.with_token(visitor))
                .await
                .unwrap_or(Err(Trouble::TooSlow)),
            Err(trouble) => Err(trouble),
        };
        let request = form.map(|form| {
            request.extensions_mut().insert(form);
            request
        });
        (request, rest)
    }

    fn opened(headers: &HeaderMap, octets: Octets, visitor: &Visitor) -> Result<Self, Trouble> {
        if !visitor.console.origin.sent_this(headers) {
            return Err(Trouble::Form);
        }
        let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let boundary = multer::parse_boundary(media_type.unwrap_or_default()).map_err(|_| Trouble::Form)?;
        let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        let octets_max = visitor.console.uploads.octets_max() + AROUND_OCTETS_MAX;
        Ok(Self {
            parts: Arc::new(tokio::sync::Mutex::new(Multipart::new(octets.clone(), boundary))),
            octets,
            fits: length.is_none_or(|length| length <= octets_max),
        })
    }

    async fn with_token(self, visitor: &Visitor) -> Result<Self, Trouble> {
        let first = self.next().await?.filter(|part| part.name() == TOKEN_FIELD).ok_or(Trouble::Form)?;
        if FormToken::verify(&visitor.holder, &first.text().await?) { Ok(self) } else { Err(Trouble::Form) }
    }

    /// The next part; the one before has to be done with.
    pub(crate) async fn next(&self) -> Result<Option<Part>, Trouble> {
        let field = self.parts.lock().await.next_field().await.map_err(trouble)?;
        self.octets.inner().ahead = 0;
        Ok(field.map(|field| Part { octets: self.octets.clone(), field }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures_util::stream;
    use tokio::time::Instant;

    use super::*;

    const PIECE: &[u8] = b"piece";

    /// Pieces of which each comes after this time.
    fn each_after(wait: Duration, pieces: usize) -> Octets {
        Octets::of(Body::from_stream(stream::unfold(0, move |piece| async move {
            tokio::time::sleep(wait).await;
            (piece < pieces).then(|| (Ok::<_, BodyError>(Bytes::from_static(PIECE)), piece + 1))
        })))
    }

    #[tokio::test(start_paused = true)]
    async fn a_form_that_stands_still_is_given_up_and_a_slow_one_is_not() {
        let slow = each_after(UPLOAD_STALL_MAX - Duration::from_secs(1), 4);
        let pieces: Vec<_> = slow.collect().await;
        assert_eq!(pieces, vec![Ok(Bytes::from_static(PIECE)); 4]);
        let began = Instant::now();
        let pieces: Vec<_> = each_after(UPLOAD_STALL_MAX + Duration::from_secs(1), 4).collect().await;
        assert_eq!(pieces, [Err(BodyError::Stalled)]);
        assert_eq!(began.elapsed().as_secs(), UPLOAD_STALL_MAX.as_secs());
    }

    #[tokio::test]
    async fn what_cannot_be_handed_on_is_not_gathered_without_an_end() {
        let head = "--x\r\nContent-Disposition: form-data; name=\"";
        let endless = stream::iter([head]).chain(stream::repeat("a")).map(Ok::<_, BodyError>);
        let octets = Octets::of(Body::from_stream(endless));
        let mut parts = Multipart::new(octets.clone(), "x");
        let Err(error) = parts.next_field().await else { panic!("it has no end") };
        assert!(matches!(trouble(error), Trouble::TooLarge));
        assert!(octets.inner().ahead <= AHEAD_OCTETS_MAX + head.len());
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_form_that_was_refused_no_more_than_so_much_is_read() {
        let read = Arc::new(AtomicUsize::new(0));
        let counted = read.clone();
        let endless = stream::repeat_with(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok::<_, BodyError>(Bytes::from(vec![0; 1 << 20]))
        });
        Rest(Octets::of(Body::from_stream(endless))).linger().await;
        assert_eq!(read.load(Ordering::Relaxed), LINGER_OCTETS_MAX >> 20);
        let began = Instant::now();
        let silent = stream::pending::<Result<Bytes, BodyError>>();
        Rest(Octets::of(Body::from_stream(silent))).linger().await;
        assert_eq!(began.elapsed().as_secs(), LINGER_MAX.as_secs());
    }
}
