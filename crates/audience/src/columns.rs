//! Headings become fields, and one column is found to be the address.

use std::collections::HashMap;
use std::io::{Read, Seek};
use std::ops::ControlFlow;

use unicode_normalization::UnicodeNormalization;

use crate::cells;
use crate::error::ImportError;
use crate::fold::heading_key;
use crate::inspection::Column;
use crate::limits::{COLUMNS_MAX, HEADING_CHARS_MAX};
use crate::row::Row;
use crate::source::Source;
use crate::spreadsheet::{ColumnChoice, Options};
use crate::{channel, language};

/// How many rows below the headings the address column is looked for in.
const SAMPLE_ROWS: u64 = 200;

/// Headings of an address column, by letters and digits alone; English, Welsh, French, Spanish, Italian,
/// Portuguese, Dutch, the Nordic languages, Polish, Turkish.
const EMAIL_HEADINGS: &[&str] = &[
    "email",
    "emails",
    "emailaddress",
    "emailaddresses",
    "emailaddr",
    "mail",
    "mailaddress",
    "ebost",
    "cyfeiriadebost",
    "courriel",
    "adressemail",
    "adresseemail",
    "adresseelectronique",
    "emailadresse",
    "mailadresse",
    "emailadres",
    "epost",
    "epostadress",
    "epostadresse",
    "sahkoposti",
    "correo",
    "correoelectronico",
    "indirizzoemail",
    "enderecodeemail",
    "adresemail",
    "eposta",
];

/// What is known of the columns.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) heading_row: u64,
    pub(crate) columns: Vec<Column>,
    pub(crate) email: usize,
    pub(crate) language: Option<usize>,
    pub(crate) channels: Vec<usize>,
    /// Columns that say by their heading whether e-mail is safe, and are not used.
    pub(crate) ignored_channels: Vec<usize>,
    pub(crate) until: Option<usize>,
}

/// Whether a heading is that of an address.
pub(crate) fn is_email_heading(heading: &str) -> bool {
    EMAIL_HEADINGS.contains(&heading_key(heading).as_str())
}

impl Column {
    /// What errors and problems call it.
    pub(crate) fn name(&self) -> &str {
        if self.heading.is_empty() { &self.field } else { &self.heading }
    }
}

impl Layout {
    /// Reads the headings and a sample of the rows below.
    pub(crate) fn find<R: Read + Seek>(
        source: &mut Source<R>,
        options: &Options<'_>,
    ) -> Result<Self, ImportError> {
        let mut heading_row = 0;
        let mut columns = Vec::new();
        let mut sample = Vec::new();
        let mut rows = 0;
        source.each_row(&mut |row| {
            if row.is_blank() {
                return Ok(ControlFlow::Continue(()));
            }
            if columns.is_empty() {
                heading_row = row.number;
                columns = headings(row)?;
                sample = vec![Sample::default(); columns.len()];
                return Ok(ControlFlow::Continue(()));
            }
            for (index, column) in sample.iter_mut().enumerate().filter(|(i, _)| !row.cell(*i).is_empty()) {
                column.filled += 1;
                column.addresses += u64::from(cells::address(row.cell(index)).is_ok());
            }
            rows += 1;
            Ok(if rows < SAMPLE_ROWS { ControlFlow::Continue(()) } else { ControlFlow::Break(()) })
        })?;
        if columns.is_empty() {
            return Err(ImportError::Empty);
        }
        let email = match options.email_column {
            Some(name) => named(&columns, name, "--email-column")?,
            None => found(&columns, &sample)?,
        };
        let with = |known: &[&str]| -> Vec<usize> {
            let is = |c: &Column| known.contains(&heading_key(&c.heading).as_str());
            (0..columns.len()).filter(|i| *i != email && is(&columns[*i])).collect()
        };
        let chosen = |choice, option, known: &[&str]| match choice {
            ColumnChoice::Found => Ok(with(known)),
            ColumnChoice::Nowhere => Ok(Vec::new()),
            ColumnChoice::Named(name) => match named(&columns, name, option)? {
                index if index == email => Err(ImportError::AddressColumn { option }),
                index => Ok(vec![index]),
            },
        };
        let language =
            chosen(options.language_column, "--language-column", language::HEADINGS)?.first().copied();
        let channels = chosen(options.channel_column, "--channel-column", channel::HEADINGS)?;
        let ignored_channels =
            with(channel::HEADINGS).into_iter().filter(|index| !channels.contains(index)).collect();
        let until = match options.channel_column {
            ColumnChoice::Nowhere => None,
            _ => with(channel::UNTIL_HEADINGS).first().copied(),
        };
        Ok(Self { heading_row, columns, email, language, channels, ignored_channels, until })
    }
}

#[derive(Clone, Copy, Default)]
struct Sample {
    filled: u64,
    addresses: u64,
}

impl Sample {
    fn mostly_addresses(self) -> bool {
        self.addresses > 0 && self.addresses * 2 >= self.filled
    }
}

fn headings(row: &Row) -> Result<Vec<Column>, ImportError> {
    let mut count = row.len();
    // A sheet that was once formatted to its last column has empty headings up to there.
    while count > COLUMNS_MAX && row.cell(count - 1).is_empty() {
        count -= 1;
    }
    if count > COLUMNS_MAX {
        return Err(ImportError::TooManyColumns);
    }
    if let Some((index, _)) = row.faults().first() {
        return Err(ImportError::HeadingUnreadable { column: letter(*index) });
    }
    if (0..count).any(|index| holds_address(row.cell(index))) {
        return Err(ImportError::NoHeadings { row: row.number });
    }
    let mut columns: Vec<Column> = Vec::with_capacity(count);
    let mut fields: HashMap<String, usize> = HashMap::with_capacity(count);
    for index in 0..count {
        let cell = row.cell(index);
        if cell.chars().nth(HEADING_CHARS_MAX).is_some() {
            return Err(ImportError::HeadingTooLong { column: letter(index) });
        }
        // Headings are shown in errors and tables, so a line break or worse in one becomes a space.
        let heading: String = cell.chars().map(|c| if shown(c) { c } else { ' ' }).collect();
        let column = Column { field: field(&heading, index), heading };
        if let Some(first) = fields.insert(column.field.clone(), index) {
            return Err(ImportError::SameField {
                first: columns[first].name().to_owned(),
                second: column.name().to_owned(),
                field: column.field,
            });
        }
        columns.push(column);
    }
    Ok(columns)
}

fn shown(c: char) -> bool {
    !c.is_control() && cells::fault(c.encode_utf8(&mut [0; 4])).is_none()
}

/// An address, or something with one in it: then this is a person and nothing of it may be shown.
fn holds_address(cell: &str) -> bool {
    cell.split_once('@').is_some_and(|(before, behind)| {
        before.ends_with(|c: char| !c.is_whitespace()) && behind.starts_with(|c: char| !c.is_whitespace())
    })
}

/// Lower case, everything but letters and digits as `_`. Composed first: `é` is one letter however it is stored.
fn field(heading: &str, index: usize) -> String {
    if heading.is_empty() {
        return format!("column_{}", index + 1);
    }
    let lower = heading.nfc().flat_map(char::to_lowercase);
    lower.map(|c| if c.is_alphanumeric() { c } else { '_' }).collect()
}

/// What a spreadsheet program calls a column: A to Z, then AA.
fn letter(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + u8::try_from((rest - 1) % 26).unwrap_or(0)));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

fn names(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| column.name().to_owned()).collect()
}

/// The column that the caller names: by its heading, its field, or its letter.
fn named(columns: &[Column], name: &str, option: &'static str) -> Result<usize, ImportError> {
    let name = name.trim();
    let lower = name.to_lowercase();
    columns
        .iter()
        .position(|column| column.heading.to_lowercase() == lower || column.field == lower)
        .or_else(|| (0..columns.len()).find(|index| letter(*index).eq_ignore_ascii_case(name)))
        .ok_or_else(|| ImportError::NoSuchColumn { option, headings: names(columns) })
}

/// The column that must be the address: by its heading, else by what stands in it.
fn found(columns: &[Column], sample: &[Sample]) -> Result<usize, ImportError> {
    let all = || 0..columns.len();
    let by_content: Vec<usize> = all().filter(|index| sample[*index].mostly_addresses()).collect();
    let by_heading: Vec<usize> = all().filter(|index| is_email_heading(&columns[*index].heading)).collect();
    let both: Vec<usize> = by_heading.iter().copied().filter(|index| by_content.contains(index)).collect();
    let several = |of: &[usize]| ImportError::SeveralEmailColumns {
        headings: of.iter().map(|index| columns[*index].name().to_owned()).collect(),
    };
    match (both.as_slice(), by_heading.as_slice(), by_content.as_slice()) {
        ([one], _, _) | ([], [one], []) | ([], [], [one]) => Ok(*one),
        ([], [], []) => Err(ImportError::NoEmailColumn { headings: names(columns) }),
        ([], [], contents) => several_by_content(columns, contents).ok_or_else(|| several(contents)),
        ([], headings, []) => Err(several(headings)),
        // A heading says one thing and the cells another.
        ([], headings, contents) => Err(several(&[headings, contents].concat())),
        (both, _, _) => Err(several(both)),
    }
}

/// Of several columns of addresses, the one that says so in its heading: “Victim e-mail” beside “Officer”.
fn several_by_content(columns: &[Column], contents: &[usize]) -> Option<usize> {
    let says = |index: &&usize| heading_key(&columns[**index].heading).contains("mail");
    let mut saying = contents.iter().filter(says);
    saying.next().copied().filter(|_| saying.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_letters() {
        assert_eq!(field("First Name", 0), "first_name");
        assert_eq!(field("E-mail (work)", 0), "e_mail__work_");
        assert_eq!(field("PRE\u{301}NOM", 0), "prénom");
        assert_eq!(field("", 2), "column_3");
        for (index, expected) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letter(index), expected);
        }
    }

    #[test]
    fn addresses_in_headings() {
        for (cell, expected) in
            [("ann@x.test", true), ("Ann <ann@x.test>", true), ("@", false), ("E-mail @ work", false)]
        {
            assert_eq!(holds_address(cell), expected, "{cell}");
        }
    }
}
