//! All SQL, for both databases.
//!
//! SQLite by default, PostgreSQL by URL. Each query is written once; what differs (the migrations, the claim, the
//! way a list of rows is handed over) is named in [`dialect`]. Lists go in as one JSON parameter, so that a batch is
//! one statement whatever its length.

mod account;
mod api_key;
mod api_request;
mod approval;
mod audience;
mod audience_list;
mod backup;
mod campaign;
mod claim;
mod copy;
mod delivery;
mod dialect;
mod doubt;
mod draft;
mod draft_look;
mod ended_access;
mod erasure;
mod error;
mod forgetting;
mod gap;
mod hold;
mod in_use;
mod journal;
mod ledger;
mod limits;
mod link;
mod listing;
mod look;
mod notice;
mod objection;
mod one_person;
mod open;
mod pace;
mod person_fields;
mod person_language;
mod presence;
mod request;
mod restore;
mod retention;
mod returned;
mod session;
mod sign_on;
mod subject;
mod submission;
mod suppression;
mod takeover;
mod user;
mod watch;

pub use account::{ACCOUNT_PAGE_MAX, AccountRow, ERASED};
pub use api_key::{API_KEYS_MAX, ApiKey, ApiKeyId, NewApiKey};
pub use api_request::{API_REQUEST_ABANDONED, API_REQUEST_KEPT, API_REQUESTS_MAX, ApiRequest, Begun};
pub use approval::{Approval, CorrectedMessage, Resubmission};
pub use audience::{Audience, AudienceUid, Channel, NewAudience, PEOPLE_BATCH_MAX, PersonRow, SealedPerson};
pub use campaign::{Campaign, CampaignId, NewCampaign};
pub use claim::{CLAIM_BATCH_MAX, Claimed};
pub use delivery::{DeliveryRow, REASONS_MAX, ReasonCount};
pub use doubt::{DOUBTS_SETTLED_MAX, InDoubt, Settled};
pub use draft::{DRAFTS_MAX, Draft, DraftFile, DraftId, DraftVersion, NewDraft};
pub use draft_look::DraftReader;
pub use erasure::{Erased, ErasedPerson, Erasure, PersonAt, Touched};
pub use error::StoreError;
pub use forgetting::Forgotten;
pub use gap::Gap;
pub use hold::{HOLDS_MAX, Hold, HoldId, HoldsSeen};
pub use journal::{Intent, JOURNAL_BATCH_MAX, JournalWriter, Journaled, Settlement, Version};
pub use ledger::{Confidence, ENTRY_PAGE_MAX, SealedEntry, StoredEntry};
pub use link::{Link, LinkPurpose};
pub use look::{LOOKS_MAX, Looker};
pub use objection::{Addressee, Objection, Sighting};
pub use open::{DatabaseUrl, DatabaseUrlError, Store};
pub use pace::Place;
pub use person_fields::PersonFields;
pub use person_language::Resealed;
pub use presence::{Presence, WorkerId};
pub use request::{NewRequest, REQUEST_PAGE_MAX, RequestId, RequestKind, SubjectRequest};
pub use restore::Restore;
pub use retention::{KeptAudience, KeptWords};
pub use returned::{FULL_MAILBOXES_MAX, Noted, RETURN_REASONS_MAX, ReturnCount, Returned, Stop};
pub use session::{AGENT_CHARS_MAX, NewSession, SESSIONS_PER_USER_MAX, Session, SessionId};
pub use sign_on::{
    BegunSignOn, SIGN_ON_LIFE, SIGN_ONS_MAX, SIGN_ONS_PER_BROWSER_MAX, SUBJECT_OCTETS_MAX, SignOn,
};
pub use subject::{DELIVERIES_OF_PERSON_MAX, PersonDelivery, PersonRequest, PersonReturn};
pub use submission::Submission;
pub use suppression::Scope;
pub use user::{Credentials, NewUser, USERS_MAX, User, UserId};
