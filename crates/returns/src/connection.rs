//! One connection: the session on the network.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, timeout, timeout_at};

use crate::session::{Leave, Message, Session, Terms, Turn};
use crate::wire::{COMMAND_WAIT, Wire};
use crate::{Arrival, Certificate, Desk, Protocol, Settled, Way};

/// How long a handshake may take.
pub const HANDSHAKE_WAIT: Duration = Duration::from_secs(30);
/// How long a message may take to be settled, for one recipient. A client waits for ten minutes (RFC 5321 §4.5.3.2.6), and
/// whoever is told to come later comes again.
pub const SETTLE_WAIT: Duration = Duration::from_secs(120);
/// How long a connection may last, whatever is done on it.
pub const CONNECTION_MAX: Duration = Duration::from_secs(30 * 60);

/// Where mail comes in.
pub struct Door<D> {
    /// Who says what becomes of it.
    pub desk: Arc<D>,
    /// What sessions go by.
    pub terms: Arc<Terms>,
    /// For STARTTLS.
    pub certificate: Option<Certificate>,
}

impl<D> std::fmt::Debug for Door<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("terms", &self.terms).finish_non_exhaustive()
    }
}

/// Serves one connection until it ends. A message whose octets have all come is settled first, also when `ending` says so.
pub(crate) async fn attend<D: Desk>(door: &Door<D>, stream: TcpStream, ending: watch::Receiver<bool>) {
    // Replies are written whole, and must not wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let until = Instant::now() + CONNECTION_MAX;
    // What breaks a connection is the other side's affair: nothing of it was taken.
    let _ = dialogue(door, Wire::Plain(stream), ending, until).await;
}

async fn dialogue<D: Desk>(
    door: &Door<D>,
    mut wire: Wire,
    mut ending: watch::Receiver<bool>,
    until: Instant,
) -> io::Result<()> {
    let mut session = Session::new(door.terms.clone());
    loop {
        match session.turn() {
            Turn::Read => {
                wire.write(&session.output()).await?;
                let within = until.min(Instant::now() + COMMAND_WAIT);
                tokio::select! {
                    _ = ending.wait_for(|ending| *ending) => session.leave(Leave::Ending),
                    read = timeout_at(within, wire.read()) => match read {
                        Ok(read) => {
                            let octets = read?;
                            if octets.is_empty() {
                                return Ok(());
                            }
                            session.push(&octets);
                        }
                        Err(_) => session.leave(Leave::Waited),
                    },
                }
            }
            Turn::Settle(message) => {
                // What is pipelined before it has its replies first: the other side may wait for them.
                wire.write(&session.output()).await?;
                let outcomes = settle(door, &message).await;
                drop(message);
                session.settled(&outcomes);
            }
            Turn::Handshake => {
                wire.write(&session.output()).await?;
                let Some(certificate) = &door.certificate else { return Ok(()) };
                wire = wire.secure(&certificate.acceptor(), HANDSHAKE_WAIT).await?;
                session.secured();
            }
            Turn::Close => {
                wire.write(&session.output()).await?;
                wire.close().await;
                return Ok(());
            }
        }
    }
}

async fn settle<D: Desk>(door: &Door<D>, message: &Message) -> Vec<Settled> {
    let by = match door.terms.protocol {
        Protocol::Smtp => Way::Smtp,
        Protocol::Lmtp => Way::Lmtp,
    };
    let mut outcomes = Vec::with_capacity(message.recipients.len());
    for recipient in &message.recipients {
        let arrival = Arrival {
            recipient: Some(recipient),
            null_sender: Some(message.null_sender),
            octets: message.octets(),
            by,
        };
        let settled = timeout(SETTLE_WAIT, door.desk.settle(arrival)).await;
        outcomes.push(settled.unwrap_or(Settled::Later));
    }
    outcomes
}
