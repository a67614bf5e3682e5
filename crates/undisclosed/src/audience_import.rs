//! From a spreadsheet to an audience: inspected whole, then read again and sealed row by row.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use audience::{Inspection, Options, PeopleError, Person, Problem, SharedAddress, Spreadsheet};
use delivery::Clock;
use keys::{DataKey, KeyName, Purpose};
use serde_json::{Value, json};
use store::{Audience, AudienceUid, Channel, NewAudience, PEOPLE_BATCH_MAX, PersonFields, SealedPerson};
use tokio::sync::mpsc;

use crate::cli::{ReadingArgs, Shared};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::warnings::Warning;

/// Bad rows that are named in JSON; all of them are named on standard error.
const PROBLEMS_KEPT_MAX: usize = 1_000;
/// Batches of people between the reader and the database.
const BATCHES_WAITING_MAX: usize = 2;

/// A spreadsheet that was inspected, and what is to be known of it before it is imported.
pub(crate) struct Inspected {
    file: SpreadsheetFile,
    email_column: Option<String>,
    shared_address: SharedAddress,
    hash_key: [u8; 16],
    digest_key: [u8; 32],
    today: jiff::civil::Date,
    inspection: Inspection,
    problems: Vec<Value>,
}

#[derive(Clone)]
struct SpreadsheetFile(PathBuf);

impl Spreadsheet for SpreadsheetFile {
    type Reader = io::BufReader<File>;
    fn open(&self) -> io::Result<Self::Reader> {
        Ok(io::BufReader::new(File::open(&self.0)?))
    }
}

impl Inspected {
    /// Reads a spreadsheet once, names every bad row, and refuses it unless `--skip-bad`.
    pub(crate) async fn read(
        installation: &Installation,
        path: &Path,
        reading: &ReadingArgs,
    ) -> Result<Self, Failure> {
        let hash_key = installation.random.octets()?;
        let digest_key = installation.instance.derive(Purpose::AudienceDigest);
        let today = installation.clock.now().to_zoned_datetime(jiff::tz::TimeZone::system()).date();
        let file = SpreadsheetFile(path.to_owned());
        let email_column = reading.email_column.clone();
        let shared_address = match reading.shared_address {
            None => SharedAddress::Refuse,
            Some(Shared::Each) => SharedAddress::Each,
            Some(Shared::Skip) => SharedAddress::Skip,
        };
        let inspected = tokio::task::spawn_blocking(move || {
            let mut problems = Vec::new();
            let options = Options {
                email_column: email_column.as_deref(),
                shared_address,
                today,
                hash_key,
                digest_key,
            };
            let mut note = |problem: Problem| {
                say_problem(&problem);
                if problems.len() < PROBLEMS_KEPT_MAX {
                    problems.push(problem_json(&problem));
                }
            };
            let inspection = audience::inspect(&file, &options, &mut note)
                .map_err(|error| Failure::usage("spreadsheet", format!("the spreadsheet: {error}")))?;
            Ok::<_, Failure>(Self {
                file,
                email_column,
                shared_address,
                hash_key,
                digest_key,
                today,
                inspection,
                problems,
            })
        });
        let inspected = inspected
            .await
            .map_err(|_| Failure::unexpected("spreadsheet", "reading the spreadsheet failed"))??;
        inspected.refuse_bad_rows(reading.skip_bad)?;
        Ok(inspected)
    }

    fn refuse_bad_rows(&self, skip_bad: bool) -> Result<(), Failure> {
        let bad = self.inspection.bad_rows;
        if bad > 0 && !skip_bad {
            let mut failure = Failure::usage(
                "bad_rows",
                format!(
                    "{bad} of {} rows are bad; nothing was imported. Correct them in the spreadsheet, or leave them out \
                     with --skip-bad",
                    self.inspection.rows
                ),
            );
            failure.details = Some(json!({"bad_rows": bad, "rows": self.problems}));
            return Err(failure);
        }
        if self.inspection.people == 0 {
            return Err(Failure::usage("nobody", "there is nobody in the spreadsheet who can be written to"));
        }
        Ok(())
    }

    /// What somebody should know before going on.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        self.inspection.warnings.iter().map(|w| Warning { word: w.code(), text: w.to_string() }).collect()
    }

    /// Imports the people. Nobody sees the audience until it is completed.
    pub(crate) async fn import(
        self,
        installation: &Installation,
        name: &str,
        warnings: &[String],
    ) -> Result<Audience, Failure> {
        let key_name = KeyName::generate(&installation.random)?;
        // The key is durable before anything is sealed under it.
        let key = installation.keys.create(&key_name, &installation.instance, &installation.random)?;
        let uid = AudienceUid(data_encoding::HEXLOWER.encode(&installation.random.octets::<16>()?));
        let fields: Vec<String> = self.inspection.columns.iter().map(|column| column.field.clone()).collect();
        let new = NewAudience {
            uid: &uid,
            name,
            key_name: key_name.as_str(),
            fields: &fields,
            language_field: self.inspection.language_column,
            at: installation.now(),
        };
        let mut audience = installation.store.begin_audience(&new).await?;
        audience.people = self.inspection.people;
        audience.folded = self.inspection.folded;
        audience.skipped = self.inspection.bad_rows;
        audience.warnings = warnings.to_vec();
        audience.digest = data_encoding::HEXLOWER.encode(&self.inspection.content_digest);
        let imported = self.stream(installation, &audience, key).await;
        if imported.is_err() {
            installation.discard(&audience).await?;
        }
        imported.map(|()| audience)
    }

    async fn stream(
        self,
        installation: &Installation,
        audience: &Audience,
        key: DataKey,
    ) -> Result<(), Failure> {
        let (batches, mut arriving) = mpsc::channel(BATCHES_WAITING_MAX);
        let uid = audience.uid.clone();
        let reader = tokio::task::spawn_blocking(move || self.seal_all(&key, &uid, &batches));
        while let Some(batch) = arriving.recv().await {
            installation.store.add_people(audience, &batch).await?;
        }
        reader.await.map_err(|_| Failure::unexpected("spreadsheet", "reading the spreadsheet failed"))?
    }

    fn seal_all(
        &self,
        key: &DataKey,
        uid: &AudienceUid,
        batches: &mpsc::Sender<Vec<SealedPerson>>,
    ) -> Result<(), Failure> {
        let options = Options {
            email_column: self.email_column.as_deref(),
            shared_address: self.shared_address,
            today: self.today,
            hash_key: self.hash_key,
            digest_key: self.digest_key,
        };
        let has_channel = self.inspection.channel_column.is_some();
        let mut batch = Vec::with_capacity(PEOPLE_BATCH_MAX);
        let gone = || Failure::unexpected("database", "the import was stopped");
        let mut each = |person: Person| -> Result<(), Failure> {
            batch.push(sealed(person, has_channel, key, uid)?);
            if batch.len() == PEOPLE_BATCH_MAX {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(PEOPLE_BATCH_MAX));
                batches.blocking_send(full).map_err(|_| gone())?;
            }
            Ok(())
        };
        audience::people(&self.file, &options, &self.inspection, &mut each).map_err(|error| match error {
            PeopleError::Callback(failure) => failure,
            PeopleError::Import(error) => Failure::usage("spreadsheet", format!("the spreadsheet: {error}")),
            _ => Failure::usage("spreadsheet", "the spreadsheet was changed while it was read; start again"),
        })?;
        batches.blocking_send(batch).map_err(|_| gone())
    }

    /// The import, for programs.
    pub(crate) fn to_json(&self, name: &str, warnings: &[String]) -> Value {
        let i = &self.inspection;
        json!({
            "audience": name, "people": i.people, "rows": i.rows, "duplicates_folded": i.folded,
            "rows_skipped": i.bad_rows, "shared_addresses": i.shared_addresses, "warnings": warnings,
            "fields": i.columns.iter().map(|c| c.field.as_str()).collect::<Vec<_>>(), "bad_rows": self.problems,
        })
    }
}

fn sealed(
    person: Person,
    has_channel: bool,
    key: &DataKey,
    uid: &AudienceUid,
) -> Result<SealedPerson, Failure> {
    let row = person.row;
    let channel = match person.channel {
        // A list that says nothing about it was a warning, and somebody acknowledged it.
        _ if !has_channel => Channel::Safe,
        audience::Channel::Safe => Channel::Safe,
        audience::Channel::Unsafe => Channel::Unsafe,
        audience::Channel::Unknown => Channel::Unknown,
    };
    let fingerprint = key.fingerprint(&person.address);
    let fields = PersonFields { address: person.address, values: person.values, language: None };
    Ok(SealedPerson { row, fingerprint, channel, sealed: fields.seal(key, uid, row)? })
}

#[expect(clippy::print_stderr, reason = "the list of bad rows goes to standard error")]
fn say_problem(problem: &Problem) {
    match &problem.column {
        Some(column) => eprintln!("row {}, column {column}: {}", problem.row, problem.reason),
        None => eprintln!("row {}: {}", problem.row, problem.reason),
    }
}

fn problem_json(problem: &Problem) -> Value {
    json!({"row": problem.row, "column": problem.column, "code": problem.reason.code(), "reason": problem.reason.to_string()})
}
