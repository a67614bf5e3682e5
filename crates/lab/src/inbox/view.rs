//! The list and one message, as HTML.

use std::fmt::Write;
use std::sync::Arc;

use mail::{Limits, PartKind, Reading, read};

use crate::inbox::page::{Text, page};
use crate::inbox::query::Query;
use crate::mailbox::{Mailbox, Received};

/// Messages on one page of the list.
const PAGE_MESSAGES: usize = 50;
/// Characters of a subject in the list; the rest is on the message's own page.
const SUBJECT_CHARS: usize = 120;

/// The list: a summary, a search, and one page of messages.
pub(crate) fn list(mailbox: &Mailbox, summary: &[(String, String)], query: &Query) -> String {
    let all = mailbox.received();
    let found: Vec<&Arc<Received>> = all.iter().filter(|message| is_to(message, &query.to)).collect();
    let pages = found.len().div_ceil(PAGE_MESSAGES).max(1);
    let current = query.page.min(pages);
    let mut main = String::from("<h1>Inbox</h1>\n");
    if !summary.is_empty() && query.to.is_empty() && current == 1 {
        push_summary(&mut main, summary);
    }
    push_search(&mut main, query);
    let what = match (found.len(), query.to.is_empty()) {
        (0, true) => "No messages yet".to_owned(),
        (0, false) => "No message to such an address".to_owned(),
        (1, _) => "1 message".to_owned(),
        (n, _) => format!("{n} messages"),
    };
    if found.is_empty() {
        let _ = writeln!(main, "<p>{}.</p>", Text(&what));
    } else {
        let caption = if pages == 1 { what } else { format!("{what}, page {current} of {pages}") };
        let shown = found.iter().skip((current - 1) * PAGE_MESSAGES).take(PAGE_MESSAGES);
        push_table(&mut main, &caption, shown.copied());
    }
    push_pages(&mut main, query, current, pages);
    let mut title =
        if query.to.is_empty() { "Inbox".to_owned() } else { format!("Messages to “{}”", query.to) };
    if pages > 1 {
        let _ = write!(title, ", page {current} of {pages}");
    }
    page(&title, &main)
}

fn is_to(message: &Received, part: &str) -> bool {
    part.is_empty() || message.recipients.iter().any(|recipient| recipient.to_lowercase().contains(part))
}

// Writing to a string cannot fail, so the results below are not looked at.

fn push_summary(main: &mut String, summary: &[(String, String)]) {
    main.push_str("<dl class=\"summary\">\n");
    for (label, value) in summary {
        let _ = writeln!(main, "<div><dt>{}</dt><dd>{}</dd></div>", Text(label), Text(value));
    }
    main.push_str("</dl>\n");
}

fn push_search(main: &mut String, query: &Query) {
    let _ = write!(
        main,
        "<form method=\"get\" action=\"/\" role=\"search\">\n\
         <label for=\"to\">Search by address, or a part of one</label>\n\
         <div class=\"row\"><input id=\"to\" name=\"to\" type=\"search\" autocomplete=\"off\" spellcheck=\"false\" \
         value=\"{}\">\n<button type=\"submit\">Search</button></div>\n",
        Text(&query.to)
    );
    if !query.to.is_empty() {
        main.push_str("<p><a href=\"/\">Show all messages</a></p>\n");
    }
    main.push_str("</form>\n");
}

fn push_table<'a>(main: &mut String, caption: &str, messages: impl Iterator<Item = &'a Arc<Received>>) {
    let _ = write!(
        main,
        "<table>\n<caption>{}</caption>\n<thead><tr><th scope=\"col\" class=\"number\">No.</th>\
         <th scope=\"col\" class=\"to\">To</th><th scope=\"col\">Subject</th>\
         <th scope=\"col\" class=\"size\">Size</th></tr></thead>\n<tbody>\n",
        Text(caption)
    );
    for message in messages {
        let subject = subject(&read(&message.bytes, &Limits::default()));
        let mut short: String = subject.chars().take(SUBJECT_CHARS).collect();
        if short.len() < subject.len() {
            short.push('…');
        }
        let _ = writeln!(
            main,
            "<tr><td class=\"number\">{number}</td><th scope=\"row\"><a href=\"/message/{number}\">{to}</a></th>\
             <td>{subject}</td><td class=\"size\">{size}</td></tr>",
            number = message.number,
            // A narrow page breaks the line before the domain.
            to = Text(&message.recipients.join(", ")).to_string().replace('@', "<wbr>@"),
            subject = Text(&short),
            size = size(message.bytes.len()),
        );
    }
    main.push_str("</tbody>\n</table>\n");
}

fn push_pages(main: &mut String, query: &Query, current: usize, pages: usize) {
    if pages == 1 {
        return;
    }
    main.push_str("<nav aria-label=\"Pages\" class=\"pages\">\n");
    let mut link = |to: usize, relation: &str, words: &str| {
        let link = query.link(to);
        let _ = writeln!(main, "<a rel=\"{relation}\" href=\"{}\">{words}</a>", Text(&link));
    };
    if current > 1 {
        link(current - 1, "prev", "Previous page");
    }
    if current < pages {
        link(current + 1, "next", "Next page");
    }
    main.push_str("</nav>\n");
}

/// One message.
pub(crate) fn message(message: &Received) -> String {
    let reading = read(&message.bytes, &Limits::default());
    let subject = subject(&reading);
    let number = message.number;
    let mut main = format!("<p><a href=\"/\">Back to the inbox</a></p>\n<h1>{}</h1>\n", Text(&subject));
    push_envelope(&mut main, message);
    main.push_str("<h2>Text</h2>\n");
    match part(&reading, PartKind::Text) {
        Some(text) => {
            let _ = writeln!(main, "<div class=\"text\">{}</div>", Text(text));
        }
        None => main.push_str("<p>The message has no text.</p>\n"),
    }
    main.push_str("<h2>HTML</h2>\n");
    if part(&reading, PartKind::Html).is_some() {
        let _ = writeln!(
            main,
            "<iframe sandbox src=\"/message/{number}/html\" title=\"Message {number} as HTML\"></iframe>"
        );
    } else {
        main.push_str("<p>The message has no HTML.</p>\n");
    }
    main.push_str("<h2>Headers</h2>\n<dl class=\"headers\">\n");
    for header in top_fields(&reading) {
        let value = header.decoded.as_deref().unwrap_or(&header.unfolded);
        let _ = writeln!(main, "<div><dt>{}</dt><dd>{}</dd></div>", Text(&header.name), Text(value));
    }
    let _ = write!(
        main,
        "</dl>\n<h2>Source</h2>\n<p><a href=\"/message/{number}/source\" download>Download the message as it was \
         received</a> ({})</p>\n",
        size(message.bytes.len())
    );
    page(&format!("Message {number}: {subject}"), &main)
}

fn push_envelope(main: &mut String, message: &Received) {
    let sender =
        if message.reverse_path.is_empty() { "nobody (a null return path)" } else { &message.reverse_path };
    let to = message.recipients.join(", ");
    let tls = if message.tls { "encrypted" } else { "not encrypted" };
    let login = message.authenticated_as.as_deref().unwrap_or("nobody");
    main.push_str("<h2>Envelope</h2>\n<dl class=\"headers\">\n");
    for (label, value) in
        [("To", to.as_str()), ("Returns to", sender), ("Connection", tls), ("Logged in", login)]
    {
        let _ = writeln!(main, "<div><dt>{label}</dt><dd>{}</dd></div>", Text(value));
    }
    main.push_str("</dl>\n");
}

/// The HTML of a message, as it is: for its own frame, under its own policy.
pub(crate) fn html_part(message: &Received) -> Option<String> {
    let reading = read(&message.bytes, &Limits::default());
    part(&reading, PartKind::Html).map(str::to_owned)
}

fn part(reading: &Reading, kind: PartKind) -> Option<&str> {
    reading.parts.iter().find(|part| part.kind == kind && !part.attachment).and_then(|part| part.text())
}

fn top_fields(reading: &Reading) -> impl Iterator<Item = &mail::Header> {
    reading.headers.iter().filter(|header| header.part.is_message())
}

fn subject(reading: &Reading) -> String {
    let field = top_fields(reading).find(|header| header.name.eq_ignore_ascii_case("subject"));
    let subject = field.map_or("", |header| header.decoded.as_deref().unwrap_or(&header.unfolded)).trim();
    if subject.is_empty() { "(no subject)".to_owned() } else { subject.to_owned() }
}

/// In kB as people write it: 1,000 octets.
fn size(octets: usize) -> String {
    if octets < 1_000 { format!("{octets} B") } else { format!("{} kB", octets.div_ceil(1_000)) }
}
