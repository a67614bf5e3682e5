//! One command a file.

pub(crate) mod approval;
pub(crate) mod backup;
pub(crate) mod check_campaign;
pub(crate) mod check_sender;
pub(crate) mod completions;
pub(crate) mod control;
pub(crate) mod demo;
pub(crate) mod erase;
pub(crate) mod forget;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod ledger;
pub(crate) mod mend;
pub(crate) mod preview;
pub(crate) mod reconcile;
pub(crate) mod restore;
pub(crate) mod resume;
pub(crate) mod retention;
pub(crate) mod send;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod test;
pub(crate) mod worker;
