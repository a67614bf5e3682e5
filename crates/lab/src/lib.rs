//! The demonstration's mail server: keeps what it gets and shows it, and misbehaves on request.
//!
//! Promise 14: it listens on this machine alone, by type ([`Loopback`] holds no other address), and has no code that
//! connects to anything. Whatever is sent to it stays here.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use lab::{Behaviour, Reaction, Rule, Server, Stage, When};
//!
//! // Greylisting: the first attempt of each recipient is put off.
//! let greylisting = Rule::new(Stage::Rcpt, When::FirstAttempts(1), Reaction::reply("451 4.7.1 Come back later"));
//! let server = Server::start(Behaviour { rules: vec![greylisting], ..Behaviour::default() }).await?;
//! println!("{}", server.url());
//! server.mailbox().wait_for(1).await;
//! # Ok(()) }
//! ```

mod behaviour;
mod inbox;
mod loopback;
mod mailbox;
mod server;
mod smtp;

pub use behaviour::{
    Accounts, Behaviour, CONNECTIONS_MAX, Certificate, EightBit, Mechanism, Offers, Reaction, Rule, Stage,
    Tls, When,
};
pub use inbox::Inbox;
pub use loopback::Loopback;
pub use mailbox::{MAILBOX_MESSAGES_MAX, MAILBOX_OCTETS_MAX, Mailbox, Received};
pub use server::Server;
pub use smtp::{COMMAND_OCTETS_MAX, LINE_OCTETS_MAX, MESSAGE_OCTETS_MAX, RECIPIENTS_MAX};
