//! What the public pages ask of the program: things for which keys are needed.

use crate::desk::Answer;

/// The delivery that a link names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link {
    /// The campaign's number.
    pub campaign: i64,
    /// The delivery's number in it.
    pub delivery: u64,
}

/// What a page needs to know of the person behind a link.
#[derive(Debug, Clone, Default)]
pub struct Reader {
    /// Their language, if the list or they themselves say one.
    pub language: Option<String>,
    /// The languages that the message was written in.
    pub languages: Vec<String>,
}

/// What a person wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// No more surveys (UK GDPR Art. 21).
    Stop,
    /// Surveys again, where their own wish alone had stopped them.
    Again,
    /// Later messages in this language.
    Language(String),
    /// No e-mail at all: it is not safe.
    Unsafe,
    /// A call.
    Telephone,
    /// A copy of what is held (Art. 15).
    Access,
    /// To be erased (Art. 17). Surveys stop at once.
    Erasure,
}

/// The program behind the public pages.
pub trait PublicDesk: Send + Sync {
    /// The delivery that a token names; nothing for one that was not made here. Looks nothing up, and takes as long for
    /// every token.
    fn opens(&self, token: &str) -> Option<Link>;

    /// The person behind a link; nothing once they are erased. Changes nothing.
    fn reader(&self, link: Link) -> Answer<'_, Option<Reader>>;

    /// Does what a person wants; twice is once. `false`: there is nobody behind the link any more.
    fn fulfil(&self, link: Link, wish: Wish) -> Answer<'_, bool>;
}
