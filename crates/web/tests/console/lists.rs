//! The program behind the console, for lists: it reads spreadsheets as the program does, and imports nobody.

use std::sync::Arc;

use audience::{ColumnChoice, Inspection, Options, Problem, Spreadsheet};
use keys::{SealedFile, SealedFileReader};
use store::{Audience, AudienceUid, Channel, NewAudience, Store};
use web::{Choices, Chosen, DeskError, Lists, MaskedPerson, ReadList, Wanted};

use crate::site::{HOSTILE, START, entry, fine};

/// As an address looks that was masked.
pub(crate) const MASKED: &str = "a***n@p---e.example";
/// An audience of this name cannot be imported.
pub(crate) const CANNOT: &str = "A disk that is full";
/// The last row of an audience.
pub(crate) const LIST_ROWS: u64 = 120;

pub(crate) struct TestLists(pub(crate) Store);

struct TestList {
    store: Store,
    inspection: Inspection,
    problems: Vec<Problem>,
}

struct TestFile(SealedFile);

impl Spreadsheet for TestFile {
    type Reader = SealedFileReader;

    fn open(&self) -> std::io::Result<Self::Reader> {
        Ok(self.0.reader())
    }
}

impl ReadList for TestList {
    fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    fn problems(&self) -> &[Problem] {
        &self.problems
    }

    fn example(&self) -> &str {
        MASKED
    }

    fn import(self: Arc<Self>, wanted: Wanted) -> web::Answer<'static, i64> {
        Box::pin(async move {
            if wanted.name == CANNOT {
                return Err(DeskError("the disk is full".to_owned()));
            }
            let fields: Vec<String> = self.inspection.columns.iter().map(|c| c.field.clone()).collect();
            let new = NewAudience {
                uid: &AudienceUid(format!("uid-{}", wanted.name)),
                name: &wanted.name,
                key_name: "k",
                fields: &fields,
                language_field: self.inspection.language_column,
                at: START,
            };
            let mut audience = fine(self.store.begin_audience(&new).await);
            audience.people = self.inspection.people;
            audience.skipped = self.inspection.bad_rows;
            audience.warnings = wanted.acknowledged.clone();
            fine(self.store.complete_audience(&audience, &entry()).await);
            Ok(audience.number())
        })
    }
}

fn choice(chosen: &Chosen) -> ColumnChoice<'_> {
    match chosen {
        Chosen::Found => ColumnChoice::Found,
        Chosen::Nowhere => ColumnChoice::Nowhere,
        Chosen::Named(name) => ColumnChoice::Named(name),
    }
}

impl Lists for TestLists {
    fn read(&self, file: SealedFile, choices: Choices) -> web::Answer<'static, web::Read> {
        let options = Options {
            email_column: choices.email.as_deref(),
            language_column: choice(&choices.language),
            channel_column: choice(&choices.channel),
            shared_address: choices.shared,
            today: jiff::civil::Date::constant(2012, 1, 30),
            hash_key: [1; 16],
            digest_key: [2; 32],
        };
        let mut problems = Vec::new();
        let read = audience::inspect(&TestFile(file), &options, &mut |problem| problems.push(problem));
        let store = self.0.clone();
        let read = read.map(|inspection| {
            let list: Arc<dyn ReadList> = Arc::new(TestList { store, inspection, problems });
            list
        });
        Box::pin(async move { Ok(read) })
    }

    fn addresses<'a>(
        &'a self,
        _: &'a Audience,
        after: u64,
        limit: u32,
    ) -> web::Answer<'a, Vec<(u64, String)>> {
        // One of them is taken for a formula where nobody looks; one was erased.
        let address = |row: u64| match row {
            4 => "=1+1@people.example".to_owned(),
            row => format!("row{row}@people.example"),
        };
        let rows = (after.max(1) + 1..=LIST_ROWS).filter(|row| *row != 5).take(limit as usize);
        let people = rows.map(|row| (row, address(row))).collect();
        Box::pin(async move { Ok(people) })
    }

    fn people<'a>(&'a self, _: &'a Audience, after: u64, limit: u32) -> web::Answer<'a, Vec<MaskedPerson>> {
        let channels = [Channel::Safe, Channel::Unsafe, Channel::Unknown];
        let person = |row: u64| MaskedPerson {
            row,
            address: HOSTILE.to_owned(),
            channel: *channels.iter().cycle().nth(row as usize).expect("one of three"),
            suppressed: row.is_multiple_of(2),
        };
        let people = (after.max(1) + 1..=LIST_ROWS).take(limit as usize).map(person).collect();
        Box::pin(async move { Ok(people) })
    }
}
