//! The ledger: an append-only Merkle log, its signed checkpoints, and proofs of one entry alone (promise 10).
//!
//! What was done is an [`EntryContent`]. With a random [`Salt`] it makes a [`Commitment`], and only that goes into
//! the tree: the tree holds no personal data, and who has a leaf learns nothing about its content. Content and salt
//! lie elsewhere, sealed. The tree is the one of RFC 6962 §2.1; its head is signed as a C2SP checkpoint
//! ([`Checkpoint`]), so that tools of the field read it.
//!
//! A log grows by [`Frontier::append`], which names each complete node as it comes into existence; whoever stores
//! them reads any root ([`Frontier::nodes`]) and any proof ([`PathPlan`]) back from a logarithmic number of nodes.
//! [`Audit`] goes through a whole log and names the entry that is wrong; [`compare`] holds a log against an older
//! checkpoint. [`ProofOfEntry`] is the file that proves one entry, or one delivery of a campaign, to anybody who
//! has the log's [`Verifier`].
//!
//! This crate knows no database, file, clock or source of randomness.

mod audit;
mod checkpoint;
mod content;
mod encoding;
mod frontier;
mod hash;
mod key;
mod note;
mod path;
mod proof_of_entry;

pub use audit::{Audit, LogError, compare};
pub use checkpoint::{Checkpoint, CheckpointError, EXTENSION_LINES_MAX};
pub use content::{
    ACT_OCTETS_MAX, ACTOR_OCTETS_MAX, Commitment, ContentError, DETAIL_OCTETS_MAX, DeliveryContent, Digest,
    ENHANCED_OCTETS_MAX, EntryContent, FINGERPRINT_OCTETS_MAX, FINGERPRINT_OCTETS_MIN, STATE_OCTETS_MAX,
    SUBJECT_OCTETS_MAX, Salt, SaltKey,
};
pub use frontier::{Frontier, FrontierError, NodeId, SIZE_MAX, TreeHead};
pub use hash::{EMPTY_ROOT, HASH_OCTETS, Hash};
pub use key::{KEY_NAME_OCTETS_MAX, KeyError, Signer, Verifier};
pub use note::{NOTE_OCTETS_MAX, Note, NoteError, SIGNATURES_MAX};
pub use path::{PATH_HASHES_MAX, PathError, PathPlan, verify_consistency, verify_inclusion};
pub use proof_of_entry::{DELIVERY_TREE, Disclosed, PROOF_OCTETS_MAX, ProofError, ProofOfEntry};
