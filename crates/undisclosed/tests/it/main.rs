//! The program as a user and as other programs see it: files in, a mail server, exit codes, JSON.

mod approval;
mod backup;
mod bench;
mod canary;
mod contract;
mod control;
mod erase;
mod forget;
mod import;
mod incoming;
mod kill;
mod layout;
mod ledger;
mod machines;
mod postfix;
mod postfix_auth;
mod postfix_server;
mod public;
mod reconcile;
mod relay_trouble;
mod retention;
mod sender;
mod sign_on;
mod size;
mod trace;
