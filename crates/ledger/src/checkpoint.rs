//! A log's signed head (C2SP tlog-checkpoint): origin, size and root, one line each, in a signed note.

use std::fmt;

use crate::frontier::{SIZE_MAX, TreeHead};
use crate::hash::Hash;
use crate::key::{Signer, Verifier};
use crate::note::{Note, NoteError};

/// Most extension lines that are read. This program writes none: the format advises against them.
pub const EXTENSION_LINES_MAX: usize = 16;

/// Why a checkpoint is none, or is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// As a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The text is not that of a checkpoint.
    #[error("this is no checkpoint: origin, size and root are expected, one line each")]
    Malformed,
    /// Signed by one log, and speaking of another.
    #[error("the checkpoint speaks of another log than the one whose key signed it")]
    Origin,
}

/// What a log says of itself at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: the name of its key.
    pub origin: String,
    /// Size and root.
    pub head: TreeHead,
    /// Further lines, opaque.
    pub extensions: Vec<String>,
}

impl Checkpoint {
    /// Signs a log's head under the name of its key.
    ///
    /// # Errors
    /// [`CheckpointError`]; none for a key of this crate and a size up to [`SIZE_MAX`].
    pub fn sign(head: TreeHead, signer: &Signer) -> Result<Note, CheckpointError> {
        let origin = signer.verifier().name().to_owned();
        let text = Self { origin, head, extensions: Vec::new() }.to_string();
        Self::parse(&text)?;
        Ok(Note::sign(&text, signer)?)
    }

    /// Reads a note and believes it when this key has signed it and the origin is the key's name.
    ///
    /// # Errors
    /// [`CheckpointError`].
    pub fn open(note: &[u8], key: &Verifier) -> Result<Self, CheckpointError> {
        let note = Note::parse(note)?;
        let checkpoint = Self::parse(note.verify(key)?)?;
        if checkpoint.origin == key.name() { Ok(checkpoint) } else { Err(CheckpointError::Origin) }
    }

    /// Reads the text of a note, strictly: printed again, it is what was read, octet for octet.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(CheckpointError::Malformed)?;
        let lines: Vec<&str> = body.split('\n').take(3 + EXTENSION_LINES_MAX + 1).collect();
        let [origin, size, root, extensions @ ..] = lines.as_slice() else {
            return Err(CheckpointError::Malformed);
        };
        let (Some(size), Some(root)) = (read_size(size), Hash::from_base64(root)) else {
            return Err(CheckpointError::Malformed);
        };
        if origin.is_empty()
            || extensions.len() > EXTENSION_LINES_MAX
            || extensions.iter().any(|line| line.is_empty())
        {
            return Err(CheckpointError::Malformed);
        }
        Ok(Self {
            origin: (*origin).to_owned(),
            head: TreeHead { size, root },
            extensions: extensions.iter().map(|&line| line.to_owned()).collect(),
        })
    }
}

/// The note's text.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.head.size, self.head.root.to_base64())?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Decimal digits without leading zeros, up to [`SIZE_MAX`].
fn read_size(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|size| plain && *size <= SIZE_MAX)
}
