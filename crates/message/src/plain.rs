//! The plain-text form: blocks with prefixes, filled with values and wrapped.

use crate::limits::PART_OCTETS_MAX;
use crate::link::{self, DEAD_LINK};
use crate::piece::Piece;

/// Column after which lines of text are broken, in characters (RFC 5322 §2.1.1 asks for 78 at most; quoting adds two).
const WRAP_COLUMNS: usize = 74;

/// Something within a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inline {
    /// Words.
    Text(Vec<Piece>),
    /// The end of a link whose words went before; `from` is where in the block they begin.
    Link { from: usize, to: Vec<Piece> },
    /// A line break that the author asked for.
    Break,
}

/// How the lines of a block are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Wrapped.
    Flow,
    /// Wrapped and underlined with this.
    Heading(char),
    /// As it is.
    Verbatim,
    /// A line across.
    Rule,
}

/// A paragraph, heading, list item, table row or the like.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    first: String,
    rest: String,
    shape: Shape,
    inlines: Vec<Inline>,
    gap: bool,
}

struct Prefix {
    first: Option<String>,
    rest: String,
}

/// Collects blocks as a parser walks.
#[derive(Default)]
pub(crate) struct Builder {
    blocks: Vec<Block>,
    prefixes: Vec<Prefix>,
    inlines: Vec<Inline>,
    links: Vec<usize>,
    tight: bool,
}

impl Builder {
    /// Everything from here on is indented: `first` on the next line, `rest` on the others.
    pub(crate) fn push_prefix(&mut self, first: &str, rest: &str) {
        self.prefixes.push(Prefix { first: Some(first.to_owned()), rest: rest.to_owned() });
    }

    pub(crate) fn pop_prefix(&mut self) {
        self.prefixes.pop();
    }

    /// The next block follows without an empty line.
    pub(crate) fn tighten(&mut self) {
        self.tight = true;
    }

    /// The next block has an empty line before it after all.
    pub(crate) fn loosen(&mut self) {
        self.tight = false;
    }

    pub(crate) fn text(&mut self, pieces: Vec<Piece>) {
        self.inlines.push(Inline::Text(pieces));
    }

    pub(crate) fn line_break(&mut self) {
        self.inlines.push(Inline::Break);
    }

    pub(crate) fn open_link(&mut self) {
        self.links.push(self.inlines.len());
    }

    pub(crate) fn close_link(&mut self, to: Vec<Piece>) {
        let from = self.links.pop().unwrap_or(self.inlines.len());
        self.inlines.push(Inline::Link { from, to });
    }

    /// Whether something waits for [`Builder::flush`].
    pub(crate) fn has_words(&self) -> bool {
        self.inlines.iter().any(|inline| match inline {
            Inline::Text(pieces) => pieces.iter().any(|p| match p {
                Piece::Text(text) => !text.trim().is_empty(),
                Piece::Value(_) => true,
            }),
            Inline::Link { .. } => true,
            Inline::Break => false,
        })
    }

    /// Ends the block.
    pub(crate) fn flush(&mut self, shape: Shape) {
        if shape != Shape::Rule && !self.has_words() {
            self.inlines.clear();
            return;
        }
        self.links.clear();
        let mut first = String::new();
        let mut rest = String::new();
        for prefix in &mut self.prefixes {
            first.push_str(&prefix.first.take().unwrap_or_else(|| prefix.rest.clone()));
            rest.push_str(&prefix.rest);
        }
        let gap = !std::mem::take(&mut self.tight) && !self.blocks.is_empty();
        let inlines = std::mem::take(&mut self.inlines);
        self.blocks.push(Block { first, rest, shape, inlines, gap });
    }

    pub(crate) fn finish(mut self) -> Vec<Block> {
        self.flush(Shape::Flow);
        self.blocks
    }
}

/// Puts the values in and breaks the lines; every line ends in LF.
///
/// # Errors
/// The index of a value that is a link and not a web address.
pub(crate) fn fill<'v>(
    blocks: &[Block],
    value: impl Fn(usize) -> &'v str + Copy,
    dead: bool,
) -> Result<String, usize> {
    let mut out = String::new();
    let mut above = "";
    for block in blocks {
        if block.gap {
            out.push_str(common_prefix(above, &block.rest).trim_end());
            out.push('\n');
        }
        above = &block.rest;
        if block.shape == Shape::Rule {
            out.push_str(&block.first);
            out.push_str("----------\n");
            continue;
        }
        let text = words(&block.inlines, value, dead)?;
        let text = if dead { link::deaden(&text) } else { text };
        lay_out(&mut out, block, &text);
    }
    Ok(out)
}

fn lay_out(out: &mut String, block: &Block, text: &str) {
    let mut prefix = block.first.as_str();
    let mut widest = 0;
    let text = if block.shape == Shape::Verbatim { text.trim_end_matches('\n') } else { text };
    for line in text.split('\n') {
        // The caller refuses what is longer; a deep quote of many short lines need not be made first.
        if out.len() > PART_OCTETS_MAX {
            return;
        }
        if block.shape == Shape::Verbatim {
            push_line(out, prefix, line);
        } else {
            widest = widest.max(wrap(out, prefix, &block.rest, line));
        }
        prefix = &block.rest;
    }
    if let Shape::Heading(line) = block.shape {
        let rule: String = std::iter::repeat_n(line, widest.min(WRAP_COLUMNS)).collect();
        push_line(out, &block.rest, &rule);
    }
}

fn push_line(out: &mut String, prefix: &str, line: &str) {
    out.push_str(if line.is_empty() { prefix.trim_end() } else { prefix });
    out.push_str(line);
    out.push('\n');
}

/// Breaks at spaces and nowhere else, so that no address is ever cut. Gives the widest line.
fn wrap(out: &mut String, first: &str, rest: &str, text: &str) -> usize {
    let room = WRAP_COLUMNS.saturating_sub(rest.chars().count()).max(20);
    let mut prefix = first;
    let mut line = String::new();
    let mut width = 0;
    let mut widest = 0;
    for (n, word) in text.split(' ').enumerate() {
        let word_width = word.chars().count();
        if n > 0 && width > 0 && word_width > 0 && width + 1 + word_width > room {
            push_line(out, prefix, line.trim_end_matches(' '));
            prefix = rest;
            widest = widest.max(width);
            line.clear();
            width = 0;
        } else if n > 0 {
            line.push(' ');
            width += 1;
        }
        line.push_str(word);
        width += word_width;
    }
    push_line(out, prefix, &line);
    widest.max(width)
}

fn words<'v>(
    inlines: &[Inline],
    value: impl Fn(usize) -> &'v str + Copy,
    dead: bool,
) -> Result<String, usize> {
    let mut out = String::new();
    let mut starts = Vec::with_capacity(inlines.len());
    for inline in inlines {
        starts.push(out.len());
        match inline {
            Inline::Text(pieces) => {
                for piece in pieces {
                    match piece {
                        Piece::Text(text) => out.push_str(text),
                        Piece::Value(index) => out.push_str(value(*index)),
                    }
                }
            }
            Inline::Break => out.push('\n'),
            Inline::Link { from, to } => {
                let to = link::fill(to, value)?;
                let from = starts.get(*from).copied().unwrap_or(out.len());
                close_link(&mut out, from, if dead { DEAD_LINK } else { &to });
            }
        }
    }
    Ok(out)
}

/// `words <where>`, or the address alone where the words are the address.
fn close_link(out: &mut String, from: usize, to: &str) {
    if to.starts_with('#') {
        return;
    }
    let shown = to.strip_prefix("mailto:").or_else(|| to.strip_prefix("tel:")).unwrap_or(to);
    let said = out[from..].trim();
    if said == to || said == shown || said.replace(' ', "") == shown {
        return;
    }
    if !said.is_empty() {
        out.push(' ');
    }
    out.push('<');
    out.push_str(shown);
    out.push('>');
}

fn common_prefix<'a>(a: &'a str, b: &str) -> &'a str {
    let end = a.char_indices().zip(b.chars()).find(|((_, x), y)| x != y).map(|((at, _), _)| at);
    &a[..end.unwrap_or(a.len().min(b.len()))]
}
