//! The message as octets: header fields, alternatives, images and attachments (RFC 2045, 2046, 2387).

use data_encoding::HEXLOWER;

use crate::encoding::{self, Encoded};
use crate::header::{Header, Unfit};

/// A file that goes with a template, encoded once.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) content_type: String,
    /// Base64 in lines.
    pub(crate) encoded: String,
}

/// The boundaries of one message: from its seed, so that the same delivery has the same octets each time. All have `=_`,
/// which no body has (see [`encoding::encode`]), nor base64.
pub(crate) struct Boundaries(String);

impl Boundaries {
    pub(crate) fn new(seed: [u8; 16]) -> Self {
        Self(HEXLOWER.encode(&seed))
    }

    fn get(&self, n: u8) -> String {
        format!("=_{}.{n}", self.0)
    }
}

/// A part, or a multipart with its parts: fields, then octets.
pub(crate) struct Entity {
    pub(crate) headers: Vec<Header>,
    pub(crate) body: Vec<u8>,
}

/// What stands in a message.
pub(crate) struct Content<'a> {
    pub(crate) plain: &'a str,
    pub(crate) html: &'a str,
    /// Images with their Content-IDs, shown by the HTML.
    pub(crate) images: Vec<(&'a File, &'a str)>,
    /// Files to keep.
    pub(crate) files: Vec<&'a File>,
}

/// text/plain and text/html as alternatives, the better one last (RFC 2046 §5.1.4); images with the HTML,
/// files around all.
pub(crate) fn build(content: &Content<'_>, boundaries: &Boundaries) -> Result<Entity, Unfit> {
    let mut html = text("text/html; charset=utf-8", content.html)?;
    if !content.images.is_empty() {
        let mut parts = vec![html];
        for (file, id) in &content.images {
            let mut part = attachment(file, "inline")?;
            part.headers.push(Header::tokens("Content-ID", &[&format!("<{id}>")])?);
            parts.push(part);
        }
        // RFC 2387 §3.1: the type of the root part.
        html = multipart("multipart/related; type=\"text/html\"", &boundaries.get(2), &parts)?;
    }
    let parts = [text("text/plain; charset=utf-8", content.plain)?, html];
    let alternative = multipart("multipart/alternative", &boundaries.get(1), &parts)?;
    if content.files.is_empty() {
        return Ok(alternative);
    }
    let mut parts = vec![alternative];
    for file in &content.files {
        parts.push(attachment(file, "attachment")?);
    }
    multipart("multipart/mixed", &boundaries.get(0), &parts)
}

fn text(content_type: &str, text: &str) -> Result<Entity, Unfit> {
    let Encoded { encoding, text } = encoding::encode(text);
    Ok(Entity {
        headers: vec![
            Header::tokens("Content-Type", &[content_type])?,
            Header::tokens("Content-Transfer-Encoding", &[encoding])?,
        ],
        body: text.into_bytes(),
    })
}

fn attachment(file: &File, disposition: &str) -> Result<Entity, Unfit> {
    Ok(Entity {
        headers: vec![
            Header::tokens("Content-Type", &[&file.content_type])?,
            Header::tokens("Content-Transfer-Encoding", &["base64"])?,
            Header::parameter("Content-Disposition", disposition, "filename", &file.name)?,
        ],
        body: file.encoded.clone().into_bytes(),
    })
}

fn multipart(content_type: &str, boundary: &str, parts: &[Entity]) -> Result<Entity, Unfit> {
    let size: usize = parts.iter().map(|part| part.body.len() + 512).sum();
    let mut body = Vec::with_capacity(size);
    for part in parts {
        body.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        for header in &part.headers {
            header.write(&mut body);
        }
        body.extend_from_slice(b"\r\n");
        body.extend_from_slice(&part.body);
        if !part.body.ends_with(b"\r\n") {
            body.extend_from_slice(b"\r\n");
        }
    }
    body.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = format!("{content_type};");
    let boundary = format!("boundary=\"{boundary}\"");
    Ok(Entity { headers: vec![Header::tokens("Content-Type", &[&content_type, &boundary])?], body })
}
