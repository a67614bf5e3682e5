//! `undisclosed test`: the message for a sample person, to oneself.

use mail::Address;
use serde_json::json;
use store::{Audience, PersonFields};

use crate::answer::answer;
use crate::book::Act;
use crate::cli::{General, TestArgs};
use crate::failure::{Exit, Failure};
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::MessageFiles;
use crate::one_message;
use crate::relay::ReadyRelay;

pub(crate) async fn run(general: &General, args: TestArgs) -> Result<Exit, Failure> {
    let installation = Installation::open(general.config.as_deref(), general.database.as_deref()).await?;
    let audience = installation.audience(&args.audience).await?;
    let relay = ReadyRelay::find(args.smtp.as_deref(), &installation.settings)?;
    let files = MessageFiles::read(&args.message, args.from.as_deref(), &installation.settings)?;
    let outcome = send_test(&installation, &audience, files, &args.to, relay, None).await?;
    answer(
        general.json,
        &json!({"test": "sent", "reply": outcome}),
        &format!("The relay took the test ({outcome})."),
    );
    Ok(Exit::Done)
}

/// Sends a test, and enters that it was sent. Returns the relay's reply.
pub(crate) async fn send_test(
    installation: &Installation,
    audience: &Audience,
    files: MessageFiles,
    to: &str,
    relay: ReadyRelay,
    by: Option<&str>,
) -> Result<String, Failure> {
    let to = allowed(to, &installation.settings.test.allowed_domains.0)?;
    files.template.check_fields(&audience.fields)?;
    let identity = data_encoding::HEXLOWER.encode(&installation.random.octets::<16>()?);
    let campaign = CampaignIdentity { number: 0, uid: &identity, test: true };
    let letters = letters(installation, audience, files, &campaign)?;
    let values = audience.fields.iter().enumerate().map(|(place, field)| {
        if Some(place) == audience.language_field { String::new() } else { sample(field, &to) }
    });
    let person = PersonFields { values: values.collect(), address: to.clone(), language: None };
    let outcome = one_message::send(&letters, &person, &relay, installation.now())
        .await
        .map_err(|error| Failure::somebody("test", format!("the test was not sent: {error}")))?;
    let act = Act::new("test", &audience.name, json!({"message": identity, "reply": outcome}));
    installation.record(&Act { by, ..act }).await?;
    Ok(outcome)
}

/// A test goes to colleagues alone: its domain is listed, whole.
fn allowed(text: &str, domains: &[String]) -> Result<Address, Failure> {
    let to = Address::parse(text)
        .map_err(|error| Failure::usage("to", format!("the address to send the test to: {error}")))?;
    let listed = domains.iter().any(|domain| {
        Address::parse(&format!("x@{domain}")).is_ok_and(|allowed| allowed.domain() == to.domain())
    });
    if listed {
        return Ok(to);
    }
    Err(Failure::usage(
        "test_domain",
        "tests go only to domains listed in test.allowed_domains, and this address is of another; nothing was sent",
    ))
}

/// A value that is nobody's.
fn sample(field: &str, to: &Address) -> String {
    match field {
        "email" | "e_mail" | "mail" => to.expose(),
        name if name.contains("first") || name.contains("forename") || name.contains("given") => {
            "Sam".to_owned()
        }
        name if name.contains("last") || name.contains("surname") || name.contains("family") => {
            "Sample".to_owned()
        }
        name if name.contains("name") => "Sam Sample".to_owned(),
        other => format!("(sample {})", other.replace('_', " ")),
    }
}
