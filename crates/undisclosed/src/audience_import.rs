//! From a spreadsheet to an audience: inspected whole, then read again and sealed row by row.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use audience::{
    ColumnChoice, ImportError, Inspection, Options, PeopleError, Person, Problem, SharedAddress, Spreadsheet,
};
use delivery::Clock;
use keys::{DataKey, KeyName, NoRandomness, Purpose};
use serde_json::{Value, json};
use store::{Audience, AudienceUid, Channel, NewAudience, PEOPLE_BATCH_MAX, PersonFields, SealedPerson};
use tokio::sync::mpsc;

use crate::book::Act;
use crate::cli::{ReadingArgs, Shared};
use crate::failure::Failure;
use crate::installation::Installation;
use crate::warnings::Warning;

/// Bad rows that are named in JSON; all of them are named on standard error.
const PROBLEMS_LISTED_MAX: usize = 1_000;
/// Batches of people between the reader and the database.
const BATCHES_WAITING_MAX: usize = 2;

/// How a spreadsheet is read: which columns are what, and what to do with shared addresses.
#[derive(Clone, Default)]
pub(crate) struct Choices {
    pub(crate) email_column: Option<String>,
    pub(crate) language_column: Chosen,
    pub(crate) channel_column: Chosen,
    pub(crate) shared_address: SharedAddress,
}

/// [`ColumnChoice`], kept.
#[derive(Clone, Default)]
pub(crate) enum Chosen {
    #[default]
    Found,
    Nowhere,
    Named(String),
}

impl Chosen {
    /// What `--language-column` and its like say; `none` is no column.
    fn of(option: Option<&String>) -> Self {
        match option {
            None => Self::Found,
            Some(name) if name.eq_ignore_ascii_case("none") => Self::Nowhere,
            Some(name) => Self::Named(name.clone()),
        }
    }

    fn choice(&self) -> ColumnChoice<'_> {
        match self {
            Self::Found => ColumnChoice::Found,
            Self::Nowhere => ColumnChoice::Nowhere,
            Self::Named(name) => ColumnChoice::Named(name),
        }
    }
}

impl From<&ReadingArgs> for Choices {
    fn from(args: &ReadingArgs) -> Self {
        Self {
            email_column: args.email_column.clone(),
            language_column: Chosen::of(args.language_column.as_ref()),
            channel_column: Chosen::of(args.channel_column.as_ref()),
            shared_address: match args.shared_address {
                None => SharedAddress::Refuse,
                Some(Shared::Each) => SharedAddress::Each,
                Some(Shared::Skip) => SharedAddress::Skip,
            },
        }
    }
}

/// How a spreadsheet is read, the same in both passes.
struct Reading {
    choices: Choices,
    hash_key: [u8; 16],
    digest_key: [u8; 32],
    today: jiff::civil::Date,
}

impl Reading {
    fn new(installation: &Installation, choices: Choices) -> Result<Self, NoRandomness> {
        Ok(Self {
            choices,
            hash_key: installation.random.octets()?,
            digest_key: installation.instance.derive(Purpose::AudienceDigest),
            today: installation.clock.now().to_zoned_datetime(jiff::tz::TimeZone::system()).date(),
        })
    }

    fn options(&self) -> Options<'_> {
        Options {
            email_column: self.choices.email_column.as_deref(),
            language_column: self.choices.language_column.choice(),
            channel_column: self.choices.channel_column.choice(),
            shared_address: self.choices.shared_address,
            today: self.today,
            hash_key: self.hash_key,
            digest_key: self.digest_key,
        }
    }
}

/// A spreadsheet that was inspected, and what is to be known of it before it is imported.
pub(crate) struct Inspected<S> {
    spreadsheet: S,
    reading: Reading,
    pub(crate) inspection: Inspection,
    /// The first so many things that are wrong with rows.
    pub(crate) problems: Vec<Problem>,
}

/// A spreadsheet in a file.
#[derive(Clone)]
pub(crate) struct SpreadsheetFile(PathBuf);

impl Spreadsheet for SpreadsheetFile {
    type Reader = io::BufReader<File>;
    fn open(&self) -> io::Result<Self::Reader> {
        Ok(io::BufReader::new(File::open(&self.0)?))
    }
}

impl Inspected<SpreadsheetFile> {
    /// Reads a spreadsheet once, names every bad row, and refuses it unless `--skip-bad`.
    pub(crate) async fn read(
        installation: &Installation,
        path: &Path,
        reading: &ReadingArgs,
    ) -> Result<Arc<Self>, Failure> {
        let file = SpreadsheetFile(path.to_owned());
        let inspected =
            Self::inspect(installation, file, reading.into(), PROBLEMS_LISTED_MAX, say_problem).await?;
        let inspected =
            inspected.map_err(|error| Failure::usage("spreadsheet", format!("the spreadsheet: {error}")))?;
        inspected.refuse_bad_rows(reading.skip_bad)?;
        Ok(Arc::new(inspected))
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
            failure.details = Some(json!({"bad_rows": bad, "rows": self.problems_json()}));
            return Err(failure);
        }
        if self.inspection.people == 0 {
            return Err(Failure::usage("nobody", "there is nobody in the spreadsheet who can be written to"));
        }
        Ok(())
    }
}

impl<S: Spreadsheet + Send + Sync + 'static> Inspected<S> {
    /// Reads a spreadsheet once. `note` hears of everything that is wrong with a row; the first `kept_max` are kept.
    pub(crate) async fn inspect(
        installation: &Installation,
        spreadsheet: S,
        choices: Choices,
        kept_max: usize,
        mut note: impl FnMut(&Problem) + Send + 'static,
    ) -> Result<Result<Self, ImportError>, Failure> {
        let reading = Reading::new(installation, choices)?;
        let inspected = tokio::task::spawn_blocking(move || {
            let mut problems = Vec::new();
            let mut noted = |problem: Problem| {
                note(&problem);
                if problems.len() < kept_max {
                    problems.push(problem);
                }
            };
            let inspection = audience::inspect(&spreadsheet, &reading.options(), &mut noted)?;
            Ok(Self { spreadsheet, reading, inspection, problems })
        });
        inspected.await.map_err(|_| Failure::unexpected("spreadsheet", "reading the spreadsheet failed"))
    }

    /// What somebody should know before going on.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        self.inspection.warnings.iter().map(|w| Warning { word: w.code(), text: w.to_string() }).collect()
    }

    /// Imports the people and lets the audience be seen: one commit with the entry of whoever did it (`by`, where that is
    /// not the caller). `written` counts people as they become durable.
    pub(crate) async fn import_and_complete(
        self: &Arc<Self>,
        installation: &Installation,
        name: &str,
        acknowledged: &[String],
        by: Option<&str>,
        written: &AtomicU64,
    ) -> Result<Audience, Failure> {
        let audience = self.import(installation, name, acknowledged, written).await?;
        let detail = json!({
            "people": audience.people, "rows_skipped": audience.skipped, "acknowledged": acknowledged,
            "digest": audience.digest,
        });
        let completed = async {
            let entry = installation.entry(&Act { by, ..Act::new("import", name, detail) }).await?;
            Ok(installation.store.complete_audience(&audience, &entry).await?)
        };
        if let Err(failure) = completed.await {
            installation.discard(&audience).await?;
            return Err(failure);
        }
        Ok(audience)
    }

    /// Imports the people. Nobody sees the audience until it is completed.
    pub(crate) async fn import(
        self: &Arc<Self>,
        installation: &Installation,
        name: &str,
        warnings: &[String],
        written: &AtomicU64,
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
        let imported = self.stream(installation, &audience, key, written).await;
        if imported.is_err() {
            installation.discard(&audience).await?;
        }
        imported.map(|()| audience)
    }

    async fn stream(
        self: &Arc<Self>,
        installation: &Installation,
        audience: &Audience,
        key: DataKey,
        written: &AtomicU64,
    ) -> Result<(), Failure> {
        let (batches, mut arriving) = mpsc::channel(BATCHES_WAITING_MAX);
        let uid = audience.uid.clone();
        let inspected = self.clone();
        let reader = tokio::task::spawn_blocking(move || inspected.seal_all(&key, &uid, &batches));
        while let Some(batch) = arriving.recv().await {
            installation.store.add_people(audience, &batch).await?;
            written.fetch_add(batch.len() as u64, Ordering::Relaxed);
        }
        reader.await.map_err(|_| Failure::unexpected("spreadsheet", "reading the spreadsheet failed"))?
    }

    fn seal_all(
        &self,
        key: &DataKey,
        uid: &AudienceUid,
        batches: &mpsc::Sender<Vec<SealedPerson>>,
    ) -> Result<(), Failure> {
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
        audience::people(&self.spreadsheet, &self.reading.options(), &self.inspection, &mut each).map_err(
            |error| match error {
                PeopleError::Callback(failure) => failure,
                PeopleError::Import(error) => {
                    Failure::usage("spreadsheet", format!("the spreadsheet: {error}"))
                }
                _ => Failure::usage(
                    "spreadsheet",
                    "the spreadsheet was changed while it was read; start again",
                ),
            },
        )?;
        batches.blocking_send(batch).map_err(|_| gone())
    }

    /// The import, for programs.
    pub(crate) fn to_json(&self, name: &str, warnings: &[String]) -> Value {
        let i = &self.inspection;
        json!({
            "audience": name, "people": i.people, "rows": i.rows, "duplicates_folded": i.folded,
            "rows_skipped": i.bad_rows, "shared_addresses": i.shared_addresses, "warnings": warnings,
            "fields": i.columns.iter().map(|c| c.field.as_str()).collect::<Vec<_>>(), "bad_rows": self.problems_json(),
        })
    }

    fn problems_json(&self) -> Vec<Value> {
        self.problems.iter().map(problem_json).collect()
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
