//! A body with holes, parsed once: what the HTML and the plain text are filled from.

use std::collections::BTreeSet;

use crate::footer::Footer;
use crate::link::{self, DEAD_LINK};
use crate::piece::Piece;
use crate::plain::{self, Block};

/// A stretch of the HTML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Markup that has no values in it and nothing to make dead.
    Raw(String),
    /// Words. The template's own are HTML already, values are escaped; their line breaks show.
    Text(Vec<Piece>),
    /// Words in `<pre>`: line breaks show by themselves.
    Verbatim(Vec<Piece>),
    /// An attribute's value, without its quotes.
    Attribute(Vec<Piece>),
    /// A link's destination: not HTML yet.
    Link(Vec<Piece>),
    /// `cid:` of the attachment with this index.
    Image(usize),
    /// The subject, where the document has no title of its own (WCAG 2.2, 2.4.2).
    Title,
    /// Where the body begins: the mark of a test goes here.
    BodyStart,
    /// Where the body ends: the footer goes here.
    BodyEnd,
}

/// Both forms of a body, with holes.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) html: Vec<Slot>,
    pub(crate) plain: Vec<Block>,
    /// Whether the HTML is a document already.
    pub(crate) whole: bool,
    /// Attachments shown as images.
    pub(crate) images: BTreeSet<usize>,
    /// Words that are hidden in the message and shown by a phone beside the subject.
    pub(crate) preheader: String,
}

/// How a layout is filled.
pub(crate) struct Filling<'a> {
    /// The merged subject.
    pub(crate) subject: &'a str,
    /// The printed values.
    pub(crate) values: &'a [&'a str],
    /// Content-IDs of the attachments, without angle brackets.
    pub(crate) content_ids: &'a [String],
    /// Stands first in the body.
    pub(crate) banner: Option<&'a str>,
    /// Stands last in it.
    pub(crate) footer: Option<Footer<'a>>,
    /// All links lead nowhere.
    pub(crate) dead: bool,
}

impl Filling<'_> {
    fn value(&self, index: usize) -> &str {
        // The index was made beside the value; a layout is never filled with another skeleton's values.
        self.values.get(index).copied().unwrap_or_default()
    }
}

impl Layout {
    /// The plain text, lines ended by LF.
    ///
    /// # Errors
    /// The index of a value that is a link and not a web address.
    pub(crate) fn plain(&self, filling: &Filling<'_>) -> Result<String, usize> {
        let body = plain::fill(&self.plain, |index| filling.value(index), filling.dead)?;
        let mut text = match filling.banner {
            Some(banner) => format!("{banner}\n\n{body}"),
            None => body,
        };
        if let Some(footer) = &filling.footer {
            footer.plain(&mut text);
        }
        Ok(text)
    }

    /// The HTML, appended.
    ///
    /// # Errors
    /// The index of a value that is a link and not a web address.
    pub(crate) fn html(&self, filling: &Filling<'_>, out: &mut String) -> Result<(), usize> {
        for slot in &self.html {
            match slot {
                Slot::Raw(markup) => out.push_str(markup),
                Slot::Text(pieces) => fill_text(out, pieces, filling, "<br>\n"),
                Slot::Verbatim(pieces) => fill_text(out, pieces, filling, "\n"),
                Slot::Attribute(pieces) => fill_pieces(out, pieces, filling, "&#10;"),
                Slot::Link(pieces) => {
                    let to = link::fill(pieces, |index| filling.value(index))?;
                    // A place in the message itself leads nowhere else.
                    let dead = filling.dead && !to.starts_with('#');
                    push_escaped(out, if dead { DEAD_LINK } else { &to }, "");
                }
                Slot::Image(index) => {
                    out.push_str("cid:");
                    push_escaped(out, filling.content_ids.get(*index).map_or("", String::as_str), "");
                }
                Slot::Title => push_escaped(out, filling.subject, " "),
                Slot::BodyStart => {
                    if let Some(banner) = filling.banner {
                        out.push_str("<p><strong>");
                        push_escaped(out, banner, "");
                        out.push_str("</strong></p>\n");
                    }
                }
                Slot::BodyEnd => {
                    if let Some(footer) = &filling.footer {
                        footer.html(out);
                    }
                }
            }
        }
        Ok(())
    }
}

fn fill_text(out: &mut String, pieces: &[Piece], filling: &Filling<'_>, line_break: &str) {
    if filling.dead {
        let mut text = String::new();
        fill_pieces(&mut text, pieces, filling, line_break);
        out.push_str(&link::deaden(&text));
    } else {
        fill_pieces(out, pieces, filling, line_break);
    }
}

fn fill_pieces(out: &mut String, pieces: &[Piece], filling: &Filling<'_>, line_break: &str) {
    for piece in pieces {
        match piece {
            Piece::Text(markup) => out.push_str(markup),
            Piece::Value(index) => push_escaped(out, filling.value(*index), line_break),
        }
    }
}

/// Escapes for text and for quoted attributes alike (HTML §13.1.2.3, §13.1.4).
pub(crate) fn push_escaped(out: &mut String, text: &str, line_break: &str) {
    let mut from = 0;
    for (at, octet) in text.bytes().enumerate() {
        let entity = match octet {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            b'\n' => line_break,
            _ => continue,
        };
        out.push_str(&text[from..at]);
        out.push_str(entity);
        from = at + 1;
    }
    out.push_str(&text[from..]);
}

/// [`push_escaped`] into a text of its own, line breaks kept.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_escaped(&mut out, text, "\n");
    out
}
