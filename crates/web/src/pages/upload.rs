//! A spreadsheet that was uploaded: what was found in it, and what is to be decided before it is imported.

use std::sync::Arc;

use askama::Template;
use audience::{Format, ImportError, Inspection, SharedAddress};
use axum::Extension;
use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};

use crate::choosing::{Radios, Select};
use crate::explained::explained;
use crate::lists::{Choices, Chosen, ReadList};
use crate::page::{Frame, html};
use crate::pages::upload_progress::progress;
use crate::parts::{Boxes, Errors, Input, Kind, Tick};
use crate::trouble::Trouble;
use crate::uploads::{Owner, Stage, Upload, UploadId};
use crate::visitor::Visitor;

/// The form's fields.
pub(crate) const EMAIL: &str = "email";
pub(crate) const LANGUAGE: &str = "language";
pub(crate) const CHANNEL: &str = "channel";
pub(crate) const SHARED: &str = "shared";
pub(crate) const NAME: &str = "name";
pub(crate) const BAD_ROWS: &str = "bad_rows";
pub(crate) const ACKNOWLEDGED: &str = "acknowledged";
/// What is chosen for bad rows.
pub(crate) const LEAVE_OUT: &str = "leave_out";
/// Bad rows on the page; more are in the table to download.
const BAD_SHOWN_MAX: usize = 100;
/// Columns in the page's table.
const COLUMNS_SHOWN_MAX: usize = 60;

struct Column {
    heading: String,
    field: String,
    filled: u64,
    taken_as: String,
}

/// What was filled in on the page before.
#[derive(Default)]
pub(crate) struct Sent {
    pub(crate) name: String,
    pub(crate) bad_rows: String,
    pub(crate) acknowledged: Vec<String>,
}

#[derive(Template)]
#[template(path = "upload.html")]
struct Page {
    frame: Frame,
    errors: Errors,
    id: UploadId,
    facts: Vec<(&'static str, String)>,
    bad: Vec<(u64, String, String)>,
    bad_words: String,
    columns: Vec<Column>,
    columns_more: usize,
    email: Select,
    language: Select,
    channel: Select,
    shared: Option<Radios>,
    name: Input,
    bad_rows: Option<Radios>,
    acknowledged: Option<Boxes>,
    button: String,
}

#[derive(Template)]
#[template(path = "upload_unreadable.html")]
struct Unreadable {
    frame: Frame,
    errors: Errors,
    id: UploadId,
    why: String,
    /// To say which column has the addresses, where that is the reason.
    email: Option<Select>,
}

#[derive(Template)]
#[template(path = "upload_busy.html")]
struct Busy {
    frame: Frame,
    id: UploadId,
    state: &'static str,
    written: u64,
    total: u64,
}

/// Whose this visitor's uploads are.
pub(crate) fn owner(visitor: &Visitor) -> Result<Owner, Trouble> {
    Ok(Owner::User(visitor.somebody()?.user.id))
}

/// An upload of this visitor's own.
pub(crate) fn found(visitor: &Visitor, id: &str) -> Result<(UploadId, Upload), Trouble> {
    let id = UploadId::parse(id).ok_or(Trouble::UploadGone)?;
    let upload = visitor.console.uploads.of(owner(visitor)?, id, visitor.at).ok_or(Trouble::UploadGone)?;
    Ok((id, upload))
}

pub(crate) async fn show(
    Extension(visitor): Extension<Visitor>,
    Path(id): Path<String>,
) -> Result<Response, Trouble> {
    let (id, upload) = found(&visitor, &id)?;
    match &upload.stage {
        Stage::Imported(number) => Ok(Redirect::to(&format!("/audiences/{number}")).into_response()),
        Stage::Unreadable(why) => unreadable(&visitor, id, &upload, why.as_deref()),
        Stage::Read(list) => {
            let sent = Sent { name: upload.name.clone(), ..Sent::default() };
            review(&visitor, id, &upload, list, &sent, Errors::default())
        }
        Stage::Arriving | Stage::Reading | Stage::Importing { .. } => {
            let (state, written, total) = progress(&upload);
            let title = if upload.name.is_empty() { "Your spreadsheet" } else { &upload.name };
            html(&Busy { frame: Frame::of(&visitor, title, "/audiences")?, id, state, written, total })
        }
    }
}

fn unreadable(
    visitor: &Visitor,
    id: UploadId,
    upload: &Upload,
    why: Option<&ImportError>,
) -> Result<Response, Trouble> {
    let (why, headings) = match why {
        None => (format!("It could not be read: {}.", upload.trouble.as_deref().unwrap_or("try again")), None),
        Some(ImportError::NoEmailColumn { headings }) => {
            ("No column seems to hold e-mail addresses. Say which one does.".to_owned(), Some(headings))
        }
        Some(ImportError::SeveralEmailColumns { headings }) => (
            "Several columns could hold the addresses. A message goes to one of them: say which.".to_owned(),
            Some(headings),
        ),
        Some(ImportError::NoSuchColumn { headings, .. }) => {
            ("A column that was chosen is not in the spreadsheet.".to_owned(), Some(headings))
        }
        Some(ImportError::AddressColumn { .. }) => (
            "The column with the addresses cannot also say the language, or whether e-mail is safe. Upload the \
             spreadsheet once more."
                .to_owned(),
            None,
        ),
        Some(error) => (format!("The spreadsheet cannot be used as it is: {error}."), None),
    };
    let email = headings.map(|headings| Select {
        id: EMAIL,
        label: "Column with the e-mail addresses",
        hint: "",
        error: None,
        items: headings.iter().map(|heading| (heading.clone(), heading.clone(), false)).collect(),
    });
    html(&Unreadable {
        frame: Frame::of(visitor, "The spreadsheet cannot be read like this", "/audiences")?,
        errors: Errors::default(),
        id,
        why,
        email,
    })
}

/// Which column is taken as what, by field: what was chosen or found.
pub(crate) fn in_force(inspection: &Inspection, choices: &Choices) -> Choices {
    let field = |index: usize| inspection.columns.get(index).map(|column| column.field.clone());
    let chosen = |index: Option<usize>| index.and_then(field).map_or(Chosen::Nowhere, Chosen::Named);
    Choices {
        email: field(inspection.email_column),
        language: chosen(inspection.language_column),
        channel: chosen(inspection.channel_column),
        shared: choices.shared,
    }
}

/// What stands for each warning in the form.
pub(crate) fn warning_values(inspection: &Inspection) -> Vec<String> {
    inspection.warnings.iter().enumerate().map(|(n, warning)| format!("{}-{n}", warning.code())).collect()
}

pub(crate) const fn shared_word(shared: SharedAddress) -> &'static str {
    match shared {
        SharedAddress::Refuse => "refuse",
        SharedAddress::Each => "each",
        SharedAddress::Skip => "skip",
    }
}

/// The page on which everything is decided.
pub(crate) fn review(
    visitor: &Visitor,
    id: UploadId,
    upload: &Upload,
    list: &Arc<dyn ReadList>,
    sent: &Sent,
    mut errors: Errors,
) -> Result<Response, Trouble> {
    let inspection = list.inspection();
    let force = in_force(inspection, &upload.choices);
    if let Some(trouble) = &upload.trouble {
        errors.add(NAME, format!("Nothing was imported: {trouble}"));
    }
    let bad = list.problems().iter().take(BAD_SHOWN_MAX);
    let bad = bad.map(|p| (p.row, p.column.clone().unwrap_or_default(), p.reason.to_string()));
    html(&Page {
        frame: Frame::of(visitor, "Check the list", "/audiences")?.with_error(!errors.is_empty()),
        id,
        facts: facts(&**list),
        bad: bad.collect(),
        bad_words: bad_words(&**list),
        columns: columns(&**list),
        columns_more: inspection.columns.len().saturating_sub(COLUMNS_SHOWN_MAX),
        email: select(
            EMAIL,
            "Column with the e-mail addresses",
            "",
            inspection,
            &named(force.email),
            &errors,
        ),
        language: select(
            LANGUAGE,
            "Column with the language",
            "Whoever has a language there gets the message in it, where there is a translation",
            inspection,
            &force.language,
            &errors,
        ),
        channel: select(
            CHANNEL,
            "Column that says to whom e-mail is safe",
            "Yes, or a date until which it is (2026-12-31): written to. No: never. Anything else: held, until somebody knows",
            inspection,
            &force.channel,
            &errors,
        ),
        shared: shared(inspection, upload.choices.shared),
        name: Input::new(NAME, "Name of the audience", Kind::Text, &errors)
            .hint("Others see it in campaigns and in the ledger")
            .value(&sent.name),
        bad_rows: bad_rows(inspection.bad_rows, sent, &errors),
        acknowledged: acknowledged(inspection, sent, &errors),
        button: match inspection.people {
            1 => "Import 1 person".to_owned(),
            people => format!("Import {people} people"),
        },
        errors,
    })
}

fn named(field: Option<String>) -> Chosen {
    field.map_or(Chosen::Nowhere, Chosen::Named)
}

fn facts(list: &dyn ReadList) -> Vec<(&'static str, String)> {
    let i = list.inspection();
    let mut facts = vec![
        (
            "File",
            match &i.format {
                Format::Csv { encoding, delimiter, .. } => {
                    let delimiter =
                        if *delimiter == '\t' { "tabs".to_owned() } else { delimiter.to_string() };
                    format!("CSV, {encoding}, cells separated by {delimiter}")
                }
                Format::Xlsx { sheet, hidden_sheets } if hidden_sheets.is_empty() => {
                    format!("Excel workbook, sheet “{sheet}”")
                }
                Format::Xlsx { sheet, hidden_sheets } => format!(
                    "Excel workbook, sheet “{sheet}”; hidden sheets that are not imported: {}",
                    hidden_sheets.len()
                ),
            },
        ),
        ("Rows", i.rows.to_string()),
        ("People who would be imported", i.people.to_string()),
        ("Rows that cannot be written to", i.bad_rows.to_string()),
        ("Equal rows folded into one", i.folded.to_string()),
        ("Addresses that stand in several different rows", i.shared_addresses.to_string()),
    ];
    if i.shared_skipped > 0 {
        facts.push(("Rows left out because an earlier one has their address", i.shared_skipped.to_string()));
    }
    if i.channel_column.is_some() {
        let c = i.channels;
        facts.push((
            "E-mail is",
            format!("safe in {} rows, not safe in {}, not known in {}", c.safe, c.not_safe, c.unknown),
        ));
    }
    facts
}

fn bad_words(list: &dyn ReadList) -> String {
    let (bad, kept) = (list.inspection().bad_rows, list.problems().len());
    let rows = if bad == 1 { "1 row is bad.".to_owned() } else { format!("{bad} rows are bad.") };
    if kept > BAD_SHOWN_MAX {
        return format!(
            "{rows} Shown are the first {BAD_SHOWN_MAX} things that are wrong, of {kept} in the table."
        );
    }
    rows
}

fn columns(list: &dyn ReadList) -> Vec<Column> {
    let i = list.inspection();
    let column = |(index, column): (usize, &audience::Column)| Column {
        heading: if column.heading.is_empty() { "(none)".to_owned() } else { column.heading.clone() },
        field: format!("{{{{ {} }}}}", column.field),
        filled: i.filled.get(index).copied().unwrap_or(0),
        taken_as: if index == i.email_column && !list.example().is_empty() {
            format!("address, like {}", list.example())
        } else if index == i.email_column {
            "address".to_owned()
        } else if Some(index) == i.language_column {
            "language".to_owned()
        } else if Some(index) == i.channel_column {
            "whether e-mail is safe".to_owned()
        } else {
            "field for messages".to_owned()
        },
    };
    i.columns.iter().enumerate().take(COLUMNS_SHOWN_MAX).map(column).collect()
}

fn select(
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    inspection: &Inspection,
    now: &Chosen,
    errors: &Errors,
) -> Select {
    let item = |column: &audience::Column| {
        let shown = if column.heading.is_empty() { &column.field } else { &column.heading };
        (column.field.clone(), shown.clone(), *now == Chosen::Named(column.field.clone()))
    };
    let none = (id != EMAIL).then(|| (String::new(), "No column".to_owned(), *now == Chosen::Nowhere));
    let items = none.into_iter().chain(inspection.columns.iter().map(item)).collect();
    Select { id, label, hint, error: errors.of(id), items }
}

/// Asked when there are any, or when it was decided before.
fn shared(inspection: &Inspection, now: SharedAddress) -> Option<Radios> {
    if inspection.shared_addresses == 0 && now == SharedAddress::Refuse {
        return None;
    }
    let item = |choice, label: &str, meaning| (shared_word(choice), label.to_owned(), meaning, choice == now);
    Some(Radios {
        id: SHARED,
        legend: "Rows that differ and share an address",
        hint: "A couple, a family, or one person with two reference numbers".to_owned(),
        error: None,
        items: vec![
            item(
                SharedAddress::Refuse,
                "They are bad rows",
                "Nobody in them is written to until somebody has decided",
            ),
            item(
                SharedAddress::Each,
                "A message for each row",
                "The mailbox gets several: whoever reads it sees all of them",
            ),
            item(SharedAddress::Skip, "A message for the first row alone", "The others are left out"),
        ],
    })
}

fn bad_rows(number: u64, sent: &Sent, errors: &Errors) -> Option<Radios> {
    let leave = match number {
        0 => return None,
        1 => "Leave the 1 bad row out".to_owned(),
        number => format!("Leave the {number} bad rows out"),
    };
    Some(Radios {
        id: BAD_ROWS,
        legend: "What is to be done with the bad rows?",
        hint: String::new(),
        error: errors.of(BAD_ROWS),
        items: vec![
            (
                "correct",
                "Correct them in the spreadsheet, and upload that one".to_owned(),
                "This one is not imported",
                sent.bad_rows == "correct",
            ),
            (LEAVE_OUT, leave, "Nobody in them is written to", sent.bad_rows == LEAVE_OUT),
        ],
    })
}

fn acknowledged(inspection: &Inspection, sent: &Sent, errors: &Errors) -> Option<Boxes> {
    let tick = |(value, warning): (String, &audience::Warning)| {
        let (label, hint) = explained(warning);
        let ticked = sent.acknowledged.contains(&value);
        Tick { value: value.into(), label: label.into(), hint: hint.into(), ticked }
    };
    let items: Vec<Tick> =
        warning_values(inspection).into_iter().zip(&inspection.warnings).map(tick).collect();
    (!items.is_empty()).then(|| Boxes {
        id: ACKNOWLEDGED,
        legend: "Before you go on",
        hint: "Tick what you know and accept. That you did stands in the ledger",
        error: errors.of(ACKNOWLEDGED),
        items,
    })
}
