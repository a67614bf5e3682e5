//! Text with signatures (C2SP signed-note): the text, an empty line, and one line a signature.

use std::fmt;

use data_encoding::BASE64;

use crate::encoding::from_base64;
use crate::key::{Signer, Verifier, is_key_name};

/// Largest note read or signed, in octets: room for sixteen signatures of nearly 5,000 octets, as the format asks.
pub const NOTE_OCTETS_MAX: usize = 256 * 1024;
/// Most signatures in a note; the format asks for sixteen at least.
pub const SIGNATURES_MAX: usize = 32;
/// Each signature's line begins with an em dash and a space.
const DASH: &str = "\u{2014} ";
const ID_OCTETS: usize = 4;

/// Why a note is none, or is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Above [`NOTE_OCTETS_MAX`] or [`SIGNATURES_MAX`].
    #[error("a signed note has at most {NOTE_OCTETS_MAX} octets and {SIGNATURES_MAX} signatures")]
    TooLarge,
    /// Not of the form.
    #[error("this is no signed note, or it was damaged on its way")]
    Malformed,
    /// None of its signatures is of the key that is asked for.
    #[error("the note is not signed with the key of this log")]
    Unsigned,
    /// A signature under the key's name and number is not one of that key.
    #[error("the signature is wrong: the note was altered, or it was signed with another key")]
    BadSignature,
}

/// A note as it was read: nobody has verified anything yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Signature {
    name: String,
    id: [u8; ID_OCTETS],
    octets: Vec<u8>,
}

impl Note {
    /// Reads a note, strictly: printed again, it is what was read, octet for octet.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`], [`NoteError::Malformed`].
    pub fn parse(octets: &[u8]) -> Result<Self, NoteError> {
        if octets.len() > NOTE_OCTETS_MAX {
            return Err(NoteError::TooLarge);
        }
        let note = std::str::from_utf8(octets).map_err(|_| NoteError::Malformed)?;
        // The last empty line is where the signatures begin; the text keeps its own line end.
        let blank = note.rfind("\n\n").ok_or(NoteError::Malformed)?;
        let (text, signatures) = note.split_at(blank + 1);
        if !is_note_text(text) {
            return Err(NoteError::Malformed);
        }
        let lines =
            signatures.get(1..).and_then(|lines| lines.strip_suffix('\n')).ok_or(NoteError::Malformed)?;
        let signatures =
            lines.split('\n').take(SIGNATURES_MAX + 1).map(Signature::parse).collect::<Option<Vec<_>>>();
        let signatures = signatures.ok_or(NoteError::Malformed)?;
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::TooLarge);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Signs a text, which ends with a newline and has no other control character.
    ///
    /// # Errors
    /// [`NoteError::Malformed`], [`NoteError::TooLarge`].
    pub fn sign(text: &str, signer: &Signer) -> Result<Self, NoteError> {
        if !is_note_text(text) {
            return Err(NoteError::Malformed);
        }
        let key = signer.verifier();
        let signature =
            Signature { name: key.name().to_owned(), id: key.id(), octets: signer.signature(text) };
        let note = Self { text: text.to_owned(), signatures: vec![signature] };
        if note.to_string().len() > NOTE_OCTETS_MAX { Err(NoteError::TooLarge) } else { Ok(note) }
    }

    /// The text, once a signature of this key has been verified. Those of other keys are ignored; every one under
    /// this key's name and number has to be right.
    ///
    /// # Errors
    /// [`NoteError::Unsigned`], [`NoteError::BadSignature`].
    pub fn verify(&self, key: &Verifier) -> Result<&str, NoteError> {
        let mut signatures =
            self.signatures.iter().filter(|s| s.name == key.name() && s.id == key.id()).peekable();
        signatures.peek().ok_or(NoteError::Unsigned)?;
        if signatures.all(|signature| key.is_signed(&self.text, &signature.octets)) {
            Ok(&self.text)
        } else {
            Err(NoteError::BadSignature)
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.text, self.signatures.iter().map(Signature::line).collect::<String>())
    }
}

impl Signature {
    fn parse(line: &str) -> Option<Self> {
        let (name, signature) = line.strip_prefix(DASH)?.split_once(' ')?;
        let octets = from_base64(signature)?;
        let (id, octets) = octets.split_first_chunk()?;
        (is_key_name(name) && !octets.is_empty()).then(|| Self {
            name: name.to_owned(),
            id: *id,
            octets: octets.to_vec(),
        })
    }

    fn line(&self) -> String {
        format!("{DASH}{} {}\n", self.name, BASE64.encode(&[&self.id[..], &self.octets].concat()))
    }
}

fn is_note_text(text: &str) -> bool {
    text.ends_with('\n') && !text.bytes().any(|b| b < b' ' && b != b'\n')
}
