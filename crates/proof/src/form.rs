//! The form of the octets: lines and header fields, before anything is made of them.

use crate::{FormFault, Refusal};

/// Longest line without its line end, in octets (RFC 5322 §2.1.1).
pub const LINE_OCTETS_MAX: usize = 998;

/// Header fields that a message to one person may have. A list of what is allowed and not of what is forbidden:
/// nobody knows every field that some program shows or sends to.
const FIELDS: [&str; 22] = [
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
    "Content-Disposition",
    "Content-ID",
    "Content-Language",
    "Content-Description",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "List-Id",
    "List-Help",
    "Auto-Submitted",
    "Precedence",
    "DKIM-Signature",
    "Feedback-ID",
    "X-Undisclosed-Test",
];

/// The name of an allowed field, in the spelling of its RFC.
pub(crate) fn allowed(name: &str) -> Option<&'static str> {
    FIELDS.into_iter().find(|known| known.eq_ignore_ascii_case(name))
}

/// Checks lines: CRLF alone ends them (RFC 5321 §2.3.8: bare CR and LF are how messages are smuggled), none is too
/// long, and the message ends with one.
pub(crate) fn lines(bytes: &[u8]) -> Result<(), Refusal> {
    let fault = |fault| Err(Refusal::Form(fault));
    if !bytes.ends_with(b"\r\n") {
        return fault(FormFault::NoFinalLineEnd);
    }
    let mut start = 0;
    let mut previous = 0;
    for (at, &b) in bytes.iter().enumerate() {
        match b {
            b'\n' if previous != b'\r' => return fault(FormFault::BareLineFeed),
            b'\n' => {
                if at - 1 - start > LINE_OCTETS_MAX {
                    return fault(FormFault::LineTooLong);
                }
                start = at + 1;
            }
            0 => return fault(FormFault::Nul),
            _ if previous == b'\r' => return fault(FormFault::BareCarriageReturn),
            _ => {}
        }
        previous = b;
    }
    Ok(())
}

/// Where the header block ends and the body begins; checks both for octets beyond ASCII.
///
/// `utf8_headers`: the message may have UTF-8 in header fields, because an address needs SMTPUTF8 (RFC 6532).
/// Returns whether it has.
pub(crate) fn header_block(bytes: &[u8], utf8_headers: bool) -> Result<bool, Refusal> {
    let fault = |fault| Err(Refusal::Form(fault));
    let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else { return fault(FormFault::NoBody) };
    let (block, body) = (&bytes[..end + 2], &bytes[end + 4..]);
    if !body.is_ascii() {
        return fault(FormFault::EightBitBody);
    }
    let Ok(block) = std::str::from_utf8(block) else { return fault(FormFault::NotUtf8) };
    if !block.is_ascii() && !utf8_headers {
        return fault(FormFault::EightBitHeader);
    }
    for (number, line) in block.split_terminator("\r\n").enumerate() {
        let continues = line.starts_with([' ', '\t']);
        // RFC 5322 §3.2.2, §2.2.3: the first line is no fold, and a line of white space alone is obsolete.
        if continues && (number == 0 || line.trim().is_empty()) {
            return fault(FormFault::Fold);
        }
        if !continues {
            let name = line.split_once(':').map(|(name, _)| name);
            if !name.is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_graphic())) {
                return fault(FormFault::NotAField);
            }
        }
        if line.bytes().any(|b| b.is_ascii_control() && b != b'\t') {
            return fault(FormFault::Control);
        }
    }
    Ok(!block.is_ascii())
}
