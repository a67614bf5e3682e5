//! How much of a message is read. What lies beyond a limit is reported as not inspected, never as empty.

/// Longest message, in octets. Above what relays take (Microsoft 365: 150 MB at most, most others 25 to 50 MB).
pub const MESSAGE_OCTETS_MAX: usize = 64 << 20;
/// Most entities in a message, nested ones too. A newsletter has under ten; a digest may have a few hundred.
pub const PARTS_MAX: usize = 1_000;
/// Deepest nesting of multiparts and messages. Forwards of forwards reach eight or so; recursion must end.
pub const DEPTH_MAX: usize = 16;
/// Most header fields in one entity. Traced mail has under a hundred.
pub const FIELDS_MAX: usize = 1_000;
/// Longest header field, in octets, unfolded or not: 10,000 named recipients still fit.
pub const FIELD_OCTETS_MAX: usize = 1 << 20;
/// Most members in the archives of one message. A large workbook has some hundreds.
pub const ARCHIVE_MEMBERS_MAX: usize = 4_000;
/// Deepest nesting of archives within archives (a document in a ZIP in a ZIP is three).
pub const ARCHIVE_DEPTH_MAX: usize = 4;
/// Most octets unpacked from the archives of one message: stops decompression bombs.
pub const ARCHIVE_OCTETS_MAX: usize = 128 << 20;
/// Most distinct pairs of an address and its place that are kept.
pub const SIGHTINGS_MAX: usize = 100_000;
/// Most codings one inside another that are undone (`%2540` is two).
pub const CODINGS_DEPTH_MAX: usize = 6;
/// Most octets of text that are scanned, all views of it together: bounds the time for one message.
pub const SCANNED_OCTETS_MAX: usize = 256 << 20;

/// The limits of one reading. [`Limits::default`] has the constants above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// See [`MESSAGE_OCTETS_MAX`].
    pub message_octets: usize,
    /// See [`PARTS_MAX`].
    pub parts: usize,
    /// See [`DEPTH_MAX`].
    pub depth: usize,
    /// See [`FIELDS_MAX`].
    pub fields: usize,
    /// See [`FIELD_OCTETS_MAX`].
    pub field_octets: usize,
    /// See [`ARCHIVE_MEMBERS_MAX`].
    pub archive_members: usize,
    /// See [`ARCHIVE_DEPTH_MAX`].
    pub archive_depth: usize,
    /// See [`ARCHIVE_OCTETS_MAX`].
    pub archive_octets: usize,
    /// See [`SIGHTINGS_MAX`].
    pub sightings: usize,
    /// See [`CODINGS_DEPTH_MAX`].
    pub codings_depth: usize,
    /// See [`SCANNED_OCTETS_MAX`].
    pub scanned_octets: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            message_octets: MESSAGE_OCTETS_MAX,
            parts: PARTS_MAX,
            depth: DEPTH_MAX,
            fields: FIELDS_MAX,
            field_octets: FIELD_OCTETS_MAX,
            archive_members: ARCHIVE_MEMBERS_MAX,
            archive_depth: ARCHIVE_DEPTH_MAX,
            archive_octets: ARCHIVE_OCTETS_MAX,
            sightings: SIGHTINGS_MAX,
            codings_depth: CODINGS_DEPTH_MAX,
            scanned_octets: SCANNED_OCTETS_MAX,
        }
    }
}
