//! `undisclosed ledger`: what was done, by whom, and that nothing of it was altered (promise 10).

use std::collections::VecDeque;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use comfy_table::{ContentArrangement, Table, presets};
use jiff::Timestamp;
use ledger::{Checkpoint, Disclosed, EntryContent, NOTE_OCTETS_MAX, NodeId, PathPlan, ProofOfEntry};
use serde_json::{Value, json};

use crate::account;
use crate::answer::{answer, note};
use crate::book::{Act, Book, OpenEntry, Reason};
use crate::cli::{General, LedgerCommand};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::ledger_audit::{Finding, Recorded, against, audit, found, signed, verified};

pub(crate) async fn run(general: &General, command: LedgerCommand) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let book = Book::open(&installation).await?;
    match command {
        LedgerCommand::List { subject, limit } => {
            list(general, &installation, &book, subject.as_deref(), limit).await
        }
        LedgerCommand::Verify { checkpoint } => {
            verify(general, &installation, &book, checkpoint.as_deref()).await
        }
        LedgerCommand::Checkpoint => checkpoint(general, &installation, &book).await,
        LedgerCommand::Prove { delivery } => prove(&installation, &book, &delivery).await,
        LedgerCommand::Reason { entry } => reason(general, &installation, &book, entry).await,
        LedgerCommand::Export { file } => export(&installation, &book, &file).await,
    }
}

async fn list(
    general: &General,
    installation: &Installation,
    book: &Book,
    subject: Option<&str>,
    limit: u64,
) -> Result<Exit, Failure> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut latest = VecDeque::new();
    let audited = audit(&installation.store, book, |entry| {
        if subject.is_none_or(|subject| entry.content.subject == subject) {
            latest.push_back(entry);
            if latest.len() > limit {
                latest.pop_front();
            }
        }
    });
    found(audited.await?)?;
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["entry", "when (UTC)", "who", "what", "to what"]);
    for entry in &latest {
        let content = &entry.content;
        table.add_row([
            entry.number.to_string(),
            when(content.at),
            content.actor.clone(),
            content.act.clone(),
            content.subject.clone(),
        ]);
    }
    let entries: Vec<_> = latest.iter().map(to_json).collect();
    answer(general.json, &json!({"entries": entries}), &table.trim_fmt());
    Ok(Exit::Done)
}

fn to_json(entry: &OpenEntry) -> Value {
    let content = &entry.content;
    json!({
        "entry": entry.number, "at": content.at, "actor": content.actor, "act": content.act,
        "subject": content.subject, "detail": serde_json::from_str::<Value>(&content.detail).ok(),
    })
}

fn when(microseconds: i64) -> String {
    Timestamp::from_microsecond(microseconds)
        .map_or_else(|_| "?".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

async fn verify(
    general: &General,
    installation: &Installation,
    book: &Book,
    file: Option<&Path>,
) -> Result<Exit, Failure> {
    let (head, campaigns, restored) = verified(installation, book).await?;
    let mut words = vec![format!("{} entries, none altered, removed or moved.", head.size)];
    if campaigns > 0 {
        words.push(format!("{campaigns} campaigns with an account, every delivery as it was recorded."));
    }
    let mut object = json!({"entries": head.size, "root": head.root.to_base64(), "accounts": campaigns});
    if let Some(path) = file {
        let octets = small_file(path)?;
        let held = against(&installation.store, book, &octets, head.size).await?;
        let before = found(held).map_err(|mut failure| {
            if let Some(restored) = restored {
                failure.message = format!("{}. {restored}", failure.message);
            }
            failure
        })?;
        words.push(format!("Its first {} are those of the checkpoint.", before.size));
        object["checkpoint"] = json!({"entries": before.size, "root": before.root.to_base64()});
    }
    answer(general.json, &object, &words.join("\n"));
    Ok(Exit::Done)
}

fn small_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |_| Failure::usage("checkpoint", "the checkpoint's file cannot be read");
    if fs::metadata(path).map_err(cannot)?.len() > NOTE_OCTETS_MAX as u64 {
        return Err(Failure::usage("checkpoint", "the file is too large to be a checkpoint"));
    }
    fs::read(path).map_err(cannot)
}

/// Every entry, and whatever can be held against them; the head, how many accounts, and whether a restore is recorded.
async fn checkpoint(general: &General, installation: &Installation, book: &Book) -> Result<Exit, Failure> {
    let (signed, size) = signed(installation, book).await?;
    let verifier = book.signer()?.verifier().to_string();
    let object = json!({"checkpoint": signed.to_string(), "entries": size, "verifier": verifier});
    answer(general.json, &object, &signed.to_string());
    note(
        general.json,
        &format!(
            "Keep it elsewhere: `undisclosed ledger verify --checkpoint FILE` finds any change since. Its key:\n{verifier}"
        ),
    );
    Ok(Exit::Done)
}

async fn export(installation: &Installation, book: &Book, file: &Path) -> Result<Exit, Failure> {
    let cannot = |_| Failure::usage("file", "the export cannot be written to that file");
    let (signed, size) = signed(installation, book).await?;
    let mut out: Box<dyn Write> = if file == Path::new("-") {
        Box::new(io::stdout())
    } else {
        let opened = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(file);
        Box::new(io::BufWriter::new(opened.map_err(cannot)?))
    };
    let first = json!({"checkpoint": signed.to_string(), "verifier": book.signer()?.verifier().to_string()});
    let mut written = writeln!(out, "{first}");
    let audited = audit(&installation.store, book, |entry| {
        // What was recorded after the checkpoint is not covered by it.
        if entry.number < size && written.is_ok() {
            let line = json!({"index": entry.number, "salt": entry.salt, "content": entry.content});
            written = writeln!(out, "{line}");
        }
    });
    found(audited.await?)?;
    written.and_then(|()| out.flush()).map_err(cannot)?;
    Ok(Exit::Done)
}

/// What somebody typed when an entry was made. It can hold an address, so that it was read is an entry too.
async fn reason(
    general: &General,
    installation: &Installation,
    book: &Book,
    number: u64,
) -> Result<Exit, Failure> {
    installation.caller.person()?;
    let mut open = None;
    let audited = audit(&installation.store, book, |entry| {
        if entry.number == number {
            open = Some(entry);
        }
    });
    found(audited.await?)?;
    let open = open.ok_or_else(|| Failure::usage("not_found", "the ledger has no such entry"))?;
    let text = match installation.reason_of(&open) {
        Reason::Text(text) => text,
        Reason::None => return Err(Failure::usage("no_reason", "no reason was typed for this entry")),
        Reason::Unreadable => {
            return Err(Failure::usage(
                "forgotten",
                "the key of this reason is not here: its audience was forgotten, or the key lies on another machine",
            ));
        }
        Reason::Emptied => {
            return Err(Failure::usage(
                "erased",
                "the person it was about was erased, and this reason with them",
            ));
        }
        Reason::Altered => return found(Err(Finding::Reason(number))),
    };
    installation.record(&Act::new("read-reason", &open.content.subject, json!({"entry": number}))).await?;
    answer(general.json, &json!({"entry": number, "reason": text}), &text);
    Ok(Exit::Done)
}

/// Proves what became of one delivery, and tells nothing about another.
async fn prove(installation: &Installation, book: &Book, delivery: &str) -> Result<Exit, Failure> {
    let store = &installation.store;
    let (name, row) =
        delivery.rsplit_once('/').and_then(|(name, row)| Some((name, row.parse::<u64>().ok()?))).ok_or_else(
            || Failure::usage("delivery", "a delivery is named CAMPAIGN/ROW: its row in the spreadsheet"),
        )?;
    let campaign = store.campaign(name).await?;
    let mut recorded = Recorded::new(installation);
    let head = found(audit(store, book, |entry| recorded.note(&entry)).await?)?;
    let (number, tree) = recorded.of(&campaign).ok_or_else(|| {
        Failure::usage(
            "no_account",
            "the campaign has not ended: its deliveries are in the ledger when it has",
        )
    })?;
    let (row, path) = account::path(store, &campaign, row, tree.size)
        .await?
        .ok_or_else(|| Failure::usage("not_found", "the campaign has no delivery of that row"))?;
    let salts = account::salts(&installation.audience_key(&store.audience_of(&campaign).await?)?, &campaign);
    let disclosed = Disclosed {
        index: row.number - 1,
        salt: salts.salt(row.number),
        content: account::content(&row),
        path,
    };
    let entry = entry_of(installation, book, number, head.size).await?;
    let signer = book.signer()?;
    let signed = Checkpoint::sign(head, &signer)
        .map_err(|error| Failure::unexpected("checkpoint", error.to_string()))?;
    let proof = ProofOfEntry::new(&signed, signer.verifier(), entry, Some(disclosed))
        .and_then(|proof| proof.to_json())
        .map_err(|error| {
            Failure::somebody("ledger", format!("{error}; `undisclosed ledger verify` says more"))
        })?;
    answer(false, &Value::Null, &proof);
    note(false, &format!("It checks out with the key {}", signer.verifier()));
    Ok(Exit::Done)
}

/// An entry with its path to the root.
async fn entry_of(
    installation: &Installation,
    book: &Book,
    number: u64,
    size: u64,
) -> Result<Disclosed<EntryContent>, Failure> {
    let gone = || Failure::somebody("ledger", "the ledger changed while it was read; try again");
    let plan = PathPlan::inclusion(number, size).map_err(|_| gone())?;
    let leaf = NodeId { level: 0, index: number };
    let ids: Vec<NodeId> = plan.nodes().chain([leaf]).collect();
    let nodes = installation.store.ledger_nodes(&ids).await?;
    let path = plan.hashes(|id| nodes.get(&id).copied().ok_or_else(gone))?;
    let entries = installation.store.ledger_entries(number).await?;
    let open = entries
        .first()
        .zip(nodes.get(&leaf))
        .and_then(|(entry, leaf)| book.read(entry, leaf))
        .ok_or_else(gone)?;
    Ok(Disclosed { index: number, salt: open.salt, content: open.content, path })
}
