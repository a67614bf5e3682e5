//! Link destinations: what may be one, how a value gets into one, and how it is made dead for a test.

use crate::piece::Piece;

/// Where every link of a test message leads. `invalid` is never in the DNS (RFC 6761 §6.4).
pub(crate) const DEAD_LINK: &str = "https://test.invalid/link";

/// What scheme a destination has, if it is one that a message may have.
pub(crate) fn has_link_scheme(text: &str) -> bool {
    ["https://", "http://", "mailto:", "tel:", "#"].iter().any(|scheme| starts_with_caseless(text, scheme))
}

/// RFC 3986 §3.1: schemes are compared without regard to case.
pub(crate) fn starts_with_caseless(text: &str, prefix: &str) -> bool {
    text.get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix))
}

/// Whether these pieces can be a link at all: a known scheme, or a value in front.
pub(crate) fn is_link(pieces: &[Piece]) -> bool {
    match pieces.first() {
        Some(Piece::Text(text)) => has_link_scheme(text),
        Some(Piece::Value(_)) => true,
        None => false,
    }
}

/// Puts the values in. A value in front is a whole address and keeps its slashes; any other is a component
/// and is percent-encoded down to the unreserved characters of RFC 3986 §2.3.
///
/// # Errors
/// The index of the value that is not a web or e-mail address, though it stands in front.
pub(crate) fn fill<'v>(pieces: &[Piece], value: impl Fn(usize) -> &'v str) -> Result<String, usize> {
    let mut url = String::new();
    for (n, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Text(text) => push_url(&mut url, text),
            Piece::Value(index) if n == 0 => {
                let text = value(*index).trim();
                if !is_whole_address(text) {
                    return Err(*index);
                }
                push_url(&mut url, text);
            }
            Piece::Value(index) => push_component(&mut url, value(*index)),
        }
    }
    Ok(url)
}

fn is_whole_address(text: &str) -> bool {
    let rest = ["https://", "http://", "mailto:"]
        .iter()
        .find(|scheme| starts_with_caseless(text, scheme))
        .map(|scheme| &text[scheme.len()..]);
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || c == '['))
        && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// Keeps an address as it is, less what may not stand in one (RFC 3986 appendix A, letters beyond ASCII as in RFC 3987).
fn push_url(url: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_control()
            || c.is_whitespace()
            || matches!(c, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
        {
            push_octets(url, c);
        } else {
            url.push(c);
        }
    }
}

fn push_component(url: &mut String, text: &str) {
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~') {
            url.push(c);
        } else {
            push_octets(url, c);
        }
    }
}

fn push_octets(url: &mut String, c: char) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for octet in c.encode_utf8(&mut [0; 4]).bytes() {
        url.push('%');
        url.push(char::from(HEX[usize::from(octet >> 4)]));
        url.push(char::from(HEX[usize::from(octet & 15)]));
    }
}

/// Replaces what a mail program would make a link of by itself: `http…` and `www.` up to white space or `<`.
pub(crate) fn deaden(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = find_bare_link(rest) {
        out.push_str(&rest[..start]);
        out.push_str(DEAD_LINK);
        let end = rest[start..].find(|c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"'));
        rest = end.map_or("", |end| &rest[start + end..]);
    }
    out.push_str(rest);
    out
}

fn find_bare_link(text: &str) -> Option<usize> {
    text.char_indices()
        .filter(|(_, c)| matches!(c, 'h' | 'H' | 'w' | 'W'))
        .map(|(at, _)| at)
        .find(|at| ["http://", "https://", "www."].iter().any(|s| starts_with_caseless(&text[*at..], s)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Piece {
        Piece::Text(text.to_owned())
    }

    #[test]
    fn a_component_cannot_leave_its_place() {
        let pieces = [text("https://x.test/?n="), Piece::Value(0)];
        assert_eq!(fill(&pieces, |_| "a&b=c#d é\n").unwrap(), "https://x.test/?n=a%26b%3Dc%23d%20%C3%A9%0A");
    }

    #[test]
    fn a_value_in_front_is_a_web_address_or_refused() {
        let pieces = [Piece::Value(7)];
        assert_eq!(fill(&pieces, |_| "https://x.test/s?t=1&u=2").unwrap(), "https://x.test/s?t=1&u=2");
        for bad in ["javascript:alert(1)", "x.test", "https://", "http://x y", "", "data:text/html,x"] {
            assert_eq!(fill(&pieces, |_| bad), Err(7), "{bad}");
        }
    }

    #[test]
    fn bare_links_die() {
        assert_eq!(
            deaden("See HTTPS://x.test/a?b, www.y.test or <http://z> now"),
            format!("See {DEAD_LINK} {DEAD_LINK} or <{DEAD_LINK}> now")
        );
        assert_eq!(deaden("whole house wwwhttp"), "whole house wwwhttp");
    }
}
