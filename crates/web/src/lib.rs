//! The console in a browser, and the public pages: complete without JavaScript, with nothing loaded from elsewhere.
//!
//! [`routes`](crate::routes) is the one table of what there is and who may do it; [`guard`] stands before each of them.
//! Everything is read from the database and written to it: what sends messages is elsewhere, and they meet in rows.

mod acts;
mod api;
mod assets;
mod choosing;
mod console;
mod cookie;
mod csv_file;
mod desk;
mod dossier;
mod drafting;
mod entering;
mod explained;
mod form;
mod guard;
mod hashing;
mod headers;
mod health;
mod lists;
mod mail_set_up;
mod metrics;
mod officer;
mod origin;
mod page;
mod pages;
mod parts;
mod proxies;
mod public;
mod reason;
mod routes;
mod safekeeping;
mod second_factor;
mod serving;
mod set_up;
mod shared_look;
mod sign_on;
mod trouble;
mod upload_body;
mod uploads;
mod visitor;

pub use api::{ApiAccess, ApiRoute, ApiVerb, Takes, api_routes, openapi};
pub use console::{Act, Console, ConsoleError, LINK_LIFE, Parts, Scribe, ScribeError, WATCHING_MAX};
pub use desk::{Answer, Assumed, Assumption, Change, Desk, DeskError, Difference, Rendered, Submitted};
pub use drafting::{Check, Checking, Checklist, Drafting, Fault, Standing};
pub use health::health;
pub use lists::{Choices, Chosen, Lists, MaskedPerson, Read, ReadList, Wanted};
pub use mail_set_up::{MailServer, MailSetUp, Tried};
pub use metrics::{SendingTotals, Sources};
pub use officer::{
    AsSent, Controller, Delivered, Dossier, Due, ErasureDone, ErasureOrder, Known, ListValues, Officer,
    OnList, OpenMessage, PersonPlace, Retained,
};
pub use origin::{Origin, OriginError};
pub use proxies::{PROXIES_DEEP_MAX, Proxies, ProxyError};
pub use public::{
    LINK_BURST, LINK_REFILL, Link, NETWORK_BURST, NETWORK_REFILL, PUBLIC_FORM_OCTETS_MAX, PublicDesk,
    PublicPages, PublicParts, PublicRoute, RECEIPT_LIFE, Reader, TABLE_MAX, WORK_MAX, Wish, public_router,
    public_routes,
};
pub use routes::{Access, Route, Verb, all_routes, router};
pub use safekeeping::{
    BackupFolder, BackupOf, Backups, Copied, Errand, LedgerEntry, LedgerPage, Safekeeping, Verified,
};
pub use serving::{CONNECTIONS_MAX, HEAD_MAX, REQUEST_MAX, STALL_MAX, serve};
pub use set_up::MadeUser;
pub use sign_on::{
    RETURN_PATH, SIGN_ON_SECRET_OCTETS, SignOn, SignOnAnswer, SignOnError, SignOnReturned, SignOnSecrets,
    SignedOn,
};
pub use upload_body::{UPLOAD_STALL_MAX, UPLOAD_TIME_MAX};
pub use uploads::{
    UPLOAD_LIFE, UPLOAD_OCTETS_MAX, UPLOADS_ARRIVING_MAX, UPLOADS_MAX, UPLOADS_OCTETS_MAX,
    UPLOADS_PER_USER_MAX, UploadLimits,
};
