//! Commands (RFC 5321 §4.1.1), read strictly.

/// A command of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Ehlo,
    Helo,
    StartTls,
    /// The mechanism, and the initial response if there is one.
    Auth(String, Option<String>),
    Mail(PathAndParameters),
    Rcpt(PathAndParameters),
    Data,
    Rset,
    Noop,
    Vrfy,
    Quit,
    /// Known, and written wrongly.
    BadArguments,
    Unknown,
}

/// What stands behind `FROM:` and `TO:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathAndParameters {
    /// Without `<` and `>`.
    pub(crate) path: String,
    /// As they were written.
    pub(crate) parameters: String,
}

impl Command {
    /// Reads a line without its CRLF.
    pub(crate) fn read(line: &[u8]) -> Self {
        // RFC 6531 §3.2: what is beyond ASCII is UTF-8.
        let Ok(line) = std::str::from_utf8(line) else { return Self::BadArguments };
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let alone = |command: Self| if rest.is_empty() { command } else { Self::BadArguments };
        match verb.to_ascii_uppercase().as_str() {
            "EHLO" if !rest.trim().is_empty() => Self::Ehlo,
            "HELO" if !rest.trim().is_empty() => Self::Helo,
            "EHLO" | "HELO" => Self::BadArguments,
            "STARTTLS" => alone(Self::StartTls),
            "AUTH" => auth(rest),
            "MAIL" => path_behind(rest, "FROM:").map_or(Self::BadArguments, Self::Mail),
            "RCPT" => match path_behind(rest, "TO:") {
                Some(path) if !path.path.is_empty() => Self::Rcpt(path),
                _ => Self::BadArguments,
            },
            "DATA" => alone(Self::Data),
            "RSET" => alone(Self::Rset),
            "NOOP" => Self::Noop,
            "VRFY" => Self::Vrfy,
            "QUIT" => alone(Self::Quit),
            _ => Self::Unknown,
        }
    }
}

fn auth(rest: &str) -> Command {
    let mut words = rest.split(' ');
    match (words.next(), words.next(), words.next()) {
        (Some(mechanism), response, None) if !mechanism.is_empty() => {
            Command::Auth(mechanism.to_ascii_uppercase(), response.map(str::to_owned))
        }
        _ => Command::BadArguments,
    }
}

fn path_behind(rest: &str, word: &str) -> Option<PathAndParameters> {
    let (found, rest) = rest.split_at_checked(word.len())?;
    // RFC 5321 §3.3: no space between the colon and the path.
    let rest = rest.strip_prefix('<').filter(|_| found.eq_ignore_ascii_case(word))?;
    let end = path_end(rest)?;
    let (path, behind) = (&rest[..end], &rest[end + 1..]);
    let parameters = if behind.is_empty() { "" } else { behind.strip_prefix(' ')? };
    let mailbox = path.is_empty() || path.contains('@');
    let clean = !path.chars().any(|c| c.is_control());
    (mailbox && clean)
        .then(|| PathAndParameters { path: path.to_owned(), parameters: parameters.trim().to_owned() })
}

/// Where the `>` stands that ends the path; one in a quoted string does not (RFC 5321 §4.1.2).
fn path_end(rest: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (place, octet) in rest.bytes().enumerate() {
        match octet {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(place),
            b'<' | b' ' if !quoted => return None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_parameters() {
        for (line, path, parameters) in [
            ("MAIL FROM:<>", "", ""),
            ("mail from:<a@x.test> SIZE=3 BODY=8BITMIME", "a@x.test", "SIZE=3 BODY=8BITMIME"),
            ("MAIL FROM:<\"a> b\\\"\"@x.test> X", "\"a> b\\\"\"@x.test", "X"),
        ] {
            let expected = PathAndParameters { path: path.to_owned(), parameters: parameters.to_owned() };
            assert_eq!(Command::read(line.as_bytes()), Command::Mail(expected), "{line}");
        }
        for line in [
            "MAIL FROM: <a@x>",
            "MAIL FROM:a@x",
            "MAIL TO:<a@x>",
            "MAIL FROM:<a@x>SIZE=1",
            "MAIL FROM:<a b@x>",
            "MAIL FROM:<nobody>",
            "RCPT TO:<>",
            "RCPT TO:<a@x",
            "MAIL FROM:<a@x><b@x>",
            "MAIL",
            "DATA x",
            "EHLO",
            "AUTH a b c",
            "MAIL FROM:<\u{1}@x>",
        ] {
            assert_eq!(Command::read(line.as_bytes()), Command::BadArguments, "{line}");
        }
        assert_eq!(Command::read(b"MAIL FROM:<\xff@x>"), Command::BadArguments);
        assert_eq!(Command::read(b"HELP"), Command::Unknown);
        assert_eq!(Command::read(b"auth plain ="), Command::Auth("PLAIN".to_owned(), Some("=".to_owned())));
    }
}
