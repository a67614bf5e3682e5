//! What is in a message, and who can be seen in it.
//!
//! This crate is pure: it knows no clock, file, socket or runtime.

mod address;
mod archive;
mod charset;
mod codings;
mod content;
mod extract;
mod headers;
mod html;
mod limits;
mod mailbox;
mod multipart;
mod place;
mod reader;
mod reading;
pub mod report;
mod scan;
mod second;
mod tokens;
mod transfer;

pub use address::{ADDRESS_OCTETS_MAX, Address, AddressError, DOMAIN_OCTETS_MAX, LOCAL_OCTETS_MAX};
pub use limits::{
    ARCHIVE_DEPTH_MAX, ARCHIVE_MEMBERS_MAX, ARCHIVE_OCTETS_MAX, CODINGS_DEPTH_MAX, DEPTH_MAX,
    FIELD_OCTETS_MAX, FIELDS_MAX, Limits, MESSAGE_OCTETS_MAX, PARTS_MAX, SCANNED_OCTETS_MAX, SIGHTINGS_MAX,
};
pub use mailbox::{DISPLAY_NAME_OCTETS_MAX, Mailbox, MailboxError};
pub use place::{Coding, FieldName, PartPath, Place, Spot, Step};
pub use reader::{read, read_except, read_file};
pub use reading::{Defect, DefectKind, Header, Part, PartKind, Reading, Reason, Uninspected};
pub use scan::Sighting;
