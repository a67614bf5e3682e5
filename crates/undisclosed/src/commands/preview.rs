//! `undisclosed preview`: one person's message, the address masked unless there is a reason.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

use serde_json::json;
use store::Audience;

use crate::answer::answer;
use crate::book::Act;
use crate::cli::{General, PreviewArgs};
use crate::failure::{Exit, Failure};
use crate::forgetting::forgotten_on;
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::MessageFiles;
use crate::rendering::render;

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
    let act =
        Act::new(if args.reveal { "reveal" } else { "preview" }, &audience.name, json!({"row": person.row}));
    let rendering = render(&letters, &person, args.reveal, installation.now())?;
    installation.record(&act.because(args.reason.as_deref(), &audience).about(person.row)).await?;
    if let Some(path) = &args.out {
        write(path, rendering.proved.bytes())?;
    }
    let r = &rendering;
    let object = json!({
        "person": args.person, "row": person.row, "language": r.language, "default_language": r.fell_back,
        "headers": r.headers, "subject": r.subject, "text": r.plain, "html": r.html,
    });
    let words = format!("{}\n\n----- text -----\n{}\n----- HTML -----\n{}", r.headers, r.plain, r.html);
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
