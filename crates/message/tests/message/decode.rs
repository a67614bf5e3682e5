//! A reader for these tests alone, written from the RFCs and not from the builder.

use data_encoding::BASE64;

/// A message or part: unfolded fields, octets, parts.
pub(crate) struct Part {
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) parts: Vec<Part>,
}

impl Part {
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let at = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("an end of the header");
        let head = std::str::from_utf8(&bytes[..at]).expect("a header in UTF-8");
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in head.split("\r\n") {
            if let Some(last) = fields.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
                last.1.push_str(line);
            } else {
                let (name, value) = line.split_once(": ").expect("a field");
                fields.push((name.to_owned(), value.to_owned()));
            }
        }
        let mut part = Self { fields, body: bytes[at + 4..].to_vec(), parts: Vec::new() };
        if part.field("Content-Type").is_some_and(|t| t.starts_with("multipart/")) {
            part.parts = part.split();
        }
        part.body = match part.field("Content-Transfer-Encoding") {
            Some("quoted-printable") => quoted_printable(&part.body),
            Some("base64") => {
                let compact: Vec<u8> =
                    part.body.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
                BASE64.decode(&compact).expect("base64")
            }
            _ => part.body,
        };
        part
    }

    fn split(&self) -> Vec<Self> {
        let kind = self.field("Content-Type").unwrap();
        let boundary = kind.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
        let text = std::str::from_utf8(&self.body).expect("7-bit parts");
        let (inside, after) = text.split_once(&format!("--{boundary}--\r\n")).expect("a last boundary");
        assert_eq!(after, "");
        let delimiter = format!("--{boundary}\r\n");
        let mut pieces = inside.split(&delimiter);
        assert_eq!(pieces.next(), Some(""));
        pieces.map(|piece| Self::read(piece.as_bytes())).collect()
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str()).collect()
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let all = self.all(name);
        assert!(all.len() < 2, "{name} twice");
        all.first().copied()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8").replace("\r\n", "\n")
    }

    /// The leaf of this content type.
    pub(crate) fn leaf(&self, kind: &str) -> &Self {
        fn find<'a>(part: &'a Part, kind: &str) -> Option<&'a Part> {
            if part.field("Content-Type").is_some_and(|t| t.starts_with(kind)) {
                return Some(part);
            }
            part.parts.iter().find_map(|part| find(part, kind))
        }
        find(self, kind).expect("the part")
    }
}

fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(body).unwrap().replace("=\r\n", "");
    let mut out = Vec::new();
    let mut octets = text.bytes();
    while let Some(octet) = octets.next() {
        if octet == b'=' {
            let hex = [octets.next().unwrap(), octets.next().unwrap()];
            out.push(u8::from_str_radix(std::str::from_utf8(&hex).unwrap(), 16).unwrap());
        } else {
            out.push(octet);
        }
    }
    out
}

/// RFC 2047: white space between two encoded-words goes.
pub(crate) fn header(value: &str) -> String {
    let mut out = String::new();
    let mut after_encoded = false;
    let mut bytes = Vec::new();
    for word in value.split(' ') {
        if let Some(inner) = word.strip_prefix("=?UTF-8?").and_then(|w| w.strip_suffix("?=")) {
            assert!(word.len() <= 75);
            if !after_encoded && !out.is_empty() {
                out.push(' ');
            }
            let (kind, text) = inner.split_once('?').unwrap();
            let decoded = match kind {
                "B" => BASE64.decode(text.as_bytes()).unwrap(),
                _ => quoted_printable(text.replace('_', " ").as_bytes()),
            };
            // RFC 2047 §5: each is whole characters.
            assert!(std::str::from_utf8(&decoded).is_ok());
            bytes.extend(decoded);
            out.push_str(&String::from_utf8(std::mem::take(&mut bytes)).unwrap());
            after_encoded = true;
        } else {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(word);
            after_encoded = false;
        }
    }
    out
}

/// The text of HTML as a browser would have it: tags out, references read.
pub(crate) fn html_text(html: &str) -> String {
    let body = html.split_once("<body").map_or(html, |(_, body)| body.split_once('>').unwrap().1);
    let mut out = String::new();
    let mut in_tag = false;
    for c in body.replace("<br>\n", "\u{1}").chars() {
        match c {
            '<' => in_tag = true,
            '>' if in_tag => in_tag = false,
            c if !in_tag => out.push(c),
            _ => {}
        }
    }
    out.replace('\u{1}', "\n")
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
