//! The worst mistake of a mail merge: one column sorted or moved without the others, so that everybody is
//! greeted by somebody else's name.
//!
//! Many addresses hold their owner's name. Where those in a file hold names of one of its columns, but seldom
//! the one on their own row, the column has slipped. Rows are judged in blocks against the names seen so far,
//! so that a list of any length needs the same memory.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::columns::Layout;
use crate::fold::{fold, heading_key};
use crate::inspection::Warning;
use crate::row::Row;

/// Rows of a block: enough for a share to mean something, few enough to find a slip that begins half-way.
const BLOCK_ROWS: usize = 256;
/// From here on every eighth block is judged: 16,384 rows have said most of what there is to say.
const DENSE_BLOCKS: u64 = 64;
const SPARSE_STEP: u64 = 8;
/// Most names kept, as hashes.
const TOKENS_MAX: usize = 16_384;
/// Most columns judged; each has a bit.
const COLUMNS_MAX: usize = 8;
/// Shortest name that counts, in characters: two letters stand in every address.
const TOKEN_CHARS_MIN: usize = 3;
/// Longest name that counts, in octets; a local part has 64 (RFC 5321 §4.5.3.1.1).
const TOKEN_OCTETS_MAX: usize = 64;
/// Names of one cell that are looked at: some people have seven.
const CELL_TOKENS_MAX: usize = 8;
/// Fewer rows than this show nothing.
const ROWS_MIN: u64 = 10;

/// Headings of columns with a person's own name, by letters alone. A caseworker's or officer's is not one.
const HEADINGS: &[&str] = &[
    "name",
    "names",
    "fullname",
    "firstname",
    "firstnames",
    "forename",
    "forenames",
    "givenname",
    "givennames",
    "first",
    "lastname",
    "last",
    "surname",
    "familyname",
    "secondname",
    "preferredname",
    "knownas",
    "enw",
    "enwcyntaf",
    "cyfenw",
    "prenom",
    "nom",
    "nomdefamille",
    "vorname",
    "nachname",
    "familienname",
    "nombre",
    "apellido",
    "apellidos",
    "nome",
    "cognome",
    "sobrenome",
    "voornaam",
    "achternaam",
    "imie",
    "nazwisko",
    "ad",
    "adi",
    "soyad",
    "soyadi",
    "fornavn",
    "etternavn",
    "efternavn",
    "fornamn",
    "efternamn",
    "victimname",
    "patientname",
    "contactname",
    "clientname",
    "customername",
    "membername",
];

struct Column {
    index: usize,
    by_heading: bool,
    /// Cells looked at, and those that are words alone.
    cells: u64,
    words: u64,
    /// Different names in the first block.
    distinct: u64,
    all: Counts,
    slipped_block: bool,
}

#[derive(Clone, Copy, Default)]
struct Counts {
    /// Rows with a name here and letters in the address.
    checked: u64,
    /// Rows whose address holds the name beside it.
    fit: u64,
    /// Rows whose address holds some name of the column.
    known: u64,
}

impl Counts {
    /// A fifth of the addresses hold names of the column, and less than one in `part` of those the right one.
    fn slipped(self, rows_min: u64, known_min: u64, part: u64) -> bool {
        self.checked >= rows_min
            && self.known >= known_min.max(self.checked / 5)
            && self.fit * part < self.known
    }
}

/// One row of the block that is being filled.
struct Seen {
    runs: Vec<String>,
    checked: u8,
    fit: u8,
}

/// What is found while the rows go by.
pub(crate) struct Names {
    columns: Vec<Column>,
    tokens: HashMap<u64, u8>,
    block: Vec<Seen>,
    rows_in_block: usize,
    blocks: u64,
}

impl Names {
    pub(crate) fn new(layout: &Layout) -> Self {
        let others = || (0..layout.columns.len()).filter(|index| *index != layout.email);
        let says = |index: &usize| HEADINGS.contains(&heading_key(&layout.columns[*index].heading).as_str());
        let by_heading: Vec<usize> = others().filter(says).take(COLUMNS_MAX).collect();
        let named = !by_heading.is_empty();
        let chosen = if named { by_heading } else { others().take(COLUMNS_MAX).collect() };
        let column = |index| Column {
            index,
            by_heading: named,
            cells: 0,
            words: 0,
            distinct: 0,
            all: Counts::default(),
            slipped_block: false,
        };
        Self {
            columns: chosen.into_iter().map(column).collect(),
            tokens: HashMap::new(),
            block: Vec::new(),
            rows_in_block: 0,
            blocks: 0,
        }
    }

    pub(crate) fn row(&mut self, local_part: &str, row: &Row) {
        if self.columns.is_empty() {
            return;
        }
        if self.blocks < DENSE_BLOCKS || self.blocks.is_multiple_of(SPARSE_STEP) {
            self.look(local_part, row);
        }
        self.rows_in_block += 1;
        if self.rows_in_block == BLOCK_ROWS {
            self.end_block();
        }
    }

    fn look(&mut self, local_part: &str, row: &Row) {
        let folded = fold(local_part);
        // A sub-address is a word of its owner's choice (RFC 5233).
        let main = folded.split('+').next().unwrap_or_default();
        let runs: Vec<String> =
            main.split(|c: char| !c.is_alphabetic()).filter(|r| !r.is_empty()).map(str::to_owned).collect();
        let letters = runs.concat();
        let mut seen = Seen { runs, checked: 0, fit: 0 };
        for (bit, column) in
            self.columns.iter_mut().enumerate().map(|(place, column)| (1_u8 << place, column))
        {
            let cell = row.cell(column.index);
            if cell.is_empty() {
                continue;
            }
            column.cells += 1;
            column.words += u64::from(cell.chars().all(|c| c.is_alphabetic() || " '’.-".contains(c)));
            for token in tokens(cell).take(CELL_TOKENS_MAX) {
                if letters.chars().nth(TOKEN_CHARS_MIN - 1).is_some() {
                    seen.checked |= bit;
                    seen.fit |= if letters.contains(&token) { bit } else { 0 };
                }
                let room = self.tokens.len() < TOKENS_MAX;
                let hash = hash(&token);
                if let Some(columns) = self.tokens.get_mut(&hash) {
                    column.distinct += u64::from(self.blocks == 0 && *columns & bit == 0);
                    *columns |= bit;
                } else if room {
                    column.distinct += u64::from(self.blocks == 0);
                    self.tokens.insert(hash, bit);
                }
            }
        }
        self.block.push(seen);
    }

    fn end_block(&mut self) {
        self.rows_in_block = 0;
        self.blocks += 1;
        let known: Vec<u8> = self.block.iter().map(|seen| self.known(seen) | seen.fit).collect();
        for (place, column) in self.columns.iter_mut().enumerate() {
            let bit = 1_u8 << place;
            let mut counts = Counts::default();
            for (seen, known) in self.block.iter().zip(&known).filter(|(seen, _)| seen.checked & bit != 0) {
                counts.checked += 1;
                counts.fit += u64::from(seen.fit & bit != 0);
                counts.known += u64::from(known & bit != 0);
            }
            // One block is little: it has to be plainer than the whole.
            column.slipped_block = column.slipped_block || counts.slipped(40, 20, 4);
            column.all.checked += counts.checked;
            column.all.fit += counts.fit;
            column.all.known += counts.known;
        }
        self.block.clear();
    }

    /// The columns of which an address holds a name that stands by itself: `laura`, `wilsonh`, `hwilson`,
    /// `laurawilson`. Stricter than what counts as fitting, so that chance speaks for the file and not against.
    fn known(&self, seen: &Seen) -> u8 {
        let of = |text: &str| self.tokens.get(&hash(text)).copied().unwrap_or(0);
        let long = |text: &str| text.chars().nth(TOKEN_CHARS_MIN).is_some();
        let mut columns = 0;
        for run in seen.runs.iter().filter(|run| run.len() <= TOKEN_OCTETS_MAX) {
            columns |= of(run);
            let cuts = run.char_indices().map(|(at, _)| at).skip(1);
            for (before, behind) in cuts.map(|at| run.split_at(at)) {
                let (one_before, one_behind) = (before.chars().count() == 1, behind.chars().count() == 1);
                columns |= match () {
                    () if one_before && long(behind) => of(behind),
                    () if one_behind && long(before) => of(before),
                    () => match (of(before), of(behind)) {
                        (0, _) | (_, 0) => 0,
                        (first, second) => first | second,
                    },
                };
            }
        }
        columns
    }

    /// The columns that have slipped.
    pub(crate) fn finish(mut self, layout: &Layout) -> Vec<Warning> {
        self.end_block();
        let first_block = self.columns.iter().map(|c| c.cells.min(256)).collect::<Vec<_>>();
        let slipped = |(column, first_block): (&Column, &u64)| {
            // Without a heading that says so, a column of names is words, and many different ones.
            let names = column.by_heading
                || column.words * 5 >= column.cells * 4 && column.distinct * 4 >= *first_block;
            let counts = column.all;
            (names && (column.slipped_block || counts.slipped(ROWS_MIN, 5, 2))).then(|| Warning::Names {
                heading: layout.columns[column.index].name().to_owned(),
                checked: counts.checked,
                fit: counts.fit,
            })
        };
        self.columns.iter().zip(&first_block).filter_map(slipped).collect()
    }
}

/// The names in a cell as addresses write them: `Anne-Marie O'Brien` is `anne`, `marie`, `obrien`.
fn tokens(cell: &str) -> impl Iterator<Item = String> {
    let folded = fold(cell);
    let plain: String = folded.chars().filter(|c| !matches!(c, '\'' | '’' | '`')).collect();
    let words: Vec<String> = plain
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| word.len() <= TOKEN_OCTETS_MAX && word.chars().count() >= TOKEN_CHARS_MIN)
        .map(str::to_owned)
        .collect();
    words.into_iter()
}

fn hash(token: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    token.hash(&mut hasher);
    hasher.finish()
}
