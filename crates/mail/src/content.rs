//! What is in a leaf: text, HTML, XML, a message, an archive, or something that cannot be read here.

use crate::archive::{self, ArchiveError, Member};
use crate::charset::{self, Text};
use crate::headers::Parameters;
use crate::html::{self, Views};
use crate::place::Step;
use crate::reader::Reader;
use crate::reading::{DefectKind, Part, PartKind, Reason};
use crate::{Coding, PartPath, Place, Spot};

/// How far into a file the marks of its format are looked for, in octets (PDF 1.7 annex H.3.4.1: 1,024).
const MAGIC_OCTETS: usize = 1_024;

impl Reader<'_> {
    /// One leaf, decoded.
    pub(crate) fn leaf(&mut self, part: &mut Part, content_type: &Parameters, depth: usize) {
        let place = Place::new(&part.path, Spot::Octets);
        let declared = part.content_type.as_str();
        if matches!(declared, "message/external-body" | "message/partial") {
            self.uninspected(&place, Reason::Elsewhere);
        }
        if matches!(declared, "message/rfc822" | "message/global" | "message/news") {
            part.kind = PartKind::Message;
            let path = part.path.with(Step::Message);
            self.entity(&part.content, &path, depth + 1);
            return;
        }
        if archive::is_zip(&part.content) {
            part.kind = PartKind::Archive;
            self.archive(&part.content, &part.path.clone(), depth, 1);
            return;
        }
        if let Some(reason) = unreadable(declared, &part.content) {
            self.uninspected(&place, reason);
            self.scanner.octets(&part.content, &place);
            return;
        }
        let text = match charset::decode(&part.content, content_type.get("charset")) {
            Text::Clear(text) => text.into_owned(),
            Text::Doubtful(texts) => {
                self.defect(&place, DefectKind::Charset);
                // A line end keeps what is read one way apart from what is read another.
                texts.join("\n\n")
            }
            Text::Unknown => {
                self.uninspected(&place, Reason::Charset);
                String::from_utf8_lossy(&part.content).into_owned()
            }
        };
        part.kind = if is_html(declared, &text) { PartKind::Html } else { PartKind::Text };
        self.document(declared, &text, &part.path, depth);
        if content_type.get("delsp").is_some_and(|v| v.eq_ignore_ascii_case("yes")) {
            // RFC 3676 §4.1: the space before the line end goes with it.
            let mut place = Place::new(&part.path, Spot::Text);
            place.behind.push(Coding::Flowed);
            self.scanner.text(&text.replace(" \r\n", "").replace(" \n", ""), &place);
        }
        if text.as_bytes() != part.content {
            part.text = Some(text);
        }
    }

    /// A text, by what it is written in.
    fn document(&mut self, declared: &str, text: &str, path: &PartPath, depth: usize) {
        if is_html(declared, text) {
            self.views(&html::html(text), path, [Spot::Html, Spot::HtmlTag, Spot::HtmlComment]);
        } else if is_xml(declared, text) {
            self.views(&html::xml(text), path, [Spot::Xml, Spot::XmlTag, Spot::XmlTag]);
        } else {
            self.scanner.text(text, &Place::new(path, Spot::Text));
            // Shown as HTML by somebody, or HTML that was pasted: an address in it may be cut by tags.
            if text.contains("</") || text.contains("<!--") {
                self.views(&html::html(text), path, [Spot::Html, Spot::HtmlTag, Spot::HtmlComment]);
            }
        }
        // A message saved as a file, or quoted whole in a text.
        if holds_message(text) {
            self.entity(text.as_bytes(), &path.with(Step::Message), depth + 1);
        }
    }

    fn views(&mut self, views: &Views, path: &PartPath, spots: [Spot; 3]) {
        let [text, tags, comments] = spots.map(|spot| Place::new(path, spot));
        if views.unfinished {
            self.defect(&text, DefectKind::Markup);
        }
        self.scanner.text(&views.text, &text);
        self.scanner.text(&views.tags, &tags);
        self.scanner.text(&views.comments, &comments);
    }

    fn archive(&mut self, octets: &[u8], path: &PartPath, depth: usize, level: usize) {
        let place = Place::new(path, Spot::Octets);
        // Names in local headers, stored members that no directory lists, anything before or behind.
        self.scanner.octets(octets, &place);
        if level > self.limits.archive_depth {
            self.uninspected(&place, Reason::ArchiveTooDeep);
            return;
        }
        let members_left = self.limits.archive_members.saturating_sub(self.archive_members);
        let (comment, entries) = match archive::members(octets, members_left, &mut self.archive_octets) {
            Ok(read) => read,
            Err(ArchiveError::Broken) => return self.uninspected(&place, Reason::BrokenArchive),
            Err(ArchiveError::TooManyMembers) => return self.uninspected(&place, Reason::TooManyMembers),
        };
        self.archive_members += entries.len();
        self.scanner.text(&comment, &Place::new(path, Spot::FileName));
        for (number, entry) in (1..).zip(entries) {
            let path = path.with(Step::Member(number));
            let place = Place::new(&path, Spot::Octets);
            let name = Place::new(&path, Spot::FileName);
            self.scanner.text(&entry.name, &name);
            // `ann@x.test.pdf`: the extension is no part of the domain.
            let stem = entry.name.rsplit_once('.').map_or("", |(stem, _)| stem);
            self.scanner.text(stem, &name);
            self.scanner.text(&entry.comment, &name);
            match entry.member {
                Member::Octets(octets) => self.member(&entry.name, &octets, &path, depth, level),
                Member::Encrypted => self.uninspected(&place, Reason::Encrypted),
                Member::Unreadable => self.uninspected(&place, Reason::BrokenArchive),
                Member::TooLarge => self.uninspected(&place, Reason::ArchiveTooLarge),
            }
        }
    }

    fn member(&mut self, name: &str, octets: &[u8], path: &PartPath, depth: usize, level: usize) {
        let place = Place::new(path, Spot::Octets);
        if archive::is_zip(octets) {
            return self.archive(octets, path, depth, level + 1);
        }
        if let Some(reason) = unreadable("", octets) {
            self.uninspected(&place, reason);
            return self.scanner.octets(octets, &place);
        }
        let extension = name.rsplit_once('.').map_or("", |(_, e)| e).to_ascii_lowercase();
        let declared = match extension.as_str() {
            "htm" | "html" => "text/html",
            "xml" | "rels" | "vml" | "svg" => "text/xml",
            _ => "",
        };
        match charset::decode(octets, None) {
            Text::Clear(text) => self.document(declared, &text, path, depth),
            Text::Doubtful(texts) => {
                self.defect(&place, DefectKind::Charset);
                self.document(declared, &texts.join("\n\n"), path, depth);
            }
            Text::Unknown => self.uninspected(&place, Reason::Charset),
        }
    }
}

fn is_html(declared: &str, text: &str) -> bool {
    matches!(declared, "text/html" | "application/xhtml+xml")
        || starts_with(text, &["<!doctype html", "<html"])
}

fn is_xml(declared: &str, text: &str) -> bool {
    declared.ends_with("/xml") || declared.ends_with("+xml") || starts_with(text, &["<?xml"])
}

fn starts_with(text: &str, marks: &[&str]) -> bool {
    let text = text.trim_start().as_bytes();
    marks.iter().any(|m| text.len() >= m.len() && text[..m.len()].eq_ignore_ascii_case(m.as_bytes()))
}

/// Whether a text holds a MIME message with an encoding of its own, as forwarding as plain text leaves it.
fn holds_message(text: &str) -> bool {
    text.match_indices("ransfer-").any(|(at, _)| {
        let bytes = text.as_bytes();
        at > 8 && bytes[at - 9..at].eq_ignore_ascii_case(b"content-t") && bytes[at + 8..].len() > 8
    })
}

/// Why octets cannot be read as text here, if they cannot.
fn unreadable(declared: &str, octets: &[u8]) -> Option<Reason> {
    let head = &octets[..octets.len().min(MAGIC_OCTETS)];
    let magic = |marks: &[&[u8]]| marks.iter().any(|m| head.starts_with(m));
    if head.windows(5).any(|w| w == b"%PDF-") || declared == "application/pdf" {
        return Some(Reason::Pdf);
    }
    if magic(&[b"\xD0\xCF\x11\xE0"]) {
        return Some(Reason::LegacyOffice);
    }
    if magic(&[b"{\\rtf"]) {
        return Some(Reason::RichText);
    }
    if magic(&[
        b"\x1F\x8B",
        b"BZh",
        b"\xFD7zXZ\0",
        b"7z\xBC\xAF\x27\x1C",
        b"Rar!",
        b"\x28\xB5\x2F\xFD",
        b"PK",
    ]) {
        return Some(Reason::Compressed);
    }
    let picture = magic(&[b"\x89PNG", b"GIF8", b"\xFF\xD8\xFF", b"RIFF", b"II*\0", b"MM\0*"]);
    let media = ["image/", "audio/", "video/", "font/"].iter().any(|t| declared.starts_with(t));
    if picture || (media && !declared.ends_with("+xml")) {
        return Some(Reason::Media);
    }
    // UTF-16 has a mark or a declaration; any other NUL means that this is no text.
    let marked = magic(&[b"\xFF\xFE", b"\xFE\xFF"]);
    if !declared.starts_with("text/")
        && !marked
        && (octets.contains(&0) || std::str::from_utf8(octets).is_err())
    {
        return Some(Reason::UnknownFormat);
    }
    None
}
