//! HTML and XML taken apart for scanning: all the text, hidden or not, and all that stands within tags.

use crate::codings::entities;

/// Comments within comments that are taken apart (conditional comments hold HTML).
const COMMENT_DEPTH_MAX: usize = 3;

/// Elements that end a line of text. All others join: `a<b>n</b>n@x.test` is one word to a reader.
const BLOCKS: [&str; 66] = [
    "address",
    "article",
    "aside",
    "audio",
    "blockquote",
    "body",
    "br",
    "button",
    "caption",
    "center",
    "dd",
    "details",
    "dialog",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figcaption",
    "figure",
    "footer",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "iframe",
    "input",
    "label",
    "legend",
    "li",
    "link",
    "main",
    "meta",
    "nav",
    "noscript",
    "object",
    "ol",
    "optgroup",
    "option",
    "p",
    "pre",
    "script",
    "section",
    "select",
    "style",
    "summary",
    "table",
    "tbody",
    "td",
    "template",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
    "video",
];
/// Elements of Office and OpenDocument files whose text is cut into runs by formatting alone.
const RUNS: [&str; 8] = ["t", "delText", "instrText", "span", "p", "h", "a", "s"];
/// Elements of those that end a line.
const XML_BLOCKS: [&str; 20] = [
    "p",
    "h",
    "si",
    "is",
    "c",
    "row",
    "tc",
    "tr",
    "br",
    "cr",
    "tab",
    "comment",
    "text",
    "li",
    "td",
    "th",
    "div",
    "txBody",
    "table-cell",
    "list-item",
];

/// The parts of a document, each a text of its own.
#[derive(Default)]
pub(crate) struct Views {
    /// Text as a reader sees it, formatting joined.
    pub(crate) text: String,
    /// What stands in tags, and in XML the text outside runs.
    pub(crate) tags: String,
    /// Comments.
    pub(crate) comments: String,
    /// A tag or comment was not closed.
    pub(crate) unfinished: bool,
}

enum Event<'a> {
    Text(&'a str),
    Tag(&'a str),
    Comment(&'a str),
    Unfinished(&'a str),
}

/// Takes HTML apart.
pub(crate) fn html(document: &str) -> Views {
    let mut views = Views::default();
    html_into(document, &mut views, 0);
    decode(&mut views);
    views
}

fn html_into(document: &str, views: &mut Views, depth: usize) {
    views.text.reserve(document.len() / 2);
    tokenise(document, |event| match event {
        Event::Text(text) => views.text.push_str(text),
        Event::Tag(tag) => {
            if BLOCKS.binary_search(&lower_name(tag).as_str()).is_ok() {
                views.text.push('\n');
            }
            tag_into(tag, &mut views.tags);
        }
        Event::Comment(comment) => comment_into(comment, views, depth),
        Event::Unfinished(rest) => {
            views.unfinished = true;
            // Some programs show it, some swallow it: all of it counts.
            tag_into(rest, &mut views.tags);
            views.text.push('\n');
            views.text.push_str(rest);
        }
    });
}

fn comment_into(comment: &str, views: &mut Views, depth: usize) {
    if depth < COMMENT_DEPTH_MAX && comment.contains('<') {
        let mut inner = Views::default();
        html_into(comment, &mut inner, depth + 1);
        for part in [&inner.text, &inner.tags, &inner.comments] {
            views.comments.push_str(part);
            views.comments.push('\n');
        }
    }
    views.comments.push_str(comment);
    views.comments.push('\n');
}

/// Takes XML apart: text of runs joined until a paragraph or cell ends, every other text on a line of its own.
pub(crate) fn xml(document: &str) -> Views {
    let mut views = Views::default();
    let mut in_run = false;
    tokenise(document, |event| match event {
        Event::Text(text) if in_run => views.text.push_str(text),
        Event::Text(text) => {
            views.tags.push_str(text);
            views.tags.push('\n');
        }
        Event::Tag(tag) => {
            if let Some(data) = tag.strip_prefix("![CDATA[") {
                let data = data.strip_suffix("]]").unwrap_or(data);
                if in_run { &mut views.text } else { &mut views.tags }.push_str(data);
                return;
            }
            let name = local_name(tag);
            if XML_BLOCKS.contains(&name) {
                views.text.push('\n');
            }
            // Text behind the end of a run belongs to a run again only where another begins, but for mixed content.
            in_run = RUNS.contains(&name) && (!tag.starts_with('/') || matches!(name, "span" | "a" | "s"));
            tag_into(tag, &mut views.tags);
        }
        Event::Comment(comment) => {
            views.comments.push_str(comment);
            views.comments.push('\n');
        }
        Event::Unfinished(rest) => {
            views.unfinished = true;
            views.tags.push_str(rest);
        }
    });
    decode(&mut views);
    views
}

fn decode(views: &mut Views) {
    for view in [&mut views.text, &mut views.tags, &mut views.comments] {
        if let Some(decoded) = entities(view) {
            *view = decoded;
        }
    }
}

/// The inside of a tag as a line, each value set apart from its name: `data-r=ann@x.test` holds ann@x.test.
fn tag_into(tag: &str, out: &mut String) {
    let Some((name, attributes)) = tag.split_once(|c: char| c.is_ascii_whitespace() || c == '/') else {
        // A tag without attributes: of interest only if it is no element name (`<ann@x.test>`).
        if !tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'/') {
            out.push_str(tag);
            out.push('\n');
        }
        return;
    };
    out.push_str(name);
    out.push(if tag.as_bytes().get(name.len()) == Some(&b'/') { '/' } else { ' ' });
    let mut rest = attributes;
    while let Some(equals) = rest.find('=') {
        let (before, after) = rest.split_at(equals + 1);
        out.push_str(before);
        let value = after.trim_start();
        let end = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value[1..].find(quote).map_or(value.len(), |n| n + 2),
            _ => value.find(|c: char| c.is_ascii_whitespace()).unwrap_or(value.len()),
        };
        out.push('\n');
        out.push_str(&value[..end]);
        rest = &value[end..];
    }
    out.push_str(rest);
    out.push('\n');
}

fn name(tag: &str) -> &str {
    let tag = tag.strip_prefix('/').unwrap_or(tag);
    tag.split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>')).next().unwrap_or("")
}

fn lower_name(tag: &str) -> String {
    name(tag).to_ascii_lowercase()
}

fn local_name(tag: &str) -> &str {
    let name = name(tag);
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn tokenise<'a>(document: &'a str, mut sink: impl FnMut(Event<'a>)) {
    let mut rest = document;
    while let Some(open) = rest.find('<') {
        if open > 0 {
            sink(Event::Text(&rest[..open]));
        }
        let inside = &rest[open + 1..];
        if let Some(comment) = inside.strip_prefix("!--") {
            // HTML §13.2.5.43: `<!-->` and `<!--->` are closed at once.
            let (length, close) = if comment.starts_with('>') {
                (0, 1)
            } else if comment.starts_with("->") {
                (0, 2)
            } else if let Some((length, close)) = comment_end(comment) {
                (length, close)
            } else {
                sink(Event::Comment(comment));
                sink(Event::Unfinished(comment));
                return;
            };
            sink(Event::Comment(&comment[..length]));
            rest = &comment[length + close..];
            continue;
        }
        if !inside.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '!' | '?')) {
            sink(Event::Text("<"));
            rest = inside;
            continue;
        }
        let end =
            if inside.starts_with("![CDATA[") { inside.find("]]>").map(|n| n + 2) } else { tag_end(inside) };
        let Some(end) = end else {
            sink(Event::Unfinished(inside));
            return;
        };
        sink(Event::Tag(&inside[..end]));
        rest = &inside[end + 1..];
    }
    if !rest.is_empty() {
        sink(Event::Text(rest));
    }
}

fn comment_end(comment: &str) -> Option<(usize, usize)> {
    comment.match_indices("--").find_map(|(n, _)| {
        let tail = &comment[n + 2..];
        if tail.starts_with('>') {
            Some((n, 3))
        } else if tail.starts_with("!>") {
            Some((n, 4))
        } else {
            None
        }
    })
}

/// The `>` that ends a tag: one within the quotes of a value does not.
fn tag_end(tag: &str) -> Option<usize> {
    let mut quote = None;
    let mut after_equals = false;
    for (at, b) in tag.bytes().enumerate() {
        match (quote, b) {
            (Some(q), b) if b == q => quote = None,
            (Some(_), _) => {}
            (None, b'>') => return Some(at),
            (None, b'"' | b'\'') if after_equals => quote = Some(b),
            _ => {}
        }
        if !b.is_ascii_whitespace() {
            after_equals = b == b'=' && quote.is_none();
        }
    }
    // A quote that is never closed: the first `>` ends the tag for programs that do not mind quotes.
    tag.find('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_sorted() {
        assert!(BLOCKS.is_sorted());
    }

    #[test]
    fn takes_html_apart() {
        let views = html(
            "<p>a<b>n</b>n<!-- x -->@x<wbr>.te&shy;st</p><p>Bob</p><a href='mailto:bob&#64;y.test'>w</a>",
        );
        assert!(views.text.contains("\nann@x.te\u{ad}st\n"), "{}", views.text);
        assert!(views.tags.contains("mailto:bob@y.test"), "{}", views.tags);
        assert!(html("<!-- <b>x</b>y -->").comments.contains("xy"));
        assert!(html("ann<!-->@x.test").text.contains("ann@x.test"));
        assert!(html("a <ann@x.test> b").tags.contains("ann@x.test"));
        assert!(html("<b title=\"x>ann@x.test").tags.contains("x"));
        assert!(html("<b title=\"x>ann@x.test").text.contains("ann@x.test"));
        assert_eq!(html("1 < 2 and 3 > 2").text, "1 < 2 and 3 > 2");
    }

    #[test]
    fn joins_runs_of_xml() {
        let docx =
            "<w:p><w:r><w:t>ann</w:t></w:r><w:r><w:t>@x.test</w:t></w:r></w:p><w:p><w:t>Bob</w:t></w:p>";
        assert!(xml(docx).text.contains("\nann@x.test\n"));
        let properties = "<Company>Police</Company><Manager>ann@x.test</Manager>";
        assert!(xml(properties).tags.contains("\nann@x.test\n"));
    }
}
