//! A proxy on loopback that does to connections what networks do.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Octets taken from one side at once.
const BLOCK_OCTETS: usize = 16 * 1024;

/// What the proxy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// Passes everything.
    Passes,
    /// New connections are closed at once; those there are go on.
    RefusesNew,
    /// Those there are were cut, and new ones are closed at once.
    Cut,
    /// Nothing moves, in either direction, and nobody is told. What came goes on when the network is well again.
    Stalls,
}

/// A proxy before a server.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    network: Arc<watch::Sender<Network>>,
    /// Connections that were closed at once.
    refused: watch::Receiver<u64>,
    listening: JoinHandle<()>,
}

impl Proxy {
    /// Begins to pass connections to a server on loopback.
    ///
    /// # Panics
    /// When loopback has no free port.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let network = Arc::new(watch::Sender::new(Network::Passes));
        let (refusing, refused) = watch::channel(0);
        let listening = tokio::spawn(listen(listener, server, network.clone(), refusing));
        Self { address, network, refused, listening }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns when so many connections were refused since the beginning.
    pub async fn wait_for_refused(&self, connections: u64) {
        // Its other end lives as long as this proxy listens.
        let _ = self.refused.clone().wait_for(|refused| *refused >= connections).await;
    }

    /// Changes the network, for the connections that there are too.
    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.listening.abort();
        self.network.send_replace(Network::Cut);
    }
}

async fn listen(
    listener: TcpListener,
    server: SocketAddr,
    network: Arc<watch::Sender<Network>>,
    refusing: watch::Sender<u64>,
) {
    while let Ok((client, _)) = listener.accept().await {
        let now = *network.borrow();
        if matches!(now, Network::RefusesNew | Network::Cut) {
            refusing.send_modify(|refused| *refused += 1);
            continue;
        }
        tokio::spawn(pass(client, server, network.subscribe()));
    }
}

/// Both directions, until either ends or the connection is cut.
async fn pass(client: TcpStream, server: SocketAddr, mut network: watch::Receiver<Network>) {
    if network.wait_for(|now| *now != Network::Stalls).await.is_err() {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    tokio::select! {
        () = pump(from_client, to_server, network.clone()) => {}
        () = pump(from_server, to_client, network.clone()) => {}
        _ = network.wait_for(|now| *now == Network::Cut) => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut network: watch::Receiver<Network>) {
    let mut block = vec![0; BLOCK_OCTETS];
    loop {
        let Ok(read @ 1..) = from.read(&mut block).await else { return };
        // What was taken while the network stalls is kept.
        if network.wait_for(|now| *now != Network::Stalls).await.is_err() {
            return;
        }
        if to.write_all(&block[..read]).await.is_err() {
            return;
        }
    }
}
