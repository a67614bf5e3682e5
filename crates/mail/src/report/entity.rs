//! A message taken apart as far as a report needs it.

use std::collections::HashMap;

use super::automatic;
use super::fields::{self, Fields};
use super::limits::{EXPLANATION_OCTETS_MAX, REPORT_DEPTH_MAX, REPORT_OCTETS_MAX, REPORT_PARTS_MAX};
use super::text::prefix;
use crate::charset::{self, Text};
use crate::headers::{self, Parameters};
use crate::{Address, DefectKind, Limits, PartPath, html, reader};

/// One leaf: not within another message.
pub(super) struct Leaf {
    pub(super) content_type: String,
    charset: Option<String>,
    pub(super) content: Vec<u8>,
    /// A delimiter stands behind it: it is all there.
    pub(super) ended: bool,
}

/// A message as it arrived.
pub(super) struct Arrived {
    /// The message's own fields.
    pub(super) fields: Fields,
    pub(super) leaves: Vec<Leaf>,
    /// It is a multipart/report (RFC 6522) with this report-type, in lower case; or holds one, where a gateway put
    /// another multipart around it, and no person sent it.
    pub(super) report_type: Option<String>,
    /// Whether the sender of the envelope was empty (RFC 5321 §4.5.5): as the caller knows it, or as the last server
    /// wrote it into Return-Path.
    pub(super) null_sender: Option<bool>,
    pub(super) cut: bool,
}

/// Local parts that mail systems alone write from, in lower case.
const DAEMONS: [&str; 3] = ["mailer-daemon", "mailerdaemon", "mail-daemon"];
/// What Exchange's address begins with.
const EXCHANGE_DAEMON: &str = "microsoftexchange";
/// Mail systems write from it, and so do the people who look after them.
const POSTMASTER: &str = "postmaster";

impl Arrived {
    pub(super) fn of(octets: &[u8], null_sender: Option<bool>) -> Self {
        let cut = octets.len() > REPORT_OCTETS_MAX;
        let octets = whole_lines(&octets[..octets.len().min(REPORT_OCTETS_MAX)]);
        let limits = Limits { parts: REPORT_PARTS_MAX, depth: REPORT_DEPTH_MAX, ..Limits::default() };
        let reading = reader::structure(octets, &limits);
        let mut arrived =
            Self { fields: Fields::default(), leaves: Vec::new(), report_type: None, null_sender, cut };
        let mut types: HashMap<PartPath, Parameters> = HashMap::new();
        for header in reading.headers {
            if header.name.trim_end().eq_ignore_ascii_case("content-type") {
                types.insert(header.part.clone(), headers::parameters(&header.unfolded));
            }
            if header.part.is_message() {
                arrived.fields.add(&header.name, &header.unfolded);
            }
        }
        let return_path = arrived.fields.get("return-path").map(|value| fields::bare(value).is_empty());
        arrived.null_sender = null_sender.or(return_path);
        let by_person = !arrived.by_system() && arrived.null_sender != Some(true);
        for part in reading.parts {
            let parameters = types.remove(&part.path).unwrap_or_default();
            if part.content_type == "multipart/report" && arrived.report_type.is_none() {
                if by_person && !part.path.is_message() {
                    continue;
                }
                let kind = parameters.get("report-type").unwrap_or_default();
                arrived.report_type = Some(kind.trim().to_ascii_lowercase());
            } else if !part.content_type.starts_with("multipart/") {
                let charset = parameters.get("charset").map(ToOwned::to_owned);
                arrived.leaves.push(Leaf {
                    content_type: part.content_type,
                    charset,
                    content: part.content,
                    ended: true,
                });
            }
        }
        if let Some(last) = arrived.leaves.last_mut() {
            last.ended = !reading.defects.iter().any(|defect| defect.kind == DefectKind::Unclosed);
        } else {
            // A multipart whose boundary was lost: what stands there can still be read as text.
            let content = headers::split(octets).body.to_vec();
            arrived.leaves.push(Leaf {
                content_type: "text/plain".to_owned(),
                charset: None,
                content,
                ended: false,
            });
        }
        arrived
    }

    /// The first leaf of one of these types.
    pub(super) fn leaf(&self, content_types: &[&str]) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| content_types.contains(&leaf.content_type.as_str()))
    }

    /// The header block of the message that came back, from wherever it stands (RFC 6522 §3, RFC 6533 §4).
    pub(super) fn returned(&self) -> Option<Fields> {
        let headers =
            ["text/rfc822-headers", "message/global-headers", "text/rfc822", "message/rfc822-headers"];
        let leaf = self.leaf(&["message/rfc822", "message/global"]).or_else(|| self.leaf(&headers))?;
        let fields = Fields::of(&leaf.content).0;
        (!fields.is_empty()).then_some(fields)
    }

    /// What a person would read: the first plain text, or else the first HTML.
    pub(super) fn explanation(&self) -> String {
        if let Some(leaf) = self.leaf(&["text/plain"]) {
            return prefix(&leaf.text(), EXPLANATION_OCTETS_MAX).to_owned();
        }
        let document = self.leaf(&["text/html"]).map(Leaf::text).unwrap_or_default();
        html::html(prefix(&document, EXPLANATION_OCTETS_MAX)).text
    }

    /// The subject, encoded words decoded.
    pub(super) fn subject(&self) -> String {
        let subject = self.fields.get("subject").unwrap_or_default();
        headers::encoded_words(subject).map_or_else(|| subject.to_owned(), |words| words.decoded)
    }

    pub(super) fn sender(&self) -> Option<Address> {
        self.fields.address("from")
    }

    /// The local part of From, in lower case; it may stand without a domain.
    fn sender_local(&self) -> String {
        let from = fields::bare(self.fields.get("from").unwrap_or_default());
        from.split('@').next().unwrap_or_default().to_ascii_lowercase()
    }

    /// A mail system's address is in From, or one that may be a mail system's.
    pub(super) fn sender_may_be_system(&self) -> bool {
        self.sender_local() == POSTMASTER || self.sender_is_daemon()
    }

    fn sender_is_daemon(&self) -> bool {
        let local = self.sender_local();
        DAEMONS.contains(&local.as_str()) || local.starts_with(EXCHANGE_DAEMON)
    }

    /// A mail system wrote it, as far as can be told: postmaster is one only where no answer is wanted.
    pub(super) fn by_system(&self) -> bool {
        let unsigned = self.null_sender == Some(true) || automatic::submitted(self);
        self.null_sender != Some(false)
            && (self.sender_is_daemon() || self.sender_may_be_system() && unsigned)
    }
}

impl Leaf {
    pub(super) fn text(&self) -> String {
        match charset::decode(&self.content, self.charset.as_deref()) {
            Text::Clear(text) => text.into_owned(),
            Text::Doubtful(_) | Text::Unknown => String::from_utf8_lossy(&self.content).into_owned(),
        }
    }

    /// The groups of fields of a status or feedback part, blank lines between them. At most `groups_max`, and whether
    /// there are more.
    pub(super) fn groups(&self, groups_max: usize) -> (Vec<Fields>, bool) {
        let text = self.text();
        // A line of white space alone separates groups as an empty one does: some programs pad.
        let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
        let lines = lines.join("\n");
        let (mut rest, mut groups) = (lines.as_bytes(), Vec::new());
        while !rest.is_empty() {
            let (group, behind) = Fields::of(rest);
            rest = behind;
            if group.is_empty() {
                continue;
            }
            if groups.len() == groups_max {
                return (groups, true);
            }
            groups.push(group);
        }
        (groups, false)
    }
}

/// Without a last line that has no end: it may have been longer, and `5.1.1` the beginning of `5.1.10`. A delimiter
/// stays, for it is one only if it is whole.
fn whole_lines(octets: &[u8]) -> &[u8] {
    let end = octets.iter().rposition(|octet| *octet == b'\n').map_or(0, |at| at + 1);
    if octets[end..].starts_with(b"--") { octets } else { &octets[..end] }
}
