//! A spreadsheet becomes an audience: it comes as it is, waits sealed as one that is uploaded in the console does, and is read,
//! looked over and imported in one request. What its page would ask, the parameters decide.

use std::sync::Arc;

use audience::{SharedAddress, Warning};
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::acts::audiences::{Decided, NAME_OCTETS_MAX, begin_import, begin_reading, hindrances};
use crate::api::audiences::object;
use crate::api::body::next_piece;
use crate::api::caller::Asked;
use crate::api::idempotency::Creation;
use crate::api::json;
use crate::api::problem::{Kind, Problem};
use crate::api::routes::Parameter;
use crate::console::Console;
use crate::form::Form;
use crate::lists::{Choices, Chosen, ReadList};
use crate::pages::upload::{BAD_ROWS, CHANNEL, EMAIL, LANGUAGE, LEAVE_OUT, NAME, SHARED};
use crate::trouble::Trouble;
use crate::upload_body::UPLOAD_TIME_MAX;
use crate::uploads::{Arrival, NotTaken, Owner, Stage, UploadId};

const ACKNOWLEDGE: &str = "acknowledge";
/// No column has it.
const NONE: &str = "none";
/// Bad rows in an answer; an author who wants all of them uploads the spreadsheet in the console.
const ROWS_MAX: usize = 100;
/// Octets that are sealed at once.
const PIECE_OCTETS: usize = 256 << 10;

const TEXT: fn() -> Value = || json!({"type": "string"});

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: NAME,
        description: "The audience's name. Others see it in campaigns and in the ledger.",
        schema: || json!({"type": "string", "minLength": 1, "maxLength": NAME_OCTETS_MAX}),
    },
    Parameter {
        name: EMAIL,
        description: "The column with the addresses, by its heading; left out, it is found.",
        schema: TEXT,
    },
    Parameter {
        name: LANGUAGE,
        description: "The column with the language, or `none`; left out, it is found.",
        schema: TEXT,
    },
    Parameter {
        name: CHANNEL,
        description: "The column that says to whom e-mail is safe, or `none`; left out, it is found.",
        schema: TEXT,
    },
    Parameter {
        name: SHARED,
        description: "Rows that differ and share an address: bad rows, a message for each, or for the first alone.",
        schema: || json!({"type": "string", "enum": ["refuse", "each", "skip"], "default": "refuse"}),
    },
    Parameter {
        name: BAD_ROWS,
        description: "Leaves bad rows out; without it one bad row keeps the spreadsheet from being imported.",
        schema: || json!({"type": "string", "enum": [LEAVE_OUT]}),
    },
    Parameter {
        name: ACKNOWLEDGE,
        description: "Words of the warnings that you know of and accept, with commas between them.",
        schema: TEXT,
    },
];

/// What the parameters decide.
struct Wanted {
    name: String,
    choices: Choices,
    leave_out: bool,
    acknowledged: Vec<String>,
}

impl Wanted {
    fn of(query: &Form) -> Result<Self, Problem> {
        let column = |name| match query.get(name) {
            None => Chosen::Found,
            Some(NONE) => Chosen::Nowhere,
            Some(heading) => Chosen::Named(heading.to_owned()),
        };
        let shared = match query.get(SHARED) {
            None | Some("refuse") => SharedAddress::Refuse,
            Some("each") => SharedAddress::Each,
            Some("skip") => SharedAddress::Skip,
            Some(_) => return Err(Problem::invalid(SHARED, "refuse, each or skip.")),
        };
        let leave_out = match query.get(BAD_ROWS) {
            None => false,
            Some(LEAVE_OUT) => true,
            Some(_) => return Err(Problem::invalid(BAD_ROWS, "leave_out, or nothing.")),
        };
        let words = query.get(ACKNOWLEDGE).unwrap_or_default().split(',').map(str::trim);
        Ok(Self {
            name: query.text(NAME).to_owned(),
            choices: Choices {
                email: query.get(EMAIL).map(ToOwned::to_owned),
                language: column(LANGUAGE),
                channel: column(CHANNEL),
                shared,
            },
            leave_out,
            acknowledged: words.filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect(),
        })
    }
}

pub(super) async fn import(
    Extension(asked): Extension<Asked>,
    request: Request,
) -> Result<Response, Problem> {
    let console = asked.console.clone();
    let wanted = Wanted::of(&asked.query)?;
    let target = request.uri().to_string();
    let mut creation = Creation::of(&console, &asked.key, request.headers(), ("POST", &target))?;
    let uploads = console.uploads.clone();
    let _place = uploads.arriving.clone().try_acquire_owned().map_err(|_| Trouble::Busy)?;
    let owner = Owner::Key(asked.key.id);
    let mut arrival = uploads.begin(owner, asked.at).map_err(|error| not_taken(&error))?;
    received(&mut arrival, &mut creation, request.into_body()).await?;
    if arrival.octets() == 0 {
        return Err(Problem::new(Kind::NotImported, "There is nothing in it."));
    }
    // An upload takes its time: its hour begins when it is there.
    let id = arrival.keep(wanted.name.clone(), console.now()).await.map_err(|error| not_taken(&error))?;
    let waiting = Waiting { console: console.clone(), owner, id };
    let work = async move {
        let done = imported(&asked, &waiting, &wanted).await;
        drop(waiting);
        match done {
            Ok(audience) => (StatusCode::CREATED, json(&audience)).into_response(),
            Err(problem) => problem.into_response(),
        }
    };
    creation.once(&console, work).await
}

/// A spreadsheet that waits for its request alone: whatever comes of that, it goes with it.
struct Waiting {
    console: Arc<Console>,
    owner: Owner,
    id: UploadId,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.console.uploads.remove(self.owner, self.id);
    }
}

fn not_taken(error: &NotTaken) -> Problem {
    let detail = format!("Nothing was imported. {error}.");
    match error {
        NotTaken::TooLarge(_) => Problem::new(Kind::TooLarge, detail),
        NotTaken::OwnFull(_) => Problem::busy(
            "Nothing was imported. This key has other spreadsheets coming in: try again when they are there.",
        ),
        NotTaken::Full => Problem::busy(detail),
        NotTaken::Disk(_) => Problem::new(Kind::Failed, detail),
    }
}

/// All of it, sealed piece by piece.
async fn received(arrival: &mut Arrival, creation: &mut Creation, body: Body) -> Result<(), Problem> {
    let (mut gathered, mut body) = (Vec::with_capacity(PIECE_OCTETS), body.into_data_stream());
    loop {
        let piece = next_piece(&mut body).await?;
        let last = piece.is_none();
        gathered.extend_from_slice(&piece.unwrap_or_default());
        if (last && !gathered.is_empty()) || gathered.len() >= PIECE_OCTETS {
            let full = std::mem::replace(&mut gathered, Vec::with_capacity(PIECE_OCTETS));
            creation.take(&full);
            arrival.take(Bytes::from(full)).await.map_err(|error| not_taken(&error))?;
        }
        if last {
            return Ok(());
        }
    }
}

/// Reads it, looks it over, and imports it.
async fn imported(asked: &Asked, waiting: &Waiting, wanted: &Wanted) -> Result<Value, Problem> {
    let (console, id) = (&asked.console, waiting.id);
    let now: Timestamp = console.now();
    begin_reading(console, id, &wanted.choices, now);
    let Stage::Read(list) = settled(waiting).await? else { return Err(gone()) };
    let accepts = |_: usize, warning: &Warning| wanted.acknowledged.iter().any(|word| word == warning.code());
    let decided = Decided { name: &wanted.name, leave_out: wanted.leave_out, accepts: &accepts };
    let errors = hindrances(console, &list, &decided).await?;
    if !errors.is_empty() {
        let errors: Vec<Value> = errors
            .iter()
            .map(|(field, _)| json!({"field": parameter(field), "detail": said(field)}))
            .collect();
        return Err(found_fault(&*list, &accepts).with("errors", errors));
    }
    begin_import(&asked.acting(), id, &*list, &wanted.name);
    let Stage::Imported(number) = settled(waiting).await? else { return Err(gone()) };
    Ok(object(&console.store.audience_numbered(number).await?))
}

/// How far it is, when nothing is being done with it any more.
async fn settled(waiting: &Waiting) -> Result<Stage, Problem> {
    let (console, owner, id) = (&waiting.console, waiting.owner, waiting.id);
    console.uploads.settled(id, UPLOAD_TIME_MAX).await;
    let upload = console.uploads.of(owner, id, console.now()).ok_or_else(gone)?;
    match (upload.stage, upload.trouble) {
        (_, Some(trouble)) => Err(Problem::new(Kind::NotNow, format!("Nothing was imported: {trouble}."))),
        // The reasons quote no cell; where one names headings, its words do not.
        (Stage::Unreadable(Some(why)), None) => {
            let detail = match &*why {
                audience::ImportError::NoEmailColumn { .. } => {
                    "no column seems to hold e-mail addresses; say which one with `email`".to_owned()
                }
                audience::ImportError::SeveralEmailColumns { .. } => {
                    "several columns could hold the addresses; say which one with `email`".to_owned()
                }
                audience::ImportError::NoSuchColumn { .. } => {
                    "a column that was named is not in it".to_owned()
                }
                audience::ImportError::SameField { .. } => {
                    "two headings become the same field; rename one".to_owned()
                }
                error => error.to_string(),
            };
            Err(Problem::new(
                Kind::NotImported,
                format!("The spreadsheet cannot be used as it is: {detail}."),
            ))
        }
        (stage, None) => Ok(stage),
    }
}

fn gone() -> Problem {
    Problem::new(Kind::Failed, "Nothing was imported, as far as is known. Look at the list of audiences.")
}

/// The parameter of a field of the page.
fn parameter(field: &'static str) -> &'static str {
    if [NAME, EMAIL, BAD_ROWS].contains(&field) { field } else { ACKNOWLEDGE }
}

fn said(field: &'static str) -> &'static str {
    match parameter(field) {
        NAME => "A name of 1 to 200 octets that no audience has, nor one that was forgotten.",
        EMAIL => "There is nobody in the spreadsheet who can be written to.",
        BAD_ROWS => "Correct the rows, or send bad_rows=leave_out.",
        _ => "Correct the spreadsheet, or name each of `warnings`.",
    }
}

/// Rows and warnings that somebody has to decide about: by row and column, and without what stands there.
fn found_fault(list: &dyn ReadList, accepts: &(dyn Fn(usize, &Warning) -> bool + Sync)) -> Problem {
    // Where the headings are missing, the first person stands in their place.
    let heading = |column: &Option<String>| column.clone().filter(|heading| !heading.contains('@'));
    let row = |problem: &audience::Problem| json!({"row": problem.row, "column": heading(&problem.column), "detail": problem.reason.to_string()});
    let rows: Vec<Value> = list.problems().iter().take(ROWS_MAX).map(row).collect();
    let open = list.inspection().warnings.iter().enumerate().filter(|(place, one)| !accepts(*place, one));
    let warnings: Vec<Value> = open
        .map(|(_, one)| {
            let detail = Some(one.to_string()).filter(|detail| !detail.contains('@'));
            json!({"code": one.code(), "detail": detail.unwrap_or_else(|| one.code().to_owned())})
        })
        .collect();
    Problem::new(Kind::NotImported, "Nothing was imported. See `errors`, `rows` and `warnings`.")
        .with("bad_rows", list.inspection().bad_rows)
        .with("rows", rows)
        .with("warnings", warnings)
}
