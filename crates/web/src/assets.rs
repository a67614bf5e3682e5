//! The style sheet and the script, in the program itself: nothing is loaded from elsewhere.

use std::sync::LazyLock;

use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};

/// Digits of a file's hash in its name.
const HASH_DIGITS: usize = 16;

/// A file that every page may load.
struct Asset {
    octets: &'static [u8],
    media_type: &'static str,
    path: String,
}

impl Asset {
    fn new(octets: &'static [u8], name: &str, ending: &str, media_type: &'static str) -> Self {
        let hash = HEXLOWER.encode(digest(&SHA256, octets).as_ref());
        let path = format!("/assets/{name}-{}.{ending}", hash.get(..HASH_DIGITS).unwrap_or(&hash));
        Self { octets, media_type, path }
    }
}

static STYLE: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(include_bytes!("../dist/style.css"), "style", "css", "text/css; charset=utf-8")
});
static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    Asset::new(include_bytes!("../dist/script.js"), "script", "js", "text/javascript; charset=utf-8")
});

/// Where the style sheet is. Its name changes with its octets, so that a browser may keep it.
pub(crate) fn style() -> &'static str {
    &STYLE.path
}

/// Where the script is.
pub(crate) fn script() -> &'static str {
    &SCRIPT.path
}

/// The file of that path.
pub(crate) fn serve(path: &str) -> Response {
    match [&STYLE, &SCRIPT].into_iter().find(|asset| asset.path == path) {
        Some(asset) => (
            [(CONTENT_TYPE, asset.media_type), (CACHE_CONTROL, "public, max-age=31536000, immutable")],
            asset.octets,
        )
            .into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
