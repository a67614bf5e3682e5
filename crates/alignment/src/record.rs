//! One record: what is there, what should be.

use viaspf::lookup::{Lookup, LookupError, Name};

/// Most records of one name that are kept.
pub const FOUND_MAX: usize = 20;
/// Longest text of a record that is kept, in octets; what is longer is cut. A key of 4,096 bits has some 750.
pub const FOUND_OCTETS_MAX: usize = 2_048;

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// Who may send for the domain of the envelope (RFC 7208).
    Spf,
    /// A key by which messages are signed (RFC 6376).
    Dkim,
    /// What receivers do with mail that is not aligned (RFC 7489).
    Dmarc,
    /// Where answers go: many refuse mail of a domain that takes none (RFC 5321 §5, RFC 7505).
    Replies,
    /// Where reports of what could not be delivered go.
    Bounces,
}

/// How a record stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As it should be.
    Right,
    /// It does its work, and could be better, or it cannot be told from here.
    Remark,
    /// Not there.
    Missing,
    /// There, and not what it should be.
    Wrong,
    /// The name could not be looked up.
    Unknown,
}

/// One record of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What it is for.
    pub what: What,
    /// Its type in the domain name system: `TXT`, `MX`.
    pub kind: &'static str,
    /// Its name, without the dot at the end.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
    /// What is there. Strangers wrote it.
    pub found: Vec<String>,
    /// What to publish in its place.
    pub publish: Option<String>,
    /// What that means, in a sentence.
    pub said: String,
}

/// Whether the mail passes DMARC (RFC 7489 §3.1): one of the two is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alignment {
    /// By what.
    Aligned {
        /// The envelope's domain is the organization's, and permits the way that the mail takes.
        by_spf: bool,
        /// It is signed by the organization's domain, with a key that is published.
        by_dkim: bool,
    },
    /// Neither.
    NotAligned,
    /// It depends on what could not be looked up, or cannot be told from here.
    Unknown,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The domain that the reader sees.
    pub from: String,
    /// Its records, and those of the envelope's domain.
    pub records: Vec<Record>,
    /// What follows.
    pub alignment: Alignment,
}

impl Report {
    /// The records that are to be published or mended.
    pub fn lacking(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| matches!(record.standing, Standing::Missing | Standing::Wrong))
    }

    /// Whether there is something to do.
    #[must_use]
    pub fn is_lacking(&self) -> bool {
        self.alignment == Alignment::NotAligned || self.lacking().next().is_some()
    }
}

/// The texts under a name, or that it could not be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// Perhaps none.
    Texts(Vec<String>),
    /// Nobody knows.
    Unknown,
}

/// Looks up the texts of a name that are of interest, bounded.
pub async fn published(lookup: &impl Lookup, name: &str, is_one: impl Fn(&str) -> bool) -> Published {
    let Ok(name) = Name::new(name) else { return Published::Texts(Vec::new()) };
    match lookup.lookup_txt(&name).await {
        Ok(texts) => {
            Published::Texts(texts.into_iter().filter(|text| is_one(text)).map(cut).take(FOUND_MAX).collect())
        }
        Err(LookupError::NoRecords) => Published::Texts(Vec::new()),
        Err(_) => Published::Unknown,
    }
}

fn cut(mut text: String) -> String {
    if text.len() > FOUND_OCTETS_MAX {
        text.truncate(text.floor_char_boundary(FOUND_OCTETS_MAX));
    }
    text
}

/// A record whose name could not be looked up.
pub(crate) fn unknown(what: What, kind: &'static str, name: String) -> Record {
    Record {
        what,
        kind,
        name,
        standing: Standing::Unknown,
        found: Vec::new(),
        publish: None,
        said: "The name could not be looked up: the name server did not answer, or not properly. Try again later."
            .to_owned(),
    }
}
