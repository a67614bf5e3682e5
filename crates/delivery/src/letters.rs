//! From a claimed delivery to a proved message: opened, merged, sealed, read again.

use std::collections::BTreeMap;

use data_encoding::BASE64_NOPAD;
use jiff::Timestamp;
use keys::{DataKey, Fingerprint};
use mail::Address;
use message::{Person, Sealed, Signer, Template};
use proof::{Expected, InspectedAttachment, Proved, PublicList};
use store::{AudienceUid, PersonFields, StoreError};

use crate::identity::DeliveryIdentity;
use crate::smtp::Reply;
use crate::{IdentityKeys, UnsubscribeTargets};

/// Octets of a relay's words that are kept.
const REPLY_KEPT_OCTETS: usize = 1_000;

/// Why there is no message that may be sent to somebody. Names the row, never the person.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// The person's sealed fields do not open.
    #[error("row {row}: {error}")]
    Open {
        /// The spreadsheet's row.
        row: u64,
        /// What the store says.
        error: StoreError,
    },
    /// A field is unknown or empty, or a value cannot stand where it would.
    #[error("{0}")]
    Merge(#[from] message::SealError),
    /// The proof refuses the finished message.
    #[error("row {row}: the finished message was refused: {refusal}")]
    Refused {
        /// The spreadsheet's row.
        row: u64,
        /// Why.
        refusal: proof::Refusal,
    },
}

/// Makes the message of a delivery; a trait so that a test can plant a leak.
pub trait Prepare: Send + Sync {
    /// The message of one delivery, proved.
    ///
    /// # Errors
    /// [`LetterError`]: then nothing may be sent to anybody.
    fn prepare(&self, number: u64, row: u64, sealed: &[u8], date: Timestamp) -> Result<Proved, LetterError>;

    /// What the relay said, sealed: it can hold addresses. In base64, cut to a limit.
    fn seal_reply(&self, number: u64, reply: &Reply) -> String;

    /// The fingerprint under which an address is suppressed.
    fn suppression_fingerprint(&self, address: &Address) -> Fingerprint;

    /// What all senders share that pace themselves at a relay; with a domain, at that recipient domain behind it.
    fn lane(&self, relay: &str, domain: &str) -> Fingerprint;

    /// The name of a delivery to the outside: ENVID.
    fn envelope_id(&self, number: u64) -> String;
}

/// One campaign's messages.
pub struct Letters {
    /// What is merged.
    pub template: Template,
    /// What may be seen by everybody.
    pub public: PublicList,
    /// The attachments, inspected once.
    pub attachments: Vec<InspectedAttachment>,
    /// DKIM keys.
    pub signers: Vec<Signer>,
    /// What Message-IDs and return paths are made with.
    pub identities: IdentityKeys,
    /// Where a person can ask for no more.
    pub unsubscribe: UnsubscribeTargets,
    /// `bounce.domain`.
    pub bounce_domain: Option<String>,
    /// The audience's key.
    pub key: DataKey,
    /// The suppression list's key.
    pub suppressions: DataKey,
    /// The audience's random name.
    pub audience: AudienceUid,
    /// Its fields.
    pub fields: Vec<String>,
    /// Which of them is the language.
    pub language_field: Option<usize>,
    /// The campaign's number.
    pub campaign: i64,
    /// The campaign's random name.
    pub campaign_uid: String,
    /// Marked as a test, links dead.
    pub test: bool,
}

impl std::fmt::Debug for Letters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[letters]")
    }
}

impl Letters {
    /// Opens a person's sealed fields.
    ///
    /// # Errors
    /// [`LetterError::Open`].
    pub fn open(&self, row: u64, sealed: &[u8]) -> Result<PersonFields, LetterError> {
        PersonFields::open(&self.key, &self.audience, row, sealed)
            .map_err(|error| LetterError::Open { row, error })
    }

    /// The fields by name, as the template asks for them.
    #[must_use]
    pub fn by_name(&self, fields: &PersonFields) -> BTreeMap<String, String> {
        self.fields.iter().cloned().zip(fields.values.iter().cloned()).collect()
    }

    /// The person's language: what they asked for, else what the list says.
    #[must_use]
    pub fn language<'a>(&self, fields: &'a PersonFields) -> Option<&'a str> {
        fields.language(self.language_field)
    }

    /// The preference page of a delivery's person, where there are public pages.
    #[must_use]
    pub fn preferences_url(&self, number: u64) -> Option<String> {
        self.identities.preferences_url(self.unsubscribe.public_url.as_deref(), self.campaign, number)
    }

    /// The sealed message of one person, not yet proved.
    ///
    /// # Errors
    /// [`LetterError::Merge`].
    pub fn seal(
        &self,
        number: u64,
        row: u64,
        fields: &PersonFields,
        date: Timestamp,
    ) -> Result<Sealed, LetterError> {
        let by_name = self.by_name(fields);
        let person =
            Person { row, address: &fields.address, fields: &by_name, language: self.language(fields) };
        let identity = self.identities.identity(
            &DeliveryIdentity {
                campaign: self.campaign,
                campaign_uid: &self.campaign_uid,
                number,
                message_domain: self.template.from().address().domain(),
                bounce_domain: self.bounce_domain.as_deref(),
                unsubscribe: &self.unsubscribe,
                test: self.test,
            },
            date,
        );
        Ok(self.template.seal(&person, &identity, &self.signers)?)
    }

    /// Reads a sealed message again and proves it (promise 2).
    ///
    /// # Errors
    /// [`LetterError::Refused`].
    pub fn prove(&self, row: u64, sealed: Sealed) -> Result<Proved, LetterError> {
        let recipient = sealed.recipient().clone();
        let reverse_path = sealed.reverse_path().clone();
        let message_id = format!("<{}>", sealed.message_id());
        let content_ids = sealed.content_ids().to_vec();
        let list_headers = sealed.list_headers().to_vec();
        let signatures = sealed.signatures().to_vec();
        let expected = Expected::new(&recipient, &self.public, &message_id)
            .content_ids(&content_ids)
            .list_headers(&list_headers)
            .signatures(&signatures)
            .attachments(&self.attachments)
            .reverse_path(&reverse_path);
        proof::prove(sealed.into_bytes(), &expected).map_err(|refusal| LetterError::Refused { row, refusal })
    }
}

impl Prepare for Letters {
    fn prepare(&self, number: u64, row: u64, sealed: &[u8], date: Timestamp) -> Result<Proved, LetterError> {
        let fields = self.open(row, sealed)?;
        let sealed = self.seal(number, row, &fields, date)?;
        self.prove(row, sealed)
    }

    fn seal_reply(&self, number: u64, reply: &Reply) -> String {
        let mut text = reply.lines.join("\n");
        text.truncate(text.floor_char_boundary(REPLY_KEPT_OCTETS));
        let context = format!("reply {} {number}", self.campaign_uid);
        self.key
            .seal(context.as_bytes(), text.as_bytes())
            .map(|sealed| BASE64_NOPAD.encode(&sealed))
            .unwrap_or_default()
    }

    fn suppression_fingerprint(&self, address: &Address) -> Fingerprint {
        self.suppressions.fingerprint(address)
    }

    fn lane(&self, relay: &str, domain: &str) -> Fingerprint {
        self.identities.lane(relay, domain)
    }

    fn envelope_id(&self, number: u64) -> String {
        self.identities.token(self.campaign, number)
    }
}
