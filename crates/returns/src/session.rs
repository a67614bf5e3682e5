//! One dialogue, without a network: octets go in, replies and messages come out.

use std::sync::Arc;

use crate::body::{Body, Fault, Progress, Room};
use crate::command::{COMMAND_OCTETS_MAX, Command, Hello};
use crate::memory::{Kept, Memory};
use crate::{Recipient, Settled};

/// Octets of a message (RFC 1870): a letter with photographs, as others take it.
pub const MESSAGE_OCTETS_MAX: usize = 10 * 1024 * 1024;
/// Recipients of one message (RFC 5321 §4.5.3.1.8: at least so many).
pub const RECIPIENTS_MAX: usize = 100;
/// Messages begun on one connection.
pub const TRANSACTIONS_MAX: u32 = 1_000;
/// Commands that are refused on one connection, until it ends: somebody guesses addresses, or speaks something else.
pub const ERRORS_MAX: u32 = 20;
/// Commands between two messages that bring none nearer, until the connection ends.
pub const IDLE_COMMANDS_MAX: u32 = 100;

/// What is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// RFC 5321.
    Smtp,
    /// RFC 2033: a reply for each recipient behind the message.
    Lmtp,
}

/// What a session goes by.
pub struct Terms {
    /// What is spoken.
    pub protocol: Protocol,
    /// The name of this host in the greeting.
    pub name: String,
    /// STARTTLS is offered (RFC 3207).
    pub tls: bool,
    /// Octets of a bounce that are kept: nothing behind them is looked at.
    pub bounce_octets: usize,
    /// Room for messages.
    pub memory: Arc<Memory>,
    /// Whether mail for somebody is taken.
    pub accepts: Box<dyn Fn(&Recipient) -> bool + Send + Sync>,
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terms").field("protocol", &self.protocol).finish_non_exhaustive()
    }
}

/// A message with its envelope.
#[derive(Debug)]
pub struct Message {
    kept: Kept,
    /// To whom: at least one.
    pub recipients: Vec<Recipient>,
    /// The envelope's sender is empty.
    pub null_sender: bool,
}

impl Message {
    /// The message, its lines ended by CRLF.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        self.kept.octets()
    }
}

/// What is to be done next. Before any of it [`Session::output`] is written.
#[derive(Debug)]
pub enum Turn {
    /// More is to be read.
    Read,
    /// This message is to be settled, and [`Session::settled`] told.
    Settle(Message),
    /// The handshake is to be made, and [`Session::secured`] told.
    Handshake,
    /// The connection is to be closed.
    Close,
}

#[derive(Debug)]
struct Transaction {
    null_sender: bool,
    recipients: Vec<Recipient>,
}

#[derive(Debug)]
enum Stage {
    /// Before EHLO.
    Fresh,
    Greeted,
    Envelope(Transaction),
    Data(Transaction, Body),
    /// A message is being settled, for so many recipients.
    Settling(usize),
    Handshake,
    Closed,
}

/// One dialogue. It prints nothing of what was said.
pub struct Session {
    terms: Arc<Terms>,
    stage: Stage,
    secured: bool,
    input: Vec<u8>,
    taken: usize,
    output: Vec<u8>,
    transactions: u32,
    errors: u32,
    idle_commands: u32,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "[session, {:?}]", self.terms.protocol)
    }
}

impl Session {
    /// A session that has its greeting to say.
    #[must_use]
    pub fn new(terms: Arc<Terms>) -> Self {
        let mut session = Self {
            terms,
            stage: Stage::Fresh,
            secured: false,
            input: Vec::new(),
            taken: 0,
            output: Vec::new(),
            transactions: 0,
            errors: 0,
            idle_commands: 0,
        };
        let protocol = if session.terms.protocol == Protocol::Lmtp { "LMTP" } else { "ESMTP" };
        session.say(&format!("220 {} {protocol}", session.terms.name));
        session
    }

    /// Takes what was read.
    pub fn push(&mut self, octets: &[u8]) {
        self.input.drain(..self.taken);
        self.taken = 0;
        self.input.extend_from_slice(octets);
    }

    /// Replies that are to be written.
    pub fn output(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.output)
    }

    /// Works on what was read.
    pub fn turn(&mut self) -> Turn {
        loop {
            match &self.stage {
                Stage::Closed => return Turn::Close,
                Stage::Handshake => return Turn::Handshake,
                Stage::Data(..) => match self.data() {
                    Some(turn) => return turn,
                    None => continue,
                },
                Stage::Fresh | Stage::Greeted | Stage::Envelope(_) => {}
                // Whoever settles a message has to say so first.
                Stage::Settling(_) => return Turn::Close,
            }
            match self.line() {
                Line::Command(command) => self.command(command),
                Line::More => return Turn::Read,
                Line::BareLineEnd => self.bare_line_end(),
                Line::TooLong => self.close("500 5.5.2 The line is too long"),
            }
        }
    }

    /// What became of the message, for each recipient in their order.
    pub fn settled(&mut self, outcomes: &[Settled]) {
        let Stage::Settling(recipients) = self.stage else { return };
        self.stage = Stage::Greeted;
        match self.terms.protocol {
            // RFC 2033 §4.2. Whoever forgot one is told to come again.
            Protocol::Lmtp => {
                for place in 0..recipients {
                    self.say(words(outcomes.get(place).copied().unwrap_or(Settled::Later)));
                }
            }
            Protocol::Smtp => self.say(words(all(outcomes))),
        }
    }

    /// The handshake is made: everything said before it counts for nothing (RFC 3207 §4.2).
    pub fn secured(&mut self) {
        self.secured = true;
        self.stage = Stage::Fresh;
        self.input.clear();
        self.taken = 0;
    }

    /// This server is about to end, or was waited for too long.
    pub fn leave(&mut self, why: Leave) {
        self.close(match why {
            Leave::Ending => "421 4.3.2 This server is about to end; come again",
            Leave::Waited => "421 4.4.2 Waited for too long",
        });
    }

    fn line(&mut self) -> Line {
        let rest = &self.input[self.taken..];
        let within = &rest[..rest.len().min(COMMAND_OCTETS_MAX)];
        let Some(end) = memchr::memchr(b'\n', within) else {
            return if within.len() == COMMAND_OCTETS_MAX { Line::TooLong } else { Line::More };
        };
        // RFC 5321 §2.3.8: CR and LF stand together, and nowhere else.
        let Some(line) = within[..end].strip_suffix(b"\r").filter(|line| !line.contains(&b'\r')) else {
            return Line::BareLineEnd;
        };
        let command = Command::read(line);
        self.taken += end + 1;
        Line::Command(command)
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Hello(hello) => self.hello(hello),
            Command::StartTls => self.start_tls(),
            Command::Mail { null_sender, size } => self.mail(null_sender, size),
            Command::Rcpt(recipient) => self.rcpt(recipient),
            Command::Data => self.begin_data(),
            Command::Rset => {
                if matches!(self.stage, Stage::Envelope(_)) {
                    self.stage = Stage::Greeted;
                }
                self.idle("250 2.0.0 Ok");
            }
            Command::Noop => self.idle("250 2.0.0 Ok"),
            Command::Vrfy => self.idle("252 2.1.5 Nobody is told who is here"),
            Command::Quit => self.close("221 2.0.0 Goodbye"),
            Command::BadParameter => self.refuse("555 5.5.4 This parameter was not offered"),
            Command::BadArguments => self.refuse("501 5.5.2 The command is not written as RFC 5321 has it"),
            Command::Unknown => self.refuse("500 5.5.1 The command is not known"),
        }
    }

    fn hello(&mut self, hello: Hello) {
        let lmtp = self.terms.protocol == Protocol::Lmtp;
        if lmtp != (hello == Hello::Lhlo) {
            return self.refuse(if lmtp {
                "503 5.5.1 This is LMTP: it begins with LHLO"
            } else {
                "503 5.5.1 This is SMTP: it begins with EHLO"
            });
        }
        self.stage = Stage::Greeted;
        let name = self.terms.name.clone();
        if hello == Hello::Helo {
            return self.idle(&format!("250 {name}"));
        }
        let size = format!("SIZE {MESSAGE_OCTETS_MAX}");
        let mut lines = vec![name.as_str(), "PIPELINING", &size, "ENHANCEDSTATUSCODES", "8BITMIME"];
        if self.terms.tls && !self.secured {
            lines.push("STARTTLS");
        }
        lines.push("SMTPUTF8");
        for (place, line) in lines.iter().enumerate() {
            let mark = if place + 1 == lines.len() { ' ' } else { '-' };
            self.say(&format!("250{mark}{line}"));
        }
        self.count_idle();
    }

    fn start_tls(&mut self) {
        if !self.terms.tls || self.secured {
            return self.refuse("502 5.5.1 TLS is not offered");
        }
        // What came in the clear behind it could be somebody's who stands between (CVE-2011-0411).
        if self.taken < self.input.len() {
            return self.close("501 5.5.2 Nothing may come behind STARTTLS before the handshake");
        }
        self.say("220 2.0.0 Begin");
        self.stage = Stage::Handshake;
    }

    fn mail(&mut self, null_sender: bool, size: usize) {
        if !matches!(self.stage, Stage::Greeted) {
            return self.refuse("503 5.5.1 MAIL comes once, and behind the greeting");
        }
        if self.transactions >= TRANSACTIONS_MAX {
            return self.close("421 4.7.0 Enough for one connection; come again");
        }
        self.transactions += 1;
        self.idle_commands = 0;
        // Of a bounce the beginning is kept, however long it is.
        if size > MESSAGE_OCTETS_MAX && !null_sender {
            return self.refuse("552 5.3.4 The message is too large: send it without its attachments");
        }
        self.stage = Stage::Envelope(Transaction { null_sender, recipients: Vec::new() });
        self.say("250 2.1.0 Ok");
    }

    fn rcpt(&mut self, recipient: Recipient) {
        let accepted = (self.terms.accepts)(&recipient);
        let Stage::Envelope(transaction) = &mut self.stage else {
            return self.refuse("503 5.5.1 RCPT comes behind MAIL");
        };
        if !accepted {
            return self.refuse("550 5.1.1 There is no such mailbox here");
        }
        if transaction.recipients.len() >= RECIPIENTS_MAX {
            return self.refuse("452 4.5.3 Too many recipients at once");
        }
        transaction.recipients.push(recipient);
        self.say("250 2.1.5 Ok");
    }

    fn begin_data(&mut self) {
        match std::mem::replace(&mut self.stage, Stage::Greeted) {
            Stage::Envelope(transaction) if !transaction.recipients.is_empty() => {
                let room = if transaction.null_sender {
                    Room { octets_max: self.terms.bounce_octets, cut: true }
                } else {
                    Room { octets_max: MESSAGE_OCTETS_MAX, cut: false }
                };
                let body = Body::new(room, self.terms.memory.clone());
                self.stage = Stage::Data(transaction, body);
                self.say("354 The message, and a line with a dot");
            }
            before => {
                self.stage = before;
                self.refuse("503 5.5.1 DATA comes behind MAIL and RCPT");
            }
        }
    }

    /// Takes what belongs to the message. Nothing to be done: its reply was said.
    fn data(&mut self) -> Option<Turn> {
        let Stage::Data(_, body) = &mut self.stage else { return None };
        let (taken, progress) = body.take(&self.input[self.taken..]);
        self.taken += taken;
        match progress {
            Progress::More => return Some(Turn::Read),
            Progress::BareLineEnd => self.bare_line_end(),
            Progress::Endless => self.close("552 5.3.4 The message is far too large"),
            Progress::Complete => {
                let Stage::Data(transaction, body) = std::mem::replace(&mut self.stage, Stage::Greeted)
                else {
                    return None;
                };
                return self.complete(transaction, body);
            }
        }
        None
    }

    fn complete(&mut self, transaction: Transaction, body: Body) -> Option<Turn> {
        let Transaction { null_sender, recipients } = transaction;
        let reply = match body.end() {
            Ok(kept) => {
                self.stage = Stage::Settling(recipients.len());
                return Some(Turn::Settle(Message { kept, recipients, null_sender }));
            }
            Err(Fault::TooLarge) => "552 5.3.4 The message is too large: send it without its attachments",
            Err(Fault::NoMemory) => "452 4.3.1 There is no room at present; come again",
        };
        let replies = if self.terms.protocol == Protocol::Lmtp { recipients.len() } else { 1 };
        (0..replies).for_each(|_| self.say(reply));
        None
    }

    fn bare_line_end(&mut self) {
        self.close("521 5.5.2 A line ends with CR and LF, and with nothing else");
    }

    fn say(&mut self, line: &str) {
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(b"\r\n");
    }

    fn close(&mut self, line: &str) {
        self.say(line);
        self.stage = Stage::Closed;
    }

    fn refuse(&mut self, line: &str) {
        self.errors += 1;
        if self.errors > ERRORS_MAX {
            return self.close("421 4.7.0 Too many commands that are refused");
        }
        self.say(line);
    }

    /// A reply to what brings no message nearer.
    fn idle(&mut self, line: &str) {
        self.say(line);
        self.count_idle();
    }

    fn count_idle(&mut self) {
        self.idle_commands += 1;
        if self.idle_commands > IDLE_COMMANDS_MAX {
            self.close("421 4.7.0 Too many commands without a message");
        }
    }
}

/// Why this side leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// The program is to stop.
    Ending,
    /// The other side said nothing for too long, or stayed for too long.
    Waited,
}

enum Line {
    Command(Command),
    More,
    BareLineEnd,
    TooLong,
}

/// One reply for all: whoever is told to come later comes again for everybody, and for whom it was done nothing happens twice.
fn all(outcomes: &[Settled]) -> Settled {
    if outcomes.contains(&Settled::Later) || outcomes.is_empty() {
        Settled::Later
    } else if outcomes.contains(&Settled::Taken) {
        Settled::Taken
    } else {
        Settled::Refused
    }
}

const fn words(settled: Settled) -> &'static str {
    match settled {
        Settled::Taken => "250 2.0.0 Taken",
        Settled::Later => "451 4.3.0 Not now; come again",
        Settled::Refused => "550 5.7.1 This message is not taken",
    }
}
