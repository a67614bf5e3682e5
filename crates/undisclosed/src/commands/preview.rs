//! `undisclosed preview`: one person's message, the address masked unless there is a reason.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use mail::Address;
use message::Person;
use serde_json::json;
use store::{Audience, PersonFields};

use crate::answer::answer;
use crate::book::Act;
use crate::cli::{General, PreviewArgs};
use crate::failure::{Exit, Failure};
use crate::forgetting::forgotten_on;
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::MessageFiles;

pub(crate) async fn run(general: &General, args: PreviewArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let store = &installation.store;
    let (audience, files) = asked_for(&installation, &args).await?;
    if audience.forgotten_at.is_some() {
        return Err(forgotten_on(audience.forgotten_at));
    }
    files.template.check_fields(&audience.fields)?;
    let person = store
        .person_at(&audience, args.person)
        .await?
        .ok_or_else(|| Failure::usage("person", format!("the audience has {} people", audience.people)))?;
    // The links of a preview are dead: who looks at it must not act as the person.
    let identity = CampaignIdentity { number: 0, uid: "preview", test: !args.reveal };
    let letters = letters(&installation, &audience, files, &identity)?;
    let mut fields = letters.open(person.row, &person.sealed)?;
    let act =
        Act::new(if args.reveal { "reveal" } else { "preview" }, &audience.name, json!({"row": person.row}));
    installation.record(&act.because(args.reason.as_deref(), &audience)).await?;
    if !args.reveal {
        fields = masked(&fields)?;
    }
    let by_name = letters.by_name(&fields);
    let who = Person {
        row: person.row,
        address: &fields.address,
        fields: &by_name,
        language: letters.language(&fields),
    };
    let preview = letters.template.preview(&who, !args.reveal).map_err(delivery::LetterError::from)?;
    let sealed = letters.seal(0, person.row, &fields, installation.now())?;
    let proved = letters.prove(person.row, sealed)?;
    if let Some(path) = &args.out {
        write(path, proved.bytes())?;
    }
    let headers = header_block(proved.bytes());
    let object = json!({
        "person": args.person, "row": person.row, "language": preview.language, "default_language": preview.fell_back,
        "headers": headers, "subject": preview.subject, "text": preview.plain, "html": preview.html,
    });
    let words =
        format!("{headers}\n\n----- text -----\n{}\n----- HTML -----\n{}", preview.plain, preview.html);
    answer(general.json, &object, &words);
    Ok(Exit::Done)
}

/// An audience and a message file, or those of a campaign.
async fn asked_for(
    installation: &Installation,
    args: &PreviewArgs,
) -> Result<(Audience, MessageFiles), Failure> {
    let (store, settings) = (&installation.store, &installation.settings);
    if let Some(name) = &args.campaign {
        let campaign = store.campaign(name).await?;
        return Ok((store.audience_of(&campaign).await?, MessageFiles::stored(&campaign.message, settings)?));
    }
    let (Some(audience), Some(message)) = (&args.audience, &args.message) else {
        return Err(Failure::usage(
            "usage",
            "a preview takes an audience and a message file, or --campaign NAME",
        ));
    };
    let audience = installation.audience(audience).await?;
    Ok((audience, MessageFiles::read(message, args.from.as_deref(), settings)?))
}

/// The header fields as they go out; the builder's octets are ASCII or UTF-8.
fn header_block(message: &[u8]) -> String {
    let end = message.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(message.len());
    String::from_utf8_lossy(&message[..end]).replace("\r\n", "\n")
}

/// The person with an address that shows enough to recognise and cannot be written to, wherever it stands.
fn masked(fields: &PersonFields) -> Result<PersonFields, Failure> {
    let mask = |text: &str, with: &str| {
        let plain: Vec<char> = text.chars().filter(char::is_ascii_alphanumeric).collect();
        let (first, last) = (plain.first().copied().unwrap_or('x'), plain.last().copied().unwrap_or('x'));
        format!("{first}{with}{last}")
    };
    let (name, rest) =
        fields.address.domain().split_once('.').unwrap_or((fields.address.domain(), "invalid"));
    let text = format!("{}@{}.{rest}", mask(fields.address.local(), "***"), mask(name, "---"));
    let address =
        Address::parse(&text).map_err(|_| Failure::unexpected("mask", "an address could not be masked"))?;
    let is_own = |value: &str| Address::parse(value.trim()).is_ok_and(|own| own == fields.address);
    let values =
        fields.values.iter().map(|value| if is_own(value) { text.clone() } else { value.clone() }).collect();
    Ok(PersonFields { address, values })
}

fn write(path: &Path, octets: &[u8]) -> Result<(), Failure> {
    // Readable by nobody else: it is somebody's mail.
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .and_then(|mut file| {
            // The mode counts for a new file only.
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
            file.write_all(octets)
        })
        .map_err(|_| Failure::usage("file", "the preview cannot be written to that file"))
}
