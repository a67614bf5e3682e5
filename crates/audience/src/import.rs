//! The two passes.

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use mail::Address;

use crate::cells;
use crate::channel;
use crate::columns::Layout;
use crate::digest::{Hashes, Sum};
use crate::duplicates::{First, Place, Repeated, Resolver, low};
use crate::error::{ImportError, PeopleError};
use crate::inspection::{ChannelCounts, Format, Inspection, Warning};
use crate::language::language_tag;
use crate::limits::ROWS_MAX;
use crate::names::Names;
use crate::person::{Channel, Person};
use crate::problem::{Problem, Reason};
use crate::row::Row;
use crate::source::Source;
use crate::spreadsheet::{Options, SharedAddress, Spreadsheet};

/// The first pass: finds the columns, checks every row, and names each that is bad.
///
/// Problems come in the order of the rows, but for those of shared addresses, which come after all others.
///
/// # Errors
/// [`ImportError`], for what makes the spreadsheet as a whole unusable. A bad row is a [`Problem`].
pub fn inspect<S: Spreadsheet>(
    spreadsheet: &S,
    options: &Options<'_>,
    problems: &mut dyn FnMut(Problem),
) -> Result<Inspection, ImportError> {
    let reader = spreadsheet.open().map_err(ImportError::Read)?;
    let (mut source, file) = Source::open(reader)?;
    let layout = Layout::find(&mut source, options)?;
    let checker = Checker::new(&layout, &source);
    let hashes = Hashes::new(options);
    let mut scan = Scan { filled: vec![0; layout.columns.len()], ..Scan::default() };
    let mut names = Names::new(&layout);
    let mut addresses = Vec::new();
    source.each_row(&mut |row| {
        if !checker.is_data(row) {
            return Ok(ControlFlow::Continue(()));
        }
        scan.rows += 1;
        if scan.rows > ROWS_MAX {
            return Err(ImportError::TooManyRows);
        }
        scan.hidden += u64::from(row.hidden);
        match checker.check(row, problems) {
            Some(address) => {
                let key = address.key();
                addresses.push(low(hashes.address(&key)));
                scan.sum.add(hashes.person(&key, &layout, row));
                scan.people += 1;
                scan.look(row, channel_of(&layout, row, options));
                names.row(address.local(), row);
                scan.example.get_or_insert(address);
            }
            None => scan.bad += 1,
        }
        Ok(ControlFlow::Continue(()))
    })?;
    if scan.rows == 0 {
        return Err(ImportError::NoRows);
    }
    let repeated =
        resolve(&mut source, &checker, options, &hashes, Repeated::new(addresses)?, &mut scan, problems)?;
    let warnings = warnings(&source, &layout, scan.hidden, names);
    Ok(Inspection {
        format: source.format(),
        columns: layout.columns.clone(),
        email_column: layout.email,
        language_column: layout.language,
        channel_column: layout.channels.first().copied(),
        rows: scan.rows,
        people: scan.people,
        bad_rows: scan.bad,
        folded: scan.folded,
        shared_addresses: scan.shared,
        shared_skipped: scan.skipped,
        filled: scan.filled,
        channels: scan.channels,
        example: scan.example,
        warnings,
        content_digest: scan.sum.to_be_bytes(),
        layout: layout.clone(),
        repeated,
        file,
    })
}

/// What a person should see before the list is used.
fn warnings<R: Read + Seek>(source: &Source<R>, layout: &Layout, hidden: u64, names: Names) -> Vec<Warning> {
    let mut warnings = source.warnings();
    if hidden > 0 {
        warnings.push(Warning::HiddenRows { rows: hidden });
    }
    warnings.extend(names.finish(layout));
    if layout.channels.is_empty() {
        warnings.push(Warning::Channel);
    }
    let heading = |index: &usize| layout.columns[*index].name().to_owned();
    let ignored = layout.ignored_channels.iter().map(heading);
    warnings.extend(ignored.map(|heading| Warning::ChannelIgnored { heading }));
    warnings
}

/// The second pass: hands over each person that can be written to, in the order of the rows.
///
/// # Errors
/// [`PeopleError`]. After any of them, what was handed over is not the whole list and must not be kept.
pub fn people<S: Spreadsheet, E>(
    spreadsheet: &S,
    options: &Options<'_>,
    inspection: &Inspection,
    each: &mut dyn FnMut(Person) -> Result<(), E>,
) -> Result<(), PeopleError<E>> {
    let reader = spreadsheet.open().map_err(ImportError::Read)?;
    let (mut source, file) = Source::open(reader)?;
    if file != inspection.file {
        return Err(PeopleError::Changed);
    }
    let layout = &inspection.layout;
    let checker = Checker::new(layout, &source);
    let hashes = Hashes::new(options);
    let mut chosen = Chosen {
        shared: options.shared_address,
        repeated: &inspection.repeated,
        resolver: Resolver::default(),
    };
    let (mut sum, mut count) = (Sum::default(), 0);
    let mut refused = None;
    source.each_row(&mut |row| {
        if !checker.is_data(row) {
            return Ok(ControlFlow::Continue(()));
        }
        let Some(address) = checker.check(row, &mut |_| {}) else { return Ok(ControlFlow::Continue(())) };
        let key = address.key();
        if !chosen.has(&key, &hashes, layout, row)? {
            return Ok(ControlFlow::Continue(()));
        }
        sum.add(hashes.person(&key, layout, row));
        count += 1;
        match each(person(address, layout, row, options)) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) => {
                refused = Some(error);
                Ok(ControlFlow::Break(()))
            }
        }
    })?;
    if let Some(error) = refused {
        return Err(PeopleError::Callback(error));
    }
    // The file was whole when this pass began, and may have been written to since.
    if count != inspection.people || sum.to_be_bytes() != inspection.content_digest {
        return Err(PeopleError::Changed);
    }
    Ok(())
}

/// What the first pass counts.
#[derive(Default)]
struct Scan {
    rows: u64,
    people: u64,
    bad: u64,
    folded: u64,
    shared: u64,
    skipped: u64,
    hidden: u64,
    sum: Sum,
    filled: Vec<u64>,
    channels: ChannelCounts,
    example: Option<Address>,
}

impl Scan {
    fn look(&mut self, row: &Row, channel: Channel) {
        for (index, filled) in self.filled.iter_mut().enumerate() {
            *filled += u64::from(!row.cell(index).is_empty());
        }
        self.channels.add(channel);
    }

    fn drop_person(&mut self, sum: Sum) {
        self.people -= 1;
        self.sum.subtract(sum);
    }
}

/// Reads the rows whose addresses are repeated once more and decides on each.
fn resolve<R: Read + Seek>(
    source: &mut Source<R>,
    checker: &Checker<'_>,
    options: &Options<'_>,
    hashes: &Hashes,
    mut repeated: Repeated,
    scan: &mut Scan,
    problems: &mut dyn FnMut(Problem),
) -> Result<Repeated, ImportError> {
    if repeated.is_empty() {
        return Ok(repeated);
    }
    let layout = checker.layout;
    let mut resolver = Resolver::default();
    source.each_row(&mut |row| {
        let address = if checker.is_data(row) { checker.check(row, &mut |_| {}) } else { None };
        let Some(key) = address.map(|address| address.key()) else { return Ok(ControlFlow::Continue(())) };
        let hash = hashes.address(&key);
        if !repeated.may_have(hash) {
            return Ok(ControlFlow::Continue(()));
        }
        let this = First { row: row.number, sum: hashes.person(&key, layout, row) };
        match (resolver.place(hash, hashes.row(&key, layout, row), this)?, options.shared_address) {
            (Place::First, _) | (Place::Other { .. }, SharedAddress::Each) => {}
            (Place::Copy, _) => {
                scan.folded += 1;
                scan.drop_person(this.sum);
            }
            (Place::Other { .. }, SharedAddress::Skip) => {
                scan.skipped += 1;
                scan.drop_person(this.sum);
            }
            (Place::Other { first, news }, SharedAddress::Refuse) => {
                let mut bad = |bad: First, other: u64| {
                    scan.bad += 1;
                    scan.drop_person(bad.sum);
                    let reason = Reason::SharedAddress { row: other };
                    problems(checker.problem(bad.row, Some(layout.email), reason));
                };
                if news {
                    bad(first, this.row);
                }
                bad(this, first.row);
            }
        }
        Ok(ControlFlow::Continue(()))
    })?;
    scan.shared = resolver.finish(&mut repeated);
    Ok(repeated)
}

/// Which of the good rows are people, in the second pass.
struct Chosen<'a> {
    shared: SharedAddress,
    repeated: &'a Repeated,
    resolver: Resolver,
}

impl Chosen<'_> {
    fn has(&mut self, key: &str, hashes: &Hashes, layout: &Layout, row: &Row) -> Result<bool, ImportError> {
        if self.repeated.is_empty() {
            return Ok(true);
        }
        let hash = hashes.address(key);
        if !self.repeated.may_have(hash) {
            return Ok(true);
        }
        if self.shared == SharedAddress::Refuse && self.repeated.is_shared(hash) {
            return Ok(false);
        }
        let this = First { row: row.number, sum: Sum::default() };
        Ok(match self.resolver.place(hash, hashes.row(key, layout, row), this)? {
            Place::First => true,
            Place::Copy => false,
            Place::Other { .. } => self.shared == SharedAddress::Each,
        })
    }
}

/// Checks rows against the columns.
struct Checker<'a> {
    layout: &'a Layout,
    delimiter: Option<char>,
}

impl<'a> Checker<'a> {
    fn new<R: Read + Seek>(layout: &'a Layout, source: &Source<R>) -> Self {
        let delimiter = match source.format() {
            Format::Csv { delimiter, .. } => Some(delimiter),
            Format::Xlsx { .. } => None,
        };
        Self { layout, delimiter }
    }

    /// Whether a row is below the headings and has something in it.
    fn is_data(&self, row: &Row) -> bool {
        row.number > self.layout.heading_row && !row.is_blank()
    }

    /// The address of a row with which nothing is wrong; names everything that is.
    fn check(&self, row: &Row, problems: &mut dyn FnMut(Problem)) -> Option<Address> {
        let columns = self.layout.columns.len();
        let mut good = true;
        let mut name = |column: Option<usize>, reason: Reason| {
            good = false;
            problems(self.problem(row.number, column, reason));
        };
        if (columns..row.len()).any(|index| !row.cell(index).is_empty()) {
            name(None, Reason::TooManyColumns);
        }
        for (column, reason) in row.faults() {
            name(Some(*column).filter(|c| *c < columns), *reason);
        }
        let faulty = |index: usize| row.faults().iter().any(|(column, _)| *column == index);
        for index in (0..columns.min(row.len())).filter(|index| !faulty(*index)) {
            let cell = row.cell(index);
            if let Some(reason) = cells::fault(cell) {
                name(Some(index), reason);
            } else if self.delimiter.is_some_and(|d| cells::swallowed_rows(cell, d, columns)) {
                name(Some(index), Reason::SwallowedRows);
            }
        }
        let email = self.layout.email;
        if faulty(email) {
            return None;
        }
        match cells::address(row.cell(email)) {
            Ok(address) => good.then_some(address),
            Err(reason) => {
                name(Some(email), reason);
                None
            }
        }
    }

    fn problem(&self, row: u64, column: Option<usize>, reason: Reason) -> Problem {
        Problem { row, column: column.map(|index| self.layout.columns[index].name().to_owned()), reason }
    }
}

fn channel_of(layout: &Layout, row: &Row, options: &Options<'_>) -> Channel {
    let until = layout.until.map(|index| row.cell(index));
    let channels = layout.channels.iter().map(|index| channel::read(row.cell(*index), until, options.today));
    // The most careful of several: `Channel` is ordered by care.
    channels.max().unwrap_or(Channel::Unknown)
}

fn person(address: Address, layout: &Layout, row: &Row, options: &Options<'_>) -> Person {
    let channel = channel_of(layout, row, options);
    Person {
        row: row.number,
        address,
        values: (0..layout.columns.len()).map(|index| row.cell(index).to_owned()).collect(),
        channel,
        language: layout.language.and_then(|index| language_tag(row.cell(index))),
    }
}
