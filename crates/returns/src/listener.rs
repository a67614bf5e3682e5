//! Connections: how many at once, how many of one host, and how they end.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::connection::{Door, attend};
use crate::desk::Desk;

/// Connections at once. Whoever comes beyond is told to come later.
pub const CONNECTIONS_MAX: usize = 100;
/// Connections at once from one host; in IPv6, from one network of 64 bits, which is one host's as a rule.
pub const CONNECTIONS_OF_ONE_MAX: usize = 50;
/// After a failure to take a connection (no more files, say), before the next try.
const ACCEPT_AGAIN: Duration = Duration::from_millis(100);
const BUSY: &[u8] = b"421 4.7.0 Too many connections; come again\r\n";

/// Takes mail until `stop` says so. Messages that have come in whole are settled first.
///
/// # Errors
/// What the socket says.
pub async fn serve<D: Desk>(
    listener: TcpListener,
    door: Arc<Door<D>>,
    stop: impl Future<Output = ()> + Send,
) -> io::Result<()> {
    listener.local_addr()?;
    let hosts = Arc::new(Hosts::default());
    let (end, ending) = watch::channel(false);
    let mut open = JoinSet::new();
    tokio::pin!(stop);
    loop {
        let taken = tokio::select! {
            () = &mut stop => break,
            Some(_) = open.join_next() => continue,
            taken = listener.accept() => taken,
        };
        let Ok((stream, address)) = taken else {
            tokio::time::sleep(ACCEPT_AGAIN).await;
            continue;
        };
        let place = hosts.place(address.ip()).filter(|_| open.len() < CONNECTIONS_MAX);
        let Some(place) = place else {
            turn_away(&stream);
            continue;
        };
        let (door, ending) = (door.clone(), ending.clone());
        open.spawn(async move {
            let _place = place;
            attend(&door, stream, ending).await;
        });
    }
    drop(listener);
    // Nobody reads it where there is no connection.
    let _ = end.send(true);
    while open.join_next().await.is_some() {}
    Ok(())
}

/// The socket's buffer takes a line: nobody is waited for.
fn turn_away(stream: &TcpStream) {
    let _ = stream.try_write(BUSY);
}

/// How many connections each host has.
#[derive(Default)]
struct Hosts(Mutex<HashMap<IpAddr, usize>>);

impl Hosts {
    fn place(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let host = host_of(address);
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = hosts.entry(host).or_default();
        if *open >= CONNECTIONS_OF_ONE_MAX {
            return None;
        }
        *open += 1;
        Some(Place { hosts: self.clone(), host })
    }
}

/// One connection's.
struct Place {
    hosts: Arc<Hosts>,
    host: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut hosts = self.hosts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = hosts.get_mut(&self.host) {
            *open -= 1;
            if *open == 0 {
                hosts.remove(&self.host);
            }
        }
    }
}

fn host_of(address: IpAddr) -> IpAddr {
    const NETWORK: u128 = !0 << 64;
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & NETWORK).into()),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_one_host_and_one_past() {
        let hosts = Arc::new(Hosts::default());
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let ours: Vec<_> = (0..CONNECTIONS_OF_ONE_MAX)
            .map(|n| hosts.place(address(&format!("2001:db8::{n:x}"))).unwrap())
            .collect();
        assert!(hosts.place(address("2001:db8::ffff")).is_none());
        assert!(hosts.place(address("2001:db8:0:1::1")).is_some(), "another network");
        assert!(hosts.place(address("192.0.2.1")).is_some());
        drop(ours);
        assert!(hosts.place(address("2001:db8::ffff")).is_some());
        assert!(hosts.0.lock().unwrap().is_empty(), "nothing is kept of who has gone");
        assert_eq!(host_of(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }
}
