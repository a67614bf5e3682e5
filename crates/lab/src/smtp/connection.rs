//! One connection, from greeting to end.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::net::TcpStream;

use crate::behaviour::{Behaviour, EightBit, Mechanism, Reaction, Stage, Tls};
use crate::mailbox::Received;
use crate::server::Lab;
use crate::smtp::auth::{Exchange, Step};
use crate::smtp::body::Body;
use crate::smtp::command::{Command, PathAndParameters};
use crate::smtp::react::{Answered, react};
use crate::smtp::transaction::Transaction;
use crate::smtp::wire::{BadLine, End, Wire};

/// Lines on one connection that are no commands: somebody speaks something else.
const BAD_COMMANDS_MAX: u32 = 20;

const NO_PIPELINING: &str = "503 5.5.0 Commands were sent together, and pipelining was not offered";

/// Serves one connection until it ends.
pub(crate) async fn serve(stream: TcpStream, lab: Arc<Lab>) {
    // Replies are written whole, and must not wait for an acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut connection = Connection {
        number: lab.connection_number(),
        wire: Wire::new(stream),
        lab,
        greeted: false,
        user: None,
        transaction: None,
        messages: 0,
        bad_commands: 0,
    };
    let end = match connection.dialogue().await {
        Ok(()) => End::Leave,
        Err(end) => end,
    };
    connection.wire.end(end).await;
}

/// What a connection over the limit is told.
pub(crate) fn turn_away(behaviour: &Behaviour) -> String {
    format!("421 {}Too many connections\r\n", if behaviour.offers.enhanced_codes { "4.7.0 " } else { "" })
}

struct Connection {
    number: u64,
    wire: Wire,
    lab: Arc<Lab>,
    greeted: bool,
    user: Option<String>,
    transaction: Option<Transaction>,
    /// Messages taken on this connection.
    messages: u64,
    bad_commands: u32,
}

impl Connection {
    async fn dialogue(&mut self) -> Result<(), End> {
        let lab = self.lab.clone();
        if let (Tls::Implicit(_), Some(acceptor)) = (&lab.behaviour.tls, &lab.tls) {
            self.wire.start_tls(acceptor).await?;
        }
        if self.rules(Stage::Greeting).await? == Answered::No {
            self.say(&format!(
                "220 {} ESMTP laboratory: nothing sent here goes anywhere",
                lab.behaviour.host_name
            ));
        }
        loop {
            let line = match self.wire.line().await? {
                Ok(line) => line,
                Err(BadLine::TooLong) => return self.leave("500 5.5.6 The line is too long"),
                Err(BadLine::LineEnd) => {
                    return self.leave("500 5.5.2 A line ends with CRLF and has no other CR, LF or NUL");
                }
            };
            let command = Command::read(&line);
            // RFC 2920 §3.1: a client may send ahead only where that is offered, and nothing may follow DATA.
            let ahead = !lab.behaviour.offers.pipelining || command == Command::Data;
            if self.wire.has_more() && ahead && !matches!(command, Command::StartTls) {
                return self.leave(NO_PIPELINING);
            }
            self.command(command).await?;
        }
    }

    async fn command(&mut self, command: Command) -> Result<(), End> {
        let plain = matches!(self.lab.behaviour.tls, Tls::Required(_)) && !self.wire.is_tls();
        match command {
            Command::Ehlo => self.ehlo().await?,
            Command::StartTls => self.start_tls().await?,
            Command::Noop => self.say("250 2.0.0 Nothing done"),
            Command::Quit => return self.leave("221 2.0.0 Goodbye"),
            Command::BadArguments => return self.bad("501 5.5.4 The command is written wrongly"),
            Command::Unknown => return self.bad("500 5.5.1 There is no such command"),
            // RFC 3207 §4
            _ if plain => self.say("530 5.7.0 STARTTLS comes first"),
            Command::Helo => {
                (self.greeted, self.transaction) = (true, None);
                self.say(&format!("250 {}", self.lab.behaviour.host_name));
            }
            Command::Auth(mechanism, response) => self.auth(&mechanism, response).await?,
            Command::Mail(mail) => self.mail(mail).await?,
            Command::Rcpt(rcpt) => self.rcpt(rcpt).await?,
            Command::Data => self.data().await?,
            Command::Rset => {
                self.transaction = None;
                if self.rules(Stage::Rset).await? == Answered::No {
                    self.say("250 2.0.0 Forgotten");
                }
            }
            Command::Vrfy => self.say("252 2.1.5 Send some mail, and see"),
        }
        Ok(())
    }

    async fn ehlo(&mut self) -> Result<(), End> {
        (self.greeted, self.transaction) = (true, None);
        if self.rules(Stage::Ehlo).await? == Answered::Yes {
            return Ok(());
        }
        let keywords = self.keywords();
        let last = keywords.len() - 1;
        for (place, keyword) in keywords.iter().enumerate() {
            let mark = if place == last { ' ' } else { '-' };
            self.wire.say(format!("250{mark}{keyword}\r\n").as_bytes());
        }
        Ok(())
    }

    fn keywords(&self) -> Vec<String> {
        let behaviour = &self.lab.behaviour;
        let offers = &behaviour.offers;
        let mut keywords = vec![behaviour.host_name.clone()];
        let mut offer = |is_offered: bool, keyword: &str| {
            if is_offered {
                keywords.push(keyword.to_owned());
            }
        };
        offer(offers.pipelining, "PIPELINING");
        offer(offers.size, &format!("SIZE {}", offers.size_max));
        offer(offers.eight_bit_mime != EightBit::No, "8BITMIME");
        offer(offers.smtputf8, "SMTPUTF8");
        offer(offers.dsn, "DSN");
        offer(offers.enhanced_codes, "ENHANCEDSTATUSCODES");
        offer(self.lab.tls.is_some() && !self.wire.is_tls(), "STARTTLS");
        if let Some(accounts) = &behaviour.accounts {
            let names: Vec<&str> = accounts.mechanisms.iter().copied().map(Mechanism::name).collect();
            offer(!names.is_empty(), &format!("AUTH {}", names.join(" ")));
        }
        keywords
    }

    async fn start_tls(&mut self) -> Result<(), End> {
        let lab = self.lab.clone();
        let Some(acceptor) = lab.tls.as_ref().filter(|_| !self.wire.is_tls()) else {
            return self.reply("502 5.5.1 STARTTLS is not offered");
        };
        if self.wire.has_more() {
            // RFC 3207 §4: what came in the clear must not be taken for something said under TLS.
            return self.leave("503 5.5.0 Nothing may follow STARTTLS");
        }
        if self.rules(Stage::StartTls).await? == Answered::Yes {
            return Ok(());
        }
        self.say("220 2.0.0 Go ahead");
        self.wire.say(&lab.behaviour.injected_after_starttls);
        self.wire.flush().await?;
        self.wire.start_tls(acceptor).await?;
        // RFC 3207 §4.2: everything said before is forgotten.
        (self.greeted, self.transaction, self.user) = (false, None, None);
        Ok(())
    }

    async fn auth(&mut self, mechanism: &str, response: Option<String>) -> Result<(), End> {
        let lab = self.lab.clone();
        let Some(accounts) = &lab.behaviour.accounts else {
            return self.reply("502 5.5.1 AUTH is not offered");
        };
        // RFC 4954 §4: after EHLO, once, and not within a transaction.
        if !self.greeted || self.user.is_some() || self.transaction.is_some() {
            return self.reply("503 5.5.1 Not now");
        }
        if self.rules(Stage::Auth).await? == Answered::Yes {
            return Ok(());
        }
        let Some(mut exchange) = Exchange::begin(accounts, mechanism, self.number) else {
            return self.reply("504 5.5.4 The mechanism is not offered");
        };
        let mut response = match response {
            Some(response) => response,
            None => self.challenge(&exchange.prompt()).await?,
        };
        loop {
            match exchange.step(&response) {
                Step::Challenge(challenge) => response = self.challenge(&challenge).await?,
                Step::Done => {
                    self.user = Some(accounts.user.clone());
                    return self.reply("235 2.7.0 Welcome");
                }
                Step::Failed => {
                    return self.reply("535 5.7.8 Authentication credentials invalid");
                }
            }
        }
    }

    async fn challenge(&mut self, challenge: &str) -> Result<String, End> {
        // Never without the space: 334 alone is no challenge (RFC 4954 §4).
        self.wire.say(format!("334 {challenge}\r\n").as_bytes());
        match self.wire.line().await? {
            Ok(line) => Ok(String::from_utf8_lossy(&line).into_owned()),
            Err(_) => {
                self.say("500 5.5.6 The line is too long");
                Err(End::Leave)
            }
        }
    }

    async fn mail(&mut self, mail: PathAndParameters) -> Result<(), End> {
        let lab = self.lab.clone();
        let behaviour = &lab.behaviour;
        if behaviour.messages_per_connection_max.is_some_and(|max| self.messages >= max) {
            return self.leave("421 4.7.0 Enough for this connection");
        }
        if !self.greeted || self.transaction.is_some() {
            return self.reply("503 5.5.1 MAIL comes after EHLO, and not twice");
        }
        if behaviour.accounts.as_ref().is_some_and(|accounts| accounts.required) && self.user.is_none() {
            return self.reply("530 5.7.0 Authentication required");
        }
        if self.rules(Stage::Mail).await? == Answered::Yes {
            return Ok(());
        }
        match Transaction::begin(mail, &behaviour.offers, behaviour.accounts.is_some()) {
            Ok(transaction) => {
                self.transaction = Some(transaction);
                self.say("250 2.1.0 Sender ok");
            }
            Err(reply) => self.say(reply),
        }
        Ok(())
    }

    async fn rcpt(&mut self, rcpt: PathAndParameters) -> Result<(), End> {
        let lab = self.lab.clone();
        if self.transaction.is_none() {
            return self.reply("503 5.5.1 RCPT comes after MAIL");
        }
        if self.rules_for(Stage::Rcpt, Some(&rcpt.path)).await? == Answered::Yes {
            return Ok(());
        }
        let Some(transaction) = &mut self.transaction else { return Ok(()) };
        match transaction.add(rcpt, &lab.behaviour.offers, lab.behaviour.single_recipient) {
            Ok(()) => self.say("250 2.1.5 Recipient ok"),
            Err(reply) => self.say(reply),
        }
        Ok(())
    }

    async fn data(&mut self) -> Result<(), End> {
        let lab = self.lab.clone();
        let recipient =
            self.transaction.as_ref().and_then(|transaction| transaction.recipients.first().cloned());
        // A rule may accept DATA when nobody is to get it (RFC 2920 §3.1): the client must send nothing then.
        match self.rules_for(Stage::Data, recipient.as_deref()).await? {
            Answered::Yes if !self.waits_for_message() => return Ok(()),
            Answered::Yes => {}
            Answered::No if recipient.is_none() => {
                return self.reply("503 5.5.1 DATA comes after MAIL and RCPT");
            }
            Answered::No => self.say("354 The message, and a line with a dot"),
        }
        let mut body = Body::new(lab.behaviour.offers.size_max);
        self.wire.body(&mut body).await?;
        if self.wire.has_more() && !lab.behaviour.offers.pipelining {
            return self.leave(NO_PIPELINING);
        }
        self.messages += 1;
        self.dot(body, recipient.as_deref()).await
    }

    /// Whether the last reply collected is 354: a rule has said it.
    fn waits_for_message(&self) -> bool {
        self.wire.last_line_starts_with(b"354")
    }

    async fn dot(&mut self, body: Body, recipient: Option<&str>) -> Result<(), End> {
        let lab = self.lab.clone();
        let transaction = self.transaction.take().unwrap_or_default();
        if self.rules_for(Stage::DotBeforeRecording, recipient).await? == Answered::Yes {
            return Ok(());
        }
        if !lab.behaviour.delay_per_message.is_zero() {
            react(&mut self.wire, Reaction::Delay(lab.behaviour.delay_per_message)).await?;
        }
        let refusal = match body.fault {
            Some(fault) => Some(fault.reply()),
            None if transaction.recipients.is_empty() => Some("554 5.5.1 No valid recipients"),
            None => transaction.check(&body.bytes, &lab.behaviour.offers).err(),
        };
        if let Some(reply) = refusal {
            self.say(reply);
            return Ok(());
        }
        let message = Received {
            number: 0,
            reverse_path: transaction.reverse_path,
            recipients: transaction.recipients,
            bytes: body.bytes,
            mail_parameters: transaction.mail_parameters,
            rcpt_parameters: transaction.rcpt_parameters,
            smtputf8: transaction.smtputf8,
            tls: self.wire.is_tls(),
            authenticated_as: self.user.clone(),
            acknowledged: AtomicBool::new(false),
        };
        let Some(message) = lab.mailbox.record(message) else {
            return self.reply("452 4.3.1 The mailbox is full");
        };
        lab.log(&message)?;
        if self.rules_for(Stage::DotAfterRecording, recipient).await? == Answered::No {
            self.say(&format!("250 2.0.0 Ok: message {}", message.number));
            self.wire.acknowledge(message);
        }
        Ok(())
    }

    async fn rules(&mut self, stage: Stage) -> Result<Answered, End> {
        self.rules_for(stage, None).await
    }

    async fn rules_for(&mut self, stage: Stage, recipient: Option<&str>) -> Result<Answered, End> {
        let lab = self.lab.clone();
        let reactions = lab.counters.reactions(&lab.behaviour.rules, stage, recipient, lab.mailbox.count());
        let mut answered = Answered::No;
        for reaction in reactions {
            answered = react(&mut self.wire, reaction).await?;
        }
        Ok(answered)
    }

    /// Collects one line, without its enhanced code where those are not offered (RFC 2034 §4).
    fn say(&mut self, line: &str) {
        let (code, text) = line.split_at(4);
        let has_code = text.split(' ').next().is_some_and(|word| word.split('.').count() == 3);
        let text = match text.split_once(' ') {
            Some((_, words)) if has_code && !self.lab.behaviour.offers.enhanced_codes => words,
            _ => text,
        };
        self.wire.say(format!("{code}{text}\r\n").as_bytes());
    }

    fn reply(&mut self, line: &str) -> Result<(), End> {
        self.say(line);
        Ok(())
    }

    /// A last word.
    fn leave(&mut self, line: &str) -> Result<(), End> {
        self.say(line);
        Err(End::Leave)
    }

    /// Not a command.
    fn bad(&mut self, line: &str) -> Result<(), End> {
        self.bad_commands += 1;
        if self.bad_commands >= BAD_COMMANDS_MAX {
            return self.leave("421 4.7.0 Too many commands that are none");
        }
        self.say(line);
        Ok(())
    }
}
