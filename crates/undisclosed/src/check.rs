//! The whole audience, built and proved before anything leaves.

use delivery::{LetterError, Letters, Prepare};
use jiff::Timestamp;
use serde_json::json;
use store::{Audience, Channel, PersonRow, Store};

use crate::failure::Failure;
use crate::progress_bar::Bar;

/// People in memory at once.
const PAGE: u32 = 500;
/// Failing rows that are named; beyond that they are counted.
const ROWS_NAMED_MAX: u64 = 1_000;

/// What came out of building and proving everybody.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// Messages built and proved.
    pub(crate) proved: u64,
    /// Octets of the largest.
    pub(crate) largest: usize,
    /// Messages in the default language, for want of the person's own.
    pub(crate) fell_back: u64,
    /// Held: it is not known whether e-mail is safe for them.
    pub(crate) held: Vec<u64>,
    /// E-mail is not safe for them.
    pub(crate) unsafe_people: u64,
    /// Rows on the suppression list.
    pub(crate) suppressed: Vec<u32>,
}

/// What one person's message came to.
struct One {
    octets: usize,
    fell_back: bool,
    suppressed: Option<keys::Fingerprint>,
}

/// Whoever is told how far it is.
pub(crate) trait Watch: Sync {
    /// So many messages were built and proved.
    fn proved(&self, number: u64);
    /// One of the first [`ROWS_NAMED_MAX`] rows that fail. The words name the row and hold no address.
    fn fails(&self, error: &LetterError);
}

/// Somebody at a terminal: a bar, and the failing rows on standard error.
struct Terminal(Bar);

impl Watch for Terminal {
    fn proved(&self, number: u64) {
        self.0.set(number);
    }

    #[expect(clippy::print_stderr, reason = "the list of failing rows goes to standard error")]
    fn fails(&self, error: &LetterError) {
        eprintln!("{error}");
    }
}

/// Builds and proves the message of everybody who may be written to. One failing row stops all of it; each is named on
/// standard error.
pub(crate) async fn everybody(
    store: &Store,
    audience: &Audience,
    letters: &Letters,
    now: Timestamp,
) -> Result<Checked, Failure> {
    let terminal = Terminal(Bar::new("proving", audience.people));
    let checked = everybody_watched(store, audience, letters, now, &terminal).await;
    terminal.0.finish();
    checked
}

/// The same for somebody else who watches.
pub(crate) async fn everybody_watched(
    store: &Store,
    audience: &Audience,
    letters: &Letters,
    now: Timestamp,
    watch: &dyn Watch,
) -> Result<Checked, Failure> {
    let mut checked = Checked::default();
    let (mut after, mut number, mut failing, mut first) = (0, 0, 0u64, None);
    loop {
        let page = store.people(audience, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.row;
        let results = tokio::task::block_in_place(|| prove_page(letters, &page, number, now));
        number += page.len() as u64;
        watch.proved(number);
        let mut fingerprints = Vec::new();
        for (person, result) in page.iter().zip(results) {
            match (person.channel, result) {
                (Channel::Unsafe, _) => checked.unsafe_people += 1,
                (channel, Some(Ok(one))) => {
                    checked.note(person.row, channel, &one);
                    fingerprints.extend(one.suppressed.map(|fingerprint| (person.row, fingerprint)));
                }
                (_, Some(Err(error))) => {
                    failing += 1;
                    if failing <= ROWS_NAMED_MAX {
                        watch.fails(&error);
                    }
                    first.get_or_insert(error);
                }
                (_, None) => {}
            }
        }
        let all: Vec<_> = fingerprints.iter().map(|(_, fingerprint)| *fingerprint).collect();
        let found = store.suppressed(&all).await?;
        checked.suppressed.extend(
            fingerprints
                .iter()
                .filter(|(_, f)| found.contains(f))
                .filter_map(|(row, _)| u32::try_from(*row).ok()),
        );
    }
    match first {
        None => Ok(checked),
        Some(error) => {
            let mut failure = Failure::from(error);
            if failing > 1 {
                failure.message.push_str(&format!(" ({failing} rows fail; each is named above)"));
            }
            failure.details = Some(json!({"failing_rows": failing}));
            Err(failure)
        }
    }
}

impl Checked {
    fn note(&mut self, row: u64, channel: Channel, one: &One) {
        self.proved += 1;
        self.largest = self.largest.max(one.octets);
        self.fell_back += u64::from(one.fell_back);
        if channel == Channel::Unknown {
            self.held.push(row);
        }
    }
}

/// Proves a page on all cores. People for whom e-mail is not safe get no message, so none is built.
fn prove_page(
    letters: &Letters,
    page: &[PersonRow],
    before: u64,
    now: Timestamp,
) -> Vec<Option<Result<One, LetterError>>> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = page.len().div_ceil(cores).max(1);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(page.chunks(share))
            .map(|(chunk, people)| {
                let first = before + chunk * share as u64;
                scope.spawn(move || {
                    (1..)
                        .zip(people)
                        .map(|(place, p)| prove_one(letters, p, first + place, now))
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap_or_default()).collect()
    })
}

fn prove_one(
    letters: &Letters,
    person: &PersonRow,
    number: u64,
    now: Timestamp,
) -> Option<Result<One, LetterError>> {
    if person.channel == Channel::Unsafe {
        return None;
    }
    let one = || {
        let fields = letters.open(person.row, &person.sealed)?;
        let suppressed = Some(letters.suppression_fingerprint(&fields.address));
        let sealed = letters.seal(number, person.row, &fields, now)?;
        let fell_back = sealed.fell_back();
        let octets = letters.prove(person.row, sealed)?.bytes().len();
        Ok(One { octets, fell_back, suppressed })
    };
    Some(one())
}
