//! Markdown with holes becomes a [`Layout`].
//!
//! CommonMark with tables and strike-through. Raw HTML is refused: a writer who needs HTML gives the whole
//! message as HTML, where all of it is checked by one walk.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use pulldown_cmark::{Alignment, CodeBlockKind, Event, Options, Parser, Tag, TagEnd, TextMergeStream};

use crate::error::ContentError;
use crate::layout::{Layout, Slot, escaped};
use crate::limits::NESTING_MAX;
use crate::link;
use crate::piece::{self, Piece};
use crate::plain::{Builder, Shape};

struct Walk<'a> {
    attachments: &'a [String],
    html: Vec<Slot>,
    plain: Builder,
    images: BTreeSet<usize>,
    /// Destinations of the links that are open.
    links: Vec<Vec<Piece>>,
    /// Next number of each open list; none where it has bullets.
    lists: Vec<Option<u64>>,
    columns: Vec<Alignment>,
    cell: usize,
    in_head: bool,
    in_pre: bool,
    /// The words inside are an image's description and not text.
    alt: Option<String>,
    depth: usize,
}

/// Parses; `attachments` are the names that an image may have.
pub(crate) fn lay_out(skeleton: &str, attachments: &[String]) -> Result<Layout, ContentError> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut walk = Walk {
        attachments,
        html: vec![Slot::BodyStart],
        plain: Builder::default(),
        images: BTreeSet::new(),
        links: Vec::new(),
        lists: Vec::new(),
        columns: Vec::new(),
        cell: 0,
        in_head: false,
        in_pre: false,
        alt: None,
        depth: 0,
    };
    for event in TextMergeStream::new(Parser::new_ext(skeleton, options)) {
        walk.event(event)?;
    }
    walk.html.push(Slot::BodyEnd);
    Ok(Layout {
        html: walk.html,
        plain: walk.plain.finish(),
        whole: false,
        images: walk.images,
        preheader: String::new(),
    })
}

impl Walk<'_> {
    fn raw(&mut self, markup: &str) {
        if let Some(Slot::Raw(last)) = self.html.last_mut() {
            last.push_str(markup);
        } else {
            self.html.push(Slot::Raw(markup.to_owned()));
        }
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), ContentError> {
        match event {
            Event::Start(Tag::Image { dest_url, .. }) => return self.image(&dest_url),
            Event::End(TagEnd::Image) => self.image_end(),
            Event::Text(text) | Event::Code(text) if self.alt.is_some() => self.alt_text(&text),
            Event::SoftBreak | Event::HardBreak if self.alt.is_some() => self.alt_text(" "),
            _ if self.alt.is_some() => {}
            Event::Start(tag) => {
                self.depth += 1;
                if self.depth > NESTING_MAX {
                    return Err(ContentError::Nesting);
                }
                return self.start(tag);
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                self.end(tag);
            }
            Event::Text(text) => self.text(&text),
            Event::Code(text) => {
                self.raw("<code>");
                self.text(&text);
                self.raw("</code>");
            }
            Event::SoftBreak => {
                self.raw("\n");
                self.plain.text(vec![Piece::Text(" ".to_owned())]);
            }
            Event::HardBreak => {
                self.raw("<br>\n");
                self.plain.line_break();
            }
            Event::Rule => {
                self.raw("<hr>\n");
                self.plain.flush(Shape::Rule);
            }
            Event::Html(_) | Event::InlineHtml(_) => return Err(ContentError::HtmlInMarkdown),
            // Extensions that are off.
            Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::TaskListMarker(_) => {}
        }
        Ok(())
    }

    fn text(&mut self, text: &str) {
        let pieces = piece::split_with(text, escaped);
        self.html.push(if self.in_pre { Slot::Verbatim(pieces) } else { Slot::Text(pieces) });
        self.plain.text(piece::split(text));
    }

    fn start(&mut self, tag: Tag<'_>) -> Result<(), ContentError> {
        match tag {
            Tag::Paragraph => self.raw("<p>"),
            Tag::Heading { level, .. } => {
                self.plain.flush(Shape::Flow);
                self.raw(&format!("<{level}>"));
            }
            Tag::BlockQuote(_) => {
                self.plain.flush(Shape::Flow);
                self.plain.push_prefix("> ", "> ");
                self.raw("<blockquote>\n");
            }
            Tag::CodeBlock(kind) => {
                // The info string names a language for colouring; nothing here colours.
                let (CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) = kind;
                self.plain.flush(Shape::Flow);
                self.in_pre = true;
                self.raw("<pre><code>");
            }
            Tag::HtmlBlock => return Err(ContentError::HtmlInMarkdown),
            Tag::List(first) => self.list(first),
            Tag::Item => self.item(),
            Tag::Table(columns) => {
                self.plain.flush(Shape::Flow);
                self.columns = columns;
                self.raw("<table>\n");
            }
            Tag::TableHead => {
                self.in_head = true;
                self.cell = 0;
                self.raw("<thead>\n<tr>");
            }
            Tag::TableRow => {
                self.plain.tighten();
                self.cell = 0;
                self.raw("<tr>");
            }
            Tag::TableCell => self.cell_start(),
            Tag::Emphasis => self.raw("<em>"),
            Tag::Strong => self.raw("<strong>"),
            Tag::Strikethrough => self.raw("<del>"),
            Tag::Link { dest_url, title, .. } => return self.link(&dest_url, &title),
            // Extensions that are off; images are handled apart.
            _ => {}
        }
        Ok(())
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => {
                self.plain.flush(Shape::Flow);
                self.raw("</p>\n");
            }
            TagEnd::Heading(level) => {
                self.plain.flush(match level as usize {
                    1 => Shape::Heading('='),
                    2 => Shape::Heading('-'),
                    _ => Shape::Flow,
                });
                self.raw(&format!("</{level}>\n"));
            }
            TagEnd::BlockQuote(_) => {
                self.plain.flush(Shape::Flow);
                self.plain.pop_prefix();
                self.raw("</blockquote>\n");
            }
            TagEnd::CodeBlock => {
                self.plain.flush(Shape::Verbatim);
                self.in_pre = false;
                self.raw("</code></pre>\n");
            }
            TagEnd::List(ordered) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    // Only the items of one list stand close together.
                    self.plain.loosen();
                }
                self.raw(if ordered { "</ol>\n" } else { "</ul>\n" });
            }
            TagEnd::Item => {
                self.plain.flush(Shape::Flow);
                self.plain.pop_prefix();
                self.plain.tighten();
                self.raw("</li>\n");
            }
            TagEnd::Table => self.raw("</tbody></table>\n"),
            TagEnd::TableHead => {
                self.in_head = false;
                self.plain.flush(Shape::Flow);
                self.raw("</tr></thead>\n<tbody>");
            }
            TagEnd::TableRow => {
                self.plain.flush(Shape::Flow);
                self.raw("</tr>\n");
            }
            TagEnd::TableCell => self.raw(if self.in_head { "</th>" } else { "</td>" }),
            TagEnd::Emphasis => self.raw("</em>"),
            TagEnd::Strong => self.raw("</strong>"),
            TagEnd::Strikethrough => self.raw("</del>"),
            TagEnd::Link => {
                self.raw("</a>");
                let to = self.links.pop().unwrap_or_default();
                self.plain.close_link(to);
            }
            _ => {}
        }
    }

    fn list(&mut self, first: Option<u64>) {
        if self.plain.has_words() {
            self.plain.flush(Shape::Flow);
            // A list within an item follows its words closely.
            self.plain.tighten();
        }
        self.lists.push(first);
        match first {
            None => self.raw("<ul>\n"),
            Some(1) => self.raw("<ol>\n"),
            Some(first) => self.raw(&format!("<ol start=\"{first}\">\n")),
        }
    }

    fn item(&mut self) {
        let marker = match self.lists.last_mut() {
            Some(Some(number)) => {
                let marker = format!("{number}. ");
                *number += 1;
                marker
            }
            _ => "- ".to_owned(),
        };
        let rest = " ".repeat(marker.len());
        self.plain.push_prefix(&marker, &rest);
        self.raw("<li>");
    }

    fn cell_start(&mut self) {
        let mut open = String::from(if self.in_head { "<th scope=\"col\"" } else { "<td" });
        match self.columns.get(self.cell) {
            Some(Alignment::Left) => open.push_str(" style=\"text-align:left\""),
            Some(Alignment::Center) => open.push_str(" style=\"text-align:center\""),
            Some(Alignment::Right) => open.push_str(" style=\"text-align:right\""),
            Some(Alignment::None) | None => {}
        }
        open.push('>');
        if self.cell > 0 {
            self.plain.text(vec![Piece::Text(" | ".to_owned())]);
        }
        self.cell += 1;
        self.raw(&open);
    }

    fn link(&mut self, to: &str, title: &str) -> Result<(), ContentError> {
        let mut pieces = piece::split(to);
        // An autolink of an address, `<team@x.example>`, comes without its scheme.
        if to.contains('@') && !to.contains(':') && !piece::has_hole(to) {
            pieces = vec![Piece::Text(format!("mailto:{to}"))];
        }
        if !link::is_link(&pieces) {
            return Err(ContentError::Link);
        }
        self.raw("<a href=\"");
        self.html.push(Slot::Link(pieces.clone()));
        if !title.is_empty() {
            self.raw("\" title=\"");
            self.html.push(Slot::Attribute(piece::split_with(title, escaped)));
        }
        self.raw("\">");
        self.plain.open_link();
        self.links.push(pieces);
        Ok(())
    }

    fn image(&mut self, from: &str) -> Result<(), ContentError> {
        if self.alt.is_some() {
            return Err(ContentError::Nesting);
        }
        let slot = image_source(from, self.attachments, &mut self.images)?;
        self.raw("<img src=\"");
        self.html.push(slot);
        self.raw("\" alt=\"");
        self.alt = Some(String::new());
        Ok(())
    }

    fn alt_text(&mut self, text: &str) {
        if let Some(alt) = &mut self.alt {
            alt.push_str(text);
        }
    }

    fn image_end(&mut self) {
        let alt = self.alt.take().unwrap_or_default();
        self.html.push(Slot::Attribute(piece::split_with(&alt, escaped)));
        self.raw("\">");
        self.plain.text(piece::split(&alt));
    }
}

/// An image is an attachment, as `cid:NAME` or plain `NAME`, or lies in the message itself as `data:image/…`.
pub(crate) fn image_source(
    from: &str,
    attachments: &[String],
    images: &mut BTreeSet<usize>,
) -> Result<Slot, ContentError> {
    if piece::has_hole(from) {
        return Err(ContentError::FieldPlace);
    }
    if link::starts_with_caseless(from, "data:image/") && !link::starts_with_caseless(from, "data:image/svg")
    {
        return Ok(Slot::Raw(escaped(from)));
    }
    let name = if link::starts_with_caseless(from, "cid:") { &from[4..] } else { from };
    if let Some(index) = attachments.iter().position(|attachment| attachment == name) {
        images.insert(index);
        return Ok(Slot::Image(index));
    }
    if name.contains("//") || (name.len() == from.len() && name.contains(':')) {
        Err(ContentError::Remote)
    } else {
        Err(ContentError::UnknownImage)
    }
}

/// A document around what would stand in its body. Readable on a telephone; black on white is 21 : 1 and the
/// link's blue 8 : 1 (WCAG 2.2, 1.4.3 asks for 4.5 : 1).
pub(crate) fn page(subject: &str, language: &str, body: &str) -> String {
    const STYLE: &str = "body{margin:0 auto;padding:16px;max-width:40em;font:16px/1.5 sans-serif;\
        color:#000;background:#fff;overflow-wrap:break-word}a{color:#00459e}blockquote{margin:0 0 0 8px;\
        padding-left:12px;border-left:4px solid #767676}table{border-collapse:collapse}\
        th,td{border:1px solid #767676;padding:4px 8px}pre{white-space:pre-wrap}img{max-width:100%}";
    let mut page = String::with_capacity(body.len() + 1024);
    page.push_str("<!DOCTYPE html>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(page, "<html {}>", language_attributes(language));
    page.push_str("<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    crate::layout::push_escaped(&mut page, subject, " ");
    page.push_str("</title>\n<style>");
    page.push_str(STYLE);
    page.push_str("</style>\n</head>\n<body>\n");
    page.push_str(body);
    page.push_str("</body>\n</html>\n");
    page
}

/// `lang` and `dir` of a document; a tag has nothing in it to escape.
pub(crate) fn language_attributes(language: &str) -> String {
    let direction = if is_right_to_left(language) { "rtl" } else { "ltr" };
    format!("lang=\"{language}\" dir=\"{direction}\"")
}

/// Languages in scripts that run from right to left, by primary subtag.
fn is_right_to_left(language: &str) -> bool {
    let primary = language.split('-').next().unwrap_or_default().to_ascii_lowercase();
    matches!(primary.as_str(), "ar" | "dv" | "fa" | "he" | "ps" | "sd" | "ug" | "ur" | "yi")
}
