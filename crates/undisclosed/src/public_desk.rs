//! What the public pages ask of the program: the person behind a link found, and their wish kept in every campaign and
//! audience that has them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use delivery::IdentityKeys;
use keys::DataKey;
use serde_json::{Value, json};
use store::{
    Addressee, NewRequest, Objection, PersonFields, RequestKind, Resealed, Scope, Sighting, StoreError,
};
use web::{Answer, DeskError, Link, Reader, Wish};

use crate::book::Act;
use crate::failure::Failure;
use crate::installation::Installation;
use crate::message_files::MessageFiles;
use crate::person_behind::PersonBehind;

/// Messages whose languages are remembered: to read one anew is to read its attachments too.
const MESSAGES_KNOWN_MAX: usize = 1_000;
/// Times that a wish is tried while others hold the database.
const TRIES_MAX: u32 = 3;
/// Who acts, in the ledger: whoever had the link.
const ACTOR: &str = "link";

/// The program behind the public pages.
pub(crate) struct PublicDesk {
    installation: Arc<Installation>,
    identities: IdentityKeys,
    suppressions: DataKey,
    languages: Mutex<HashMap<String, Arc<Vec<String>>>>,
}

impl PublicDesk {
    pub(crate) fn new(installation: &Arc<Installation>) -> Result<Self, Failure> {
        Ok(Self {
            identities: IdentityKeys::new(&installation.instance),
            suppressions: installation.suppression_key()?,
            installation: installation.clone(),
            languages: Mutex::default(),
        })
    }
}

impl web::PublicDesk for PublicDesk {
    fn opens(&self, token: &str) -> Option<Link> {
        let (campaign, delivery) = self.identities.open_link_token(token)?;
        Some(Link { campaign, delivery })
    }

    fn reader(&self, link: Link) -> Answer<'_, Option<Reader>> {
        Box::pin(async move { self.reader_of(link).await.map_err(said) })
    }

    fn fulfil(&self, link: Link, wish: Wish) -> Answer<'_, bool> {
        Box::pin(async move { self.keep(link, &wish).await.map_err(said) })
    }
}

fn said(failure: Failure) -> DeskError {
    DeskError(failure.message)
}

impl PublicDesk {
    async fn known(&self, link: Link) -> Result<Option<PersonBehind>, Failure> {
        self.installation.person_behind((link.campaign, link.delivery), &self.suppressions).await
    }

    async fn reader_of(&self, link: Link) -> Result<Option<Reader>, Failure> {
        let Some(known) = self.known(link).await? else { return Ok(None) };
        let language = known.fields.language(known.addressee.audience.language_field);
        let languages = self.languages_of(&known.addressee).await?.to_vec();
        Ok(Some(Reader { language: language.map(ToOwned::to_owned), languages }))
    }

    /// The languages of a campaign's message.
    async fn languages_of(&self, addressee: &Addressee) -> Result<Arc<Vec<String>>, Failure> {
        let remembered = || self.languages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(languages) = remembered().get(&addressee.message_digest) {
            return Ok(languages.clone());
        }
        let message = self.installation.store.message_of(addressee.campaign).await?;
        let settings = &self.installation.settings;
        let read = || MessageFiles::stored(&message, settings);
        let files = tokio::task::block_in_place(read)?;
        let languages: Arc<Vec<String>> =
            Arc::new(files.template.languages().map(ToOwned::to_owned).collect());
        let mut known = remembered();
        if known.len() >= MESSAGES_KNOWN_MAX {
            known.clear();
        }
        known.insert(addressee.message_digest.clone(), languages.clone());
        Ok(languages)
    }

    /// `false`: nobody is behind the link any more.
    async fn keep(&self, link: Link, wish: &Wish) -> Result<bool, Failure> {
        let Some(known) = self.known(link).await? else { return Ok(false) };
        let mut tries = 1;
        loop {
            match self.keep_once(&known, wish).await {
                Err(Kept::Database(error)) if error.may_pass() && tries < TRIES_MAX => tries += 1,
                Err(Kept::Database(error)) => return Err(error.into()),
                Err(Kept::Other(failure)) => return Err(failure),
                Ok(()) => return Ok(true),
            }
        }
    }

    async fn keep_once(&self, known: &PersonBehind, wish: &Wish) -> Result<(), Kept> {
        let store = &self.installation.store;
        match wish {
            Wish::Stop => self.object(known, Scope::Surveys, None, "unsubscribe").await,
            Wish::Unsafe => self.object(known, Scope::Unsafe, Some(RequestKind::NotSafe), "not safe").await,
            Wish::Erasure => {
                self.object(known, Scope::Surveys, Some(RequestKind::Erasure), "ask for erasure").await
            }
            Wish::Again => {
                let entry = self.entry(known, "subscribe again", json!({})).await?;
                store.withdraw_objection(known.listed, &entry).await?;
                Ok(())
            }
            Wish::Telephone => self.request(known, RequestKind::Telephone, "ask for a call").await,
            Wish::Access => self.request(known, RequestKind::Access, "ask for access").await,
            Wish::Language(tag) => self.set_language(known, tag).await,
        }
    }

    /// An entry: which delivery's link, and no address.
    async fn entry(&self, known: &PersonBehind, act: &str, more: Value) -> Result<store::SealedEntry, Kept> {
        let mut detail = more;
        detail["delivery"] = json!(known.delivery);
        let act = Act { by: Some(ACTOR), ..Act::new(act, &known.addressee.campaign_name, detail) };
        self.installation.entry(&act).await.map_err(Kept::Other)
    }

    async fn object(
        &self,
        known: &PersonBehind,
        scope: Scope,
        kind: Option<RequestKind>,
        act: &str,
    ) -> Result<(), Kept> {
        let store = &self.installation.store;
        let sightings = self.installation.sightings(&known.fields.address, store.audiences_in_use().await?);
        let entry = self.entry(known, act, json!({})).await?;
        let objection = Objection {
            person: known.listed,
            scope,
            sightings: &sightings,
            request: kind.map(|kind| self.new_request(known, kind)),
            unsubscribed: (scope == Scope::Surveys && kind.is_none())
                .then_some((known.addressee.campaign, known.delivery)),
            at: self.installation.now(),
        };
        store.object(&objection, &entry).await?;
        Ok(())
    }

    fn new_request(&self, known: &PersonBehind, kind: RequestKind) -> NewRequest {
        NewRequest {
            campaign: known.addressee.campaign,
            delivery: known.delivery,
            person: known.listed,
            kind,
            at: self.installation.now(),
        }
    }

    async fn request(&self, known: &PersonBehind, kind: RequestKind, act: &str) -> Result<(), Kept> {
        let entry = self.entry(known, act, json!({})).await?;
        self.installation.store.make_request(&self.new_request(known, kind), &entry).await?;
        Ok(())
    }

    async fn set_language(&self, known: &PersonBehind, tag: &str) -> Result<(), Kept> {
        let store = &self.installation.store;
        let mut rows = Vec::new();
        for Sighting { audience, person } in
            self.installation.sightings(&known.fields.address, store.audiences().await?)
        {
            let key = self.installation.audience_key(&audience).map_err(Kept::Other)?;
            for (row, before) in store.rows_of_person(&audience, person).await? {
                let mut fields = PersonFields::open(&key, &audience.uid, row, &before)?;
                if fields.language(audience.language_field) == Some(tag) {
                    continue;
                }
                fields.language = Some(tag.to_owned());
                let after =
                    fields.seal(&key, &audience.uid, row).map_err(|error| Kept::Other(error.into()))?;
                rows.push(Resealed { audience: audience.clone(), row, before, after });
            }
        }
        let entry = self.entry(known, "choose a language", json!({"language": tag})).await?;
        store.reseal(&rows, &entry).await?;
        Ok(())
    }
}

/// Why a wish was not kept this time.
enum Kept {
    Database(StoreError),
    Other(Failure),
}

impl From<StoreError> for Kept {
    fn from(error: StoreError) -> Self {
        Self::Database(error)
    }
}
