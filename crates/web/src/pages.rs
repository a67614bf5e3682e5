//! The pages, one file each.

pub(crate) mod approval;
pub(crate) mod audience;
pub(crate) mod audience_new;
pub(crate) mod audiences;
pub(crate) mod bad_rows;
pub(crate) mod campaign;
pub(crate) mod campaigns;
pub(crate) mod code;
pub(crate) mod deliveries;
pub(crate) mod draft;
pub(crate) mod drafts;
pub(crate) mod link;
pub(crate) mod me;
pub(crate) mod pace;
pub(crate) mod returning;
pub(crate) mod sign_in;
pub(crate) mod sign_out;
pub(crate) mod upload;
pub(crate) mod upload_acts;
pub(crate) mod upload_progress;
pub(crate) mod user;
pub(crate) mod users;
