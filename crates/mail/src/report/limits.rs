//! How much of a report is read. What lies beyond is left out, and never makes a verdict harsher.

/// Octets of a message that are read. What is looked for stands at the front: a status of one person is under 4 KiB,
/// and what follows is our own message.
pub const REPORT_OCTETS_MAX: usize = 1 << 20;
/// Most entities. A report has three, a reply with pictures some tens.
pub const REPORT_PARTS_MAX: usize = 200;
/// Deepest nesting of multiparts. Gateways that add a footer make it three.
pub const REPORT_DEPTH_MAX: usize = 8;
/// Most recipients of one report that are kept. Our messages have one; a list that it went through may have many.
pub const RECIPIENTS_MAX: usize = 100;
/// Longest text that is kept of a field, in octets. A reply of several lines has some hundreds.
pub const TEXT_OCTETS_MAX: usize = 1_000;
/// Octets of the human-readable part in which codes are looked for.
pub const EXPLANATION_OCTETS_MAX: usize = 64 << 10;
/// Most identifiers of each kind.
pub const NAMES_MAX: usize = 32;
/// Longest Message-ID or envelope identifier, in octets. Ours have under 150; RFC 3461 §4.4 allows an ENVID 100.
pub const NAME_OCTETS_MAX: usize = 300;
/// Shortest word that may be a token, in characters: none of the words of a URL reaches it.
pub const TOKEN_CHARS_MIN: usize = 20;
/// Longest word that may be a token, in characters: what RFC 5321 §4.5.3.1.1 leaves in a return path behind `b-`.
pub const TOKEN_CHARS_MAX: usize = 62;
