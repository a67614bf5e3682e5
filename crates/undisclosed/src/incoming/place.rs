//! Whose delivery a report is about. Only a token that opens under our key leads to one.

use mail::report::Names;
use returns::Arrival;

use super::Incoming;

/// What the local part of a return path begins with.
const PREFIX: &str = "b-";

impl Incoming {
    /// Campaign and delivery: those of the return path that it was brought to, which is surest. Otherwise those that every
    /// token in it leads to; where two lead to different deliveries, none.
    pub(super) fn place(&self, arrival: &Arrival<'_>, names: &Names) -> Option<(i64, u64)> {
        let brought_to = arrival.recipient.and_then(|recipient| self.opened(&recipient.local));
        brought_to.or_else(|| self.named(names))
    }

    /// The delivery of a return path's local part.
    pub(super) fn opened(&self, local: &str) -> Option<(i64, u64)> {
        let (prefix, token) = local.split_at_checked(PREFIX.len())?;
        prefix.eq_ignore_ascii_case(PREFIX).then(|| self.identities.open_token(token))?
    }

    fn named(&self, names: &Names) -> Option<(i64, u64)> {
        let words = names.tokens.iter().chain(&names.envelope_ids).map(mail::report::Text::expose);
        let of_words = words.filter_map(|word| {
            self.identities.open_token(word).or_else(|| self.identities.open_link_token(word))
        });
        let paths = names.return_paths.iter().filter_map(|path| self.opened(path.local()));
        let mut all = of_words.chain(paths);
        let first = all.next()?;
        all.all(|other| other == first).then_some(first)
    }
}
