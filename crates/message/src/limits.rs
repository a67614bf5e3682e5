//! Every bound of this crate, in one place: its unit is the end of its name.

/// Longest message file (front matter and body), in octets: far beyond what anybody reads, small enough to
/// hold a few of.
pub const SOURCE_OCTETS_MAX: usize = 1024 * 1024;
/// Longest front matter, in octets: what the YAML reader is ever given.
pub const FRONT_MATTER_OCTETS_MAX: usize = 16 * 1024;
/// Most contacts in a front matter, in number: each is an address that the proof lets through.
pub const CONTACTS_MAX: usize = 50;
/// Most translations beside the default, in number.
pub const TRANSLATIONS_MAX: usize = 100;
/// Longest language tag, in octets (RFC 5646 §4.4.1 asks for room for 35).
pub const LANGUAGE_OCTETS_MAX: usize = 35;
/// Most attachments of a template, in number.
pub const ATTACHMENTS_MAX: usize = 20;
/// Largest attachments taken together, in octets: in base64 they stay under the 25 MB that most servers take.
pub const ATTACHMENTS_OCTETS_MAX: usize = 16 * 1024 * 1024;
/// Longest file name of an attachment, in octets: what common file systems take.
pub const FILE_NAME_OCTETS_MAX: usize = 255;
/// Longest content type, in octets (RFC 6838 §4.2: 127 for each of type and subtype).
pub const CONTENT_TYPE_OCTETS_MAX: usize = 255;
/// Longest subject once merged, in octets of UTF-8: beyond the reach of any reader's screen.
pub const SUBJECT_OCTETS_MAX: usize = 998;
/// Longest body once merged, in octets, values and all.
pub const BODY_OCTETS_MAX: usize = 2 * 1024 * 1024;
/// Largest part as it stands in the message, in octets: HTML escaping and MJML make the body grow.
pub const PART_OCTETS_MAX: usize = 8 * 1024 * 1024;
/// Work of one merge, in units of the template engine (an instruction, or 64 octets of text).
pub const MERGE_FUEL_MAX: u64 = 200_000;
/// Most values printed by one merge, in number: a loop prints one many times.
pub const VALUES_MAX: usize = 10_000;
/// Deepest nesting of quotes and lists in Markdown, or of elements in HTML, in levels.
pub const NESTING_MAX: usize = 100;
/// Largest MJML body once merged, in octets: its renderer recurses and copies freely.
pub const MJML_OCTETS_MAX: usize = 256 * 1024;
/// Most laid-out forms of one source that are kept, in number: one for each way its conditions fall.
pub const LAYOUTS_MAX: usize = 64;
/// Largest form that is kept, in octets: with [`LAYOUTS_MAX`] it bounds what is held.
pub const LAYOUT_OCTETS_MAX: usize = 64 * 1024;
/// Longest Message-ID without its angle brackets, in octets: it stays on one line of 998.
pub const MESSAGE_ID_OCTETS_MAX: usize = 250;
/// Longest unsubscribe address, in octets: it stays on one line of 998.
pub const UNSUBSCRIBE_OCTETS_MAX: usize = 900;
/// Longest address of a preference page, in octets: it stays on one line of 998.
pub const PREFERENCES_OCTETS_MAX: usize = 900;
/// Most signatures on one message, in number: one RSA, one Ed25519 (RFC 8463 §3).
pub const SIGNERS_MAX: usize = 2;
/// Longest signing key file, in octets: an RSA key of 4,096 bits takes 3,300 in PEM.
pub const KEY_OCTETS_MAX: usize = 16 * 1024;
/// Longest line of a header or body, in octets without its end (RFC 5322 §2.1.1).
pub const LINE_OCTETS_MAX: usize = 998;
