//! A name server that knows a few names, on loopback.

use std::collections::HashMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, MX, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// Octets of a string within a TXT record (RFC 1035 §3.3.14).
const STRING_OCTETS_MAX: usize = 255;
/// Longest question that is read.
const QUESTION_OCTETS_MAX: usize = 4_096;

/// What is published.
#[derive(Default)]
pub struct Zone(HashMap<(String, RecordType), Vec<RData>>);

impl Zone {
    /// A text, in strings as long as they may be.
    #[must_use]
    pub fn text(self, name: &str, text: &str) -> Self {
        let strings: Vec<&[u8]> = text.as_bytes().chunks(STRING_OCTETS_MAX).collect();
        self.with(name, RecordType::TXT, RData::TXT(TXT::from_bytes(strings)))
    }

    /// A host that takes mail.
    #[must_use]
    pub fn exchange(self, name: &str, host: &str) -> Self {
        let host = Name::from_ascii(host).expect("a name");
        self.with(name, RecordType::MX, RData::MX(MX::new(10, host)))
    }

    /// An address.
    #[must_use]
    pub fn address(self, name: &str, address: std::net::Ipv4Addr) -> Self {
        self.with(name, RecordType::A, RData::A(A(address)))
    }

    fn with(mut self, name: &str, kind: RecordType, data: RData) -> Self {
        self.0.entry((name.to_ascii_lowercase(), kind)).or_default().push(data);
        self
    }

    fn has(&self, name: &str) -> bool {
        self.0.keys().any(|(known, _)| known == name)
    }
}

/// A name server, stopped when it is dropped.
pub struct NameServer {
    address: SocketAddr,
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl NameServer {
    /// Starts one.
    ///
    /// # Panics
    /// If it cannot listen on loopback.
    #[must_use]
    pub fn start(zone: Zone) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port on loopback");
        let address = socket.local_addr().expect("its address");
        let stopped = Arc::new(AtomicBool::new(false));
        let told = stopped.clone();
        let thread = std::thread::spawn(move || {
            let mut question = [0; QUESTION_OCTETS_MAX];
            while let Ok((octets, asker)) = socket.recv_from(&mut question) {
                if told.load(Ordering::Acquire) {
                    break;
                }
                if let Some(answer) = answer(&zone, &question[..octets]) {
                    // Whoever asked may be gone.
                    let _ = socket.send_to(&answer, asker);
                }
            }
        });
        Self { address, stopped, thread: Some(thread) }
    }

    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        // It looks up from waiting.
        let _ = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.send_to(&[], self.address));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(zone: &Zone, question: &[u8]) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let query = question.queries.first()?.clone();
    let name = query.name().to_ascii().trim_end_matches('.').to_ascii_lowercase();
    let mut answer = Message::new(question.metadata.id, MessageType::Response, OpCode::Query);
    answer.metadata.recursion_desired = question.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    for data in zone.0.get(&(name.clone(), query.query_type())).into_iter().flatten() {
        answer.add_answer(Record::from_rdata(query.name().clone(), 60, data.clone()));
    }
    if !zone.has(&name) {
        answer.metadata.response_code = ResponseCode::NXDomain;
    }
    answer.add_query(query);
    answer.to_vec().ok()
}
