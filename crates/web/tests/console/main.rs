//! The console as a browser meets it: requests go through its own router, and what they did is in the database.

mod access;
mod browser;
mod connections;
mod events;
mod forms;
mod headers;
mod health;
mod looking;
mod site;
