//! What the crate does, through its public face.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod arbitrary;
mod corpus;
mod golden;
mod limits;
mod lists;
mod names;
mod second_opinion;
mod workbook;

use std::convert::Infallible;
use std::io::{self, Cursor};

use audience::{
    ColumnChoice, ImportError, Inspection, Options, PeopleError, Person, Problem, SharedAddress, Spreadsheet,
    inspect, people,
};

/// A spreadsheet in memory.
pub(crate) struct Octets(pub(crate) Vec<u8>);

impl Spreadsheet for Octets {
    type Reader = Cursor<Vec<u8>>;

    fn open(&self) -> io::Result<Self::Reader> {
        Ok(Cursor::new(self.0.clone()))
    }
}

/// The day of the incident.
pub(crate) fn options() -> Options<'static> {
    Options {
        email_column: None,
        language_column: ColumnChoice::Found,
        channel_column: ColumnChoice::Found,
        shared_address: SharedAddress::Refuse,
        today: jiff::civil::Date::constant(2012, 1, 30),
        hash_key: [1; 16],
        digest_key: [2; 32],
    }
}

/// Both passes, and that they agree.
pub(crate) fn import(
    octets: &[u8],
    options: &Options<'_>,
) -> Result<(Inspection, Vec<Person>, Vec<Problem>), ImportError> {
    let spreadsheet = Octets(octets.to_vec());
    let mut problems = Vec::new();
    let inspection = inspect(&spreadsheet, options, &mut |problem| problems.push(problem))?;
    let mut found = Vec::new();
    let both = people::<_, Infallible>(&spreadsheet, options, &inspection, &mut |person| {
        found.push(person);
        Ok(())
    });
    match both {
        Ok(()) => {}
        Err(PeopleError::Import(error)) => return Err(error),
        Err(error) => panic!("{error}"),
    }
    let mut bad: Vec<u64> = problems.iter().map(|problem| problem.row).collect();
    bad.sort_unstable();
    bad.dedup();
    assert_eq!(bad.len() as u64, inspection.bad_rows);
    assert_eq!(found.len() as u64, inspection.people);
    assert!(found.windows(2).all(|two| two[0].row < two[1].row));
    let accounted = inspection.people + inspection.bad_rows + inspection.folded + inspection.shared_skipped;
    assert_eq!(accounted, inspection.rows);
    Ok((inspection, found, problems))
}
