//! HTML with holes becomes a [`Layout`], and what a message must not have is found.
//!
//! Promise 12, no tracking: nothing is loaded from elsewhere, nothing runs, nothing is submitted. Every tag is
//! taken apart and written again, so what was checked is what is sent. Comments go, but for the
//! conditional ones that old Outlook needs.

use std::collections::BTreeSet;

use crate::error::ContentError;
use crate::layout::{Layout, Slot};
use crate::limits::NESTING_MAX;
use crate::link;
use crate::markdown::image_source;
use crate::markup::{Token, Tokens, decode};
use crate::piece::{self, Piece};
use crate::plain::{Builder, Shape};
use crate::refusal::{check_css, check_element};

/// Elements that have no end tag (HTML §13.1.2).
pub(crate) const VOID: [&str; 9] = ["area", "br", "col", "hr", "img", "meta", "param", "track", "wbr"];
/// Elements whose words stand on lines of their own.
const BLOCKS: [&str; 30] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "footer",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];

struct Walk<'a> {
    attachments: &'a [String],
    html: Vec<Slot>,
    plain: Builder,
    images: BTreeSet<usize>,
    whole: bool,
    has_start: bool,
    has_end: bool,
    /// How deep in something that is not shown; 0 where it is.
    hidden: usize,
    in_head: bool,
    in_style: bool,
    /// A title has begun and has no words yet.
    untitled: bool,
    preheader: String,
    in_pre: bool,
    after_space: bool,
    links: Vec<Vec<Piece>>,
    /// For each open list its next number, if it has numbers, and whether an item is open.
    lists: Vec<(Option<u64>, bool)>,
    quotes: usize,
}

/// Checks and parses HTML; `attachments` are the names that an image may have.
pub(crate) fn lay_out(skeleton: &str, attachments: &[String]) -> Result<Layout, ContentError> {
    let mut walk = Walk {
        attachments,
        html: Vec::new(),
        plain: Builder::default(),
        images: BTreeSet::new(),
        whole: false,
        has_start: false,
        has_end: false,
        hidden: 0,
        in_head: false,
        in_style: false,
        untitled: false,
        preheader: String::new(),
        in_pre: false,
        after_space: true,
        links: Vec::new(),
        lists: Vec::new(),
        quotes: 0,
    };
    let mut tokens = Tokens::new(skeleton);
    while let Some(token) = tokens.next()? {
        walk.token(token)?;
    }
    if !walk.has_start {
        walk.html.insert(0, Slot::BodyStart);
    }
    if !walk.has_end {
        walk.html.push(Slot::BodyEnd);
    }
    Ok(Layout {
        html: walk.html,
        plain: walk.plain.finish(),
        whole: walk.whole,
        images: walk.images,
        preheader: walk.preheader,
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

    fn token(&mut self, token: Token<'_>) -> Result<(), ContentError> {
        match token {
            Token::Text(text) => self.text(text),
            Token::Open { name, attributes, closed } => self.open(&name, &attributes, closed),
            Token::Close(name) => self.close(&name),
            Token::Comment(text) => self.comment(text),
            Token::Declaration(text) => {
                if piece::has_hole(text) {
                    return Err(ContentError::FieldPlace);
                }
                if link::starts_with_caseless(text, "<!doctype") {
                    self.raw(text);
                }
                Ok(())
            }
        }
    }

    fn text(&mut self, text: &str) -> Result<(), ContentError> {
        self.untitled = false;
        if self.in_style {
            check_css(text)?;
            self.raw(text);
            return Ok(());
        }
        let pieces = piece::split_with(text, |text| text.replace('<', "&lt;"));
        self.html.push(if self.in_pre { Slot::Verbatim(pieces) } else { Slot::Text(pieces) });
        if self.hidden == 0 {
            let mut pieces = piece::split_with(text, |text| decode(text).into_owned());
            if !self.in_pre {
                pieces = self.collapse(pieces);
            }
            self.plain.text(pieces);
        } else if !self.in_head {
            for piece in piece::split(text) {
                if let Piece::Text(text) = piece {
                    self.preheader.push_str(&decode(&text));
                }
            }
        }
        Ok(())
    }

    /// Runs of white space in the template are one space (CSS 2.1 §16.6.1); values are left alone.
    fn collapse(&mut self, mut pieces: Vec<Piece>) -> Vec<Piece> {
        for piece in &mut pieces {
            let Piece::Text(text) = piece else {
                self.after_space = false;
                continue;
            };
            let mut out = String::with_capacity(text.len());
            for c in text.chars() {
                let space = matches!(c, ' ' | '\t' | '\n');
                if !space {
                    out.push(c);
                } else if !self.after_space {
                    out.push(' ');
                }
                self.after_space = space;
            }
            *text = out;
        }
        pieces
    }

    fn comment(&mut self, text: &str) -> Result<(), ContentError> {
        if piece::has_hole(text) {
            return Err(ContentError::FieldPlace);
        }
        let Some((_, inner)) = text.strip_prefix("[if").and_then(|rest| rest.split_once("]>")) else {
            if text == "<![endif]" {
                self.raw("<!--<![endif]-->");
            }
            return Ok(());
        };
        let inner = inner.trim();
        let inner = inner.strip_suffix("<![endif]").unwrap_or(inner);
        let inner = inner.strip_suffix("<!--").or_else(|| inner.strip_suffix("<!")).unwrap_or(inner);
        let mut tokens = Tokens::new(inner);
        let mut in_style = false;
        while let Some(token) = tokens.next()? {
            match token {
                Token::Open { name, attributes, .. } => {
                    // Outlook's own elements set its screen up; they are no more than that.
                    if !matches!(name.as_str(), "xml" | "noscript") {
                        check_element(&name, &attributes)?;
                    }
                    if attributes.iter().any(|(name, _)| matches!(name.as_str(), "src" | "href")) {
                        return Err(ContentError::Remote);
                    }
                    in_style = name == "style";
                }
                Token::Text(text) if in_style => check_css(text)?,
                Token::Close(_) => in_style = false,
                _ => {}
            }
        }
        self.raw("<!--");
        self.raw(text);
        self.raw("-->");
        Ok(())
    }

    fn open(
        &mut self,
        name: &str,
        attributes: &[(String, Option<&str>)],
        closed: bool,
    ) -> Result<(), ContentError> {
        check_element(name, attributes)?;
        self.raw("<");
        self.raw(name);
        let mut link = None;
        for (attribute, value) in attributes {
            self.raw(" ");
            self.raw(attribute);
            let Some(value) = value else { continue };
            self.raw("=\"");
            match (attribute.as_str(), name) {
                ("href", "a" | "area") => {
                    let pieces = piece::split(decode(value).trim());
                    if !link::is_link(&pieces) {
                        return Err(ContentError::Link);
                    }
                    self.html.push(Slot::Link(pieces.clone()));
                    link = Some(pieces);
                }
                ("src", "img") => {
                    let slot = image_source(decode(value).trim(), self.attachments, &mut self.images)?;
                    self.html.push(slot);
                }
                _ => self.html.push(Slot::Attribute(piece::split_with(value, |v| v.replace('"', "&quot;")))),
            }
            self.raw("\"");
        }
        self.raw(if closed { "/>" } else { ">" });
        self.in_style = name == "style" && !closed;
        match name {
            "html" => self.whole = true,
            "title" => self.untitled = !closed,
            "head" => self.in_head = true,
            "body" => {
                self.in_head = false;
                self.whole = true;
                self.has_start = true;
                self.html.push(Slot::BodyStart);
            }
            _ => {}
        }
        self.show_open(name, attributes, link, closed)
    }

    /// The start tag's part in the plain text.
    fn show_open(
        &mut self,
        name: &str,
        attributes: &[(String, Option<&str>)],
        link: Option<Vec<Piece>>,
        closed: bool,
    ) -> Result<(), ContentError> {
        let void = closed || VOID.contains(&name);
        if self.hidden > 0 || matches!(name, "head" | "style" | "title") || is_hidden(attributes) {
            self.hidden += usize::from(!void);
            return Ok(());
        }
        if BLOCKS.contains(&name) {
            self.flush(Shape::Flow);
        }
        match name {
            "a" if !closed => {
                self.plain.open_link();
                self.links.push(link.unwrap_or_default());
            }
            "br" => {
                self.plain.line_break();
                self.after_space = true;
            }
            "hr" => self.flush(Shape::Rule),
            "pre" => self.in_pre = !closed,
            "blockquote" => {
                self.quotes += 1;
                self.plain.push_prefix("> ", "> ");
            }
            "ul" => self.lists.push((None, false)),
            "ol" => self.lists.push((Some(1), false)),
            "li" => self.open_item(),
            "td" | "th" if self.plain.has_words() => {
                self.plain.text(vec![Piece::Text(" | ".to_owned())]);
                self.after_space = true;
            }
            "img" => {
                if let Some((_, Some(alt))) = attributes.iter().find(|(name, _)| name == "alt") {
                    let pieces = piece::split_with(alt, |text| decode(text).into_owned());
                    self.plain.text(pieces);
                    self.after_space = false;
                }
            }
            _ => {}
        }
        if self.quotes + self.lists.len() > NESTING_MAX { Err(ContentError::Nesting) } else { Ok(()) }
    }

    fn open_item(&mut self) {
        self.close_item();
        let marker = match self.lists.last_mut() {
            Some((number, open)) => {
                *open = true;
                number.as_mut().map_or_else(
                    || "- ".to_owned(),
                    |number| {
                        let marker = format!("{number}. ");
                        *number += 1;
                        marker
                    },
                )
            }
            // An item outside a list: words like any other.
            None => return,
        };
        self.plain.push_prefix(&marker, &" ".repeat(marker.len()));
    }

    fn close_item(&mut self) {
        if let Some((_, open)) = self.lists.last_mut()
            && std::mem::take(open)
        {
            self.plain.pop_prefix();
            self.plain.tighten();
        }
    }

    fn flush(&mut self, shape: Shape) {
        self.plain.flush(shape);
        self.after_space = true;
    }

    fn close(&mut self, name: &str) -> Result<(), ContentError> {
        if !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b':')) {
            return Err(if piece::has_hole(name) { ContentError::FieldPlace } else { ContentError::Html });
        }
        if name == "title" && std::mem::take(&mut self.untitled) {
            self.html.push(Slot::Title);
        }
        if name == "body" && !std::mem::replace(&mut self.has_end, true) {
            self.html.push(Slot::BodyEnd);
        }
        self.raw("</");
        self.raw(name);
        self.raw(">");
        self.in_style = false;
        self.in_head &= name != "head";
        if self.hidden > 0 {
            self.hidden -= 1;
            return Ok(());
        }
        let heading = match name {
            "h1" => Shape::Heading('='),
            "h2" => Shape::Heading('-'),
            "pre" => Shape::Verbatim,
            _ => Shape::Flow,
        };
        if BLOCKS.contains(&name) {
            self.flush(heading);
        }
        match name {
            "a" => {
                if let Some(to) = self.links.pop() {
                    self.plain.close_link(to);
                }
            }
            "pre" => self.in_pre = false,
            "blockquote" if self.quotes > 0 => {
                self.quotes -= 1;
                self.plain.pop_prefix();
            }
            "li" => self.close_item(),
            "ul" | "ol" => {
                self.close_item();
                self.lists.pop();
                if self.lists.is_empty() {
                    self.plain.loosen();
                }
            }
            "tr" => self.plain.tighten(),
            "table" => self.plain.loosen(),
            _ => {}
        }
        Ok(())
    }
}

fn is_hidden(attributes: &[(String, Option<&str>)]) -> bool {
    attributes.iter().any(|(name, value)| match name.as_str() {
        "hidden" => true,
        "style" => value.is_some_and(|style| {
            let style: String = style.chars().filter(|c| !c.is_whitespace()).collect();
            style.to_ascii_lowercase().contains("display:none")
        }),
        _ => false,
    })
}
