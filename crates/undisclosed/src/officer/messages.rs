//! The messages to one person, made again as they were sent, and held against the hashes that were recorded as they left.

use data_encoding::BASE64_NOPAD;
use delivery::Letters;
use ledger::Digest;
use message::Person;
use store::{PersonAt, PersonDelivery, PersonFields};
use web::{AsSent, OpenMessage};

use super::delivered;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::letters_of::{CampaignIdentity, letters};
use crate::message_files::MessageFiles;
use crate::subject::Subject;

/// Messages that are made again for one answer; of more, the newest.
const MESSAGES_MAX: usize = 100;
/// Octets of messages in one answer: a person has to be able to open it, and attachments repeat.
const OCTETS_MAX: usize = 16 * 1024 * 1024;

/// Every message to this person that left, or may have.
pub(super) async fn of(installation: &Installation, subject: &Subject) -> Result<Vec<OpenMessage>, Failure> {
    let mut all = Vec::new();
    for (at, fields) in &subject.places {
        for delivery in installation.store.deliveries_of_person(at).await? {
            if delivery.intended_at.is_some() {
                all.push((at, fields, delivery));
            }
        }
    }
    all.sort_by_key(|(_, _, delivery)| delivery.intended_at);
    let newest = all.len().saturating_sub(MESSAGES_MAX);
    let (mut messages, mut left) = (Vec::new(), OCTETS_MAX);
    for (at, fields, delivery) in all.drain(newest..) {
        let mut message = open(installation, at, fields, &delivery).await?;
        match &message.octets {
            Some(octets) if octets.len() <= left => left -= octets.len(),
            _ => message.octets = None,
        }
        messages.push(message);
    }
    Ok(messages)
}

async fn open(
    installation: &Installation,
    at: &PersonAt,
    fields: &PersonFields,
    delivery: &PersonDelivery,
) -> Result<OpenMessage, Failure> {
    let campaign = installation.store.campaign_numbered(delivery.campaign.get()).await?;
    let mut message = OpenMessage {
        delivered: delivered(delivery),
        reply: reply(installation, at, &campaign.uid, delivery)?,
        subject: String::new(),
        text: String::new(),
        octets: None,
        as_sent: AsSent::Unknown,
        cannot: None,
    };
    let identity = CampaignIdentity { number: campaign.id.get(), uid: &campaign.uid, test: false };
    let made = tokio::task::block_in_place(|| {
        let files = MessageFiles::stored(&campaign.message, &installation.settings)?;
        let letters = letters(installation, &at.audience, files, &identity)?;
        make(&letters, at.row, fields, delivery)
    });
    match made {
        Ok((subject, text, octets)) => {
            message.as_sent = match delivery.message_hash.as_str() {
                "" => AsSent::Unknown,
                hash if hash == Digest::of(&octets).to_hex() => AsSent::Same,
                _ => AsSent::Different,
            };
            (message.subject, message.text) = (subject, text);
            message.octets = Some(String::from_utf8_lossy(&octets).into_owned());
        }
        // One that cannot be made must not hide the others.
        Err(failure) => message.cannot = Some(failure.message),
    }
    Ok(message)
}

/// Subject, text and octets.
fn make(
    letters: &Letters,
    row: u64,
    fields: &PersonFields,
    delivery: &PersonDelivery,
) -> Result<(String, String, Vec<u8>), Failure> {
    let date = delivery.date.or(delivery.intended_at).unwrap_or_default();
    let by_name = letters.by_name(fields);
    let person =
        Person { row, address: &fields.address, fields: &by_name, language: letters.language(fields) };
    // The text with its links dead: whoever reads it must not act as the person.
    let preview = letters
        .template
        .preview(&person, letters.preferences_url(delivery.number).as_deref(), true)
        .map_err(delivery::LetterError::from)?;
    let sealed = letters.seal(delivery.number, row, fields, date)?;
    let proved = letters.prove(row, sealed)?;
    Ok((preview.subject, preview.plain, proved.bytes().to_vec()))
}

/// What the relay said, opened.
fn reply(
    installation: &Installation,
    at: &PersonAt,
    campaign: &str,
    delivery: &PersonDelivery,
) -> Result<String, Failure> {
    if delivery.reply.is_empty() {
        return Ok(String::new());
    }
    let context = format!("reply {campaign} {}", delivery.number);
    let key = installation.audience_key(&at.audience)?;
    let sealed = BASE64_NOPAD.decode(delivery.reply.as_bytes()).unwrap_or_default();
    Ok(key.open(context.as_bytes(), &sealed).map_or_else(
        |_| "what the mail server said cannot be read".to_owned(),
        |text| String::from_utf8_lossy(&text).into_owned(),
    ))
}
