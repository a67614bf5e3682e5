//! One connection: envelopes and messages, one at a time.

use std::io;
use std::time::Duration;

use campaign::{Consequence, Stage, consequence};
use mail::Address;
use memchr::memmem;
use proof::Proved;

use crate::Forwarded;
use crate::smtp::stream::Stream;
use crate::smtp::{Capabilities, Reply, ReplyError, ReplyReader, Timeouts};

/// Octets written at once: what [`Timeouts::data_block`] is for.
const BLOCK_OCTETS: usize = 64 * 1024;
/// Room behind a message for doubled dots and the next envelope, so that it is seldom moved to find some.
const ROOM_OCTETS: usize = 512;
/// How long a QUIT may take: nothing depends on its reply.
const QUIT_WAIT: Duration = Duration::from_secs(2);

/// What ends a connection before a final dot was handed over. Whoever was to be written to is tried again.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The connection.
    #[error("the connection to the relay failed at {}: {}", .stage.word(), .error.kind())]
    Io {
        /// At which command.
        stage: Stage,
        /// What happened.
        error: io::Error,
    },
    /// Octets that are no reply.
    #[error("at {}: {error}", .stage.word())]
    Reply {
        /// At which command.
        stage: Stage,
        /// What is wrong with it.
        error: ReplyError,
    },
}

impl SessionError {
    /// At which command.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        match self {
            Self::Io { stage, .. } | Self::Reply { stage, .. } => *stage,
        }
    }
}

/// How far the envelope came.
#[derive(Debug)]
pub enum Envelope {
    /// 354: the relay waits for the message.
    Ready,
    /// A command was refused; the connection can be used again.
    Refused(Stage, Reply),
    /// A command was refused, and the connection is of no further use.
    RefusedAndClosed(Stage, Reply),
}

/// What became of a message whose octets were written.
#[derive(Debug)]
pub enum HandOver {
    /// A complete reply to the final dot.
    Replied(Reply),
    /// The connection failed, or was out of step, before the final dot was handed to the kernel: the relay has no
    /// message.
    NotSent(io::Error),
    /// The final dot was handed over and no complete reply came: nobody knows.
    InDoubt,
}

/// What goes with an envelope.
#[derive(Debug, Clone, Copy)]
pub struct EnvelopeOptions<'a> {
    /// ENVID, where the relay offers DSN (RFC 3461 §4.4): xtext, at most 100 characters.
    pub envelope_id: &'a str,
}

/// A connection on which mail can be sent.
pub struct Session {
    stream: Stream,
    reader: ReplyReader,
    offers: Capabilities,
    timeouts: Timeouts,
    /// A transaction was begun and not finished: RSET first.
    open_transaction: bool,
    /// The next message's envelope, written behind the one before and not yet answered.
    ahead: Option<Vec<Command>>,
}

/// A command of an envelope, and where it belongs.
type Command = (Stage, String);

/// What a transaction carries: to one person, whatever it is.
struct Carried<'a> {
    recipient: &'a Address,
    reverse_path: Option<&'a Address>,
    bytes: &'a [u8],
    smtputf8: bool,
}

impl<'a> Carried<'a> {
    fn of(mail: &'a Proved) -> Self {
        Self {
            recipient: mail.recipient(),
            reverse_path: mail.reverse_path(),
            bytes: mail.bytes(),
            smtputf8: mail.needs_smtputf8(),
        }
    }

    /// RFC 5321 §4.5.5: nothing may come back of what came back.
    fn forwarded(reply: &'a Forwarded) -> Self {
        Self { recipient: reply.recipient(), reverse_path: None, bytes: reply.bytes(), smtputf8: false }
    }
}

/// Why a reply was not sent on. Whoever brought it is to bring it again.
#[derive(Debug, thiserror::Error)]
pub enum ForwardError {
    /// The connection.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The relay does not take it.
    #[error("the relay does not take the reply: {0}")]
    Refused(Reply),
    /// The connection was lost behind the message: it may arrive twice.
    #[error("the relay did not say whether it has the reply")]
    Unknown,
}

impl Session {
    pub(crate) fn new(stream: Stream, timeouts: Timeouts) -> Self {
        Self {
            stream,
            reader: ReplyReader::default(),
            offers: Capabilities::default(),
            timeouts,
            open_transaction: false,
            ahead: None,
        }
    }

    /// What the relay offers.
    #[must_use]
    pub fn offers(&self) -> &Capabilities {
        &self.offers
    }

    /// The version of TLS that the connection is under; nothing where it is in the clear.
    #[must_use]
    pub fn tls_version(&self) -> Option<&'static str> {
        match &self.stream {
            Stream::Plain(_) => None,
            Stream::Tls(stream) => match stream.get_ref().1.protocol_version() {
                Some(rustls::ProtocolVersion::TLSv1_3) => Some("TLS 1.3"),
                _ => Some("TLS 1.2"),
            },
        }
    }

    pub(crate) fn set_offers(&mut self, offers: Capabilities) {
        self.offers = offers;
    }

    /// Gives up the stream for TLS. Octets that came in the clear behind the reply to STARTTLS are an attack
    /// (CVE-2011-0411), so they make it fail.
    pub(crate) fn into_stream(self) -> Option<Stream> {
        self.reader.is_empty().then_some(self.stream)
    }

    pub(crate) async fn reply(&mut self, stage: Stage) -> Result<Reply, SessionError> {
        let within = self.wait(stage);
        let io = |error| SessionError::Io { stage, error };
        let all = tokio::time::timeout(within, async {
            loop {
                if let Some(reply) =
                    self.reader.next_reply().map_err(|error| SessionError::Reply { stage, error })?
                {
                    return Ok(reply);
                }
                let octets = self.stream.read(within).await.map_err(io)?;
                self.reader.push(&octets);
            }
        });
        // The time-out is for the whole reply: one octet a minute does not hold a connection for ever.
        all.await.unwrap_or_else(|_| Err(io(io::ErrorKind::TimedOut.into())))
    }

    pub(crate) async fn command(&mut self, stage: Stage, line: &str) -> Result<Reply, SessionError> {
        self.write(stage, &format!("{line}\r\n")).await?;
        self.reply(stage).await
    }

    async fn write(&mut self, stage: Stage, text: &str) -> Result<(), SessionError> {
        let within = self.wait(stage);
        self.stream
            .write_all(text.as_bytes(), within)
            .await
            .map_err(|error| SessionError::Io { stage, error })
    }

    const fn wait(&self, stage: Stage) -> Duration {
        match stage {
            Stage::Greeting => self.timeouts.greeting,
            Stage::Ehlo | Stage::StartTls | Stage::Auth => self.timeouts.ehlo,
            Stage::Mail => self.timeouts.mail,
            Stage::Rcpt => self.timeouts.rcpt,
            Stage::Data => self.timeouts.data,
            Stage::Dot => self.timeouts.data_end,
        }
    }

    /// MAIL, RCPT and DATA for one message to one person: in one write where the relay takes that (RFC 2920).
    ///
    /// # Errors
    /// [`SessionError`]; then the connection is of no further use, and nothing was sent.
    pub async fn envelope(
        &mut self,
        mail: &Proved,
        options: EnvelopeOptions<'_>,
    ) -> Result<Envelope, SessionError> {
        self.announce(self.commands(&Carried::of(mail), options)).await
    }

    /// Sends a person's reply on. Nothing is counted, so nothing needs an intent: whoever brought it brings it again
    /// unless the relay said that it has it.
    ///
    /// # Errors
    /// [`ForwardError`].
    pub async fn forward(&mut self, reply: &Forwarded) -> Result<(), ForwardError> {
        let carried = Carried::forwarded(reply);
        let commands = self.commands(&carried, EnvelopeOptions { envelope_id: "forwarded" });
        match self.announce(commands).await? {
            Envelope::Ready => {}
            Envelope::Refused(_, reply) | Envelope::RefusedAndClosed(_, reply) => {
                return Err(ForwardError::Refused(reply));
            }
        }
        match self.write_message(&carried, None).await {
            HandOver::Replied(reply) if reply.code.0 / 100 == 2 => Ok(()),
            HandOver::Replied(reply) => Err(ForwardError::Refused(reply)),
            HandOver::NotSent(_) | HandOver::InDoubt => Err(ForwardError::Unknown),
        }
    }

    async fn announce(&mut self, envelope: Vec<Command>) -> Result<Envelope, SessionError> {
        let mut commands = Vec::with_capacity(envelope.len() + 1);
        let written = match self.ahead.take() {
            // The replies that come are those to this very envelope: 354 is for this message alone.
            Some(ahead) if ahead == envelope => true,
            Some(_) => return Err(out_of_step()),
            None => false,
        };
        if self.open_transaction {
            commands.push((Stage::Mail, "RSET".to_owned()));
        }
        let reset = commands.len();
        commands.extend(envelope);
        self.open_transaction = true;

        if self.offers.pipelining && !written {
            self.write(Stage::Mail, &lines(&commands)).await?;
        }
        let mut refused = None;
        for (place, (stage, line)) in commands.iter().enumerate() {
            if !self.offers.pipelining {
                if refused.is_some() {
                    break;
                }
                self.write(*stage, &format!("{line}\r\n")).await?;
            }
            let reply = match (self.reply(*stage).await, refused.take()) {
                (Ok(reply), before) => {
                    refused = before;
                    reply
                }
                // Refused and then closed, with commands still unanswered: the refusal says more than the loss.
                (Err(_), Some((stage, reply))) => return Ok(Envelope::RefusedAndClosed(stage, reply)),
                (Err(lost), None) => return Err(lost),
            };
            let proceed = consequence(*stage, reply.code, reply.enhanced) == Consequence::Proceed;
            let data_ready = *stage == Stage::Data && proceed;
            if data_ready && let Some((stage, reply)) = refused {
                // RFC 2920 §3.1: DATA was accepted although nobody is to get it. Closing is the one way out that
                // sends no message at all.
                return Ok(Envelope::RefusedAndClosed(stage, reply));
            }
            if !proceed && refused.is_none() && place >= reset {
                refused = Some((*stage, reply));
            }
        }
        Ok(match refused {
            Some((stage, reply)) if reply.code.0 == 421 => Envelope::RefusedAndClosed(stage, reply),
            Some((stage, reply)) => Envelope::Refused(stage, reply),
            None => Envelope::Ready,
        })
    }

    fn commands(&self, mail: &Carried<'_>, options: EnvelopeOptions<'_>) -> Vec<Command> {
        vec![
            (Stage::Mail, self.mail_from(mail, options)),
            (Stage::Rcpt, self.rcpt_to(mail.recipient)),
            (Stage::Data, "DATA".to_owned()),
        ]
    }

    fn mail_from(&self, mail: &Carried<'_>, options: EnvelopeOptions<'_>) -> String {
        let sender = mail.reverse_path.map_or(String::new(), Address::expose);
        let mut line = format!("MAIL FROM:<{sender}>");
        if self.offers.size_max.is_some() {
            line.push_str(&format!(" SIZE={}", mail.bytes.len()));
        }
        if mail.smtputf8 {
            // RFC 6531 §3.4: the headers are UTF-8 then, so the body type is 8BITMIME.
            line.push_str(" BODY=8BITMIME SMTPUTF8");
        }
        if self.offers.dsn {
            // RFC 3461 §4.3: a report of a failure holds the headers, not the message.
            line.push_str(&format!(" RET=HDRS ENVID={}", options.envelope_id));
        }
        line
    }

    fn rcpt_to(&self, recipient: &Address) -> String {
        let notify = if self.offers.dsn { " NOTIFY=FAILURE" } else { "" };
        format!("RCPT TO:<{}>{notify}", recipient.expose())
    }

    /// Writes the message and its final dot, and waits for the reply. Only behind an [`Envelope::Ready`], and only
    /// when the intent is durable.
    ///
    /// `next`: whose envelope goes out behind the dot, unasked, where the relay takes that (RFC 2920 §3.1 names the
    /// message's content as what a group may begin with). [`Self::envelope`] of that message then reads its replies, and
    /// of no other. Without an intent it gets no further than 354.
    pub async fn hand_over(
        &mut self,
        mail: &Proved,
        next: Option<(&Proved, EnvelopeOptions<'_>)>,
    ) -> HandOver {
        self.write_message(&Carried::of(mail), next).await
    }

    async fn write_message(
        &mut self,
        mail: &Carried<'_>,
        next: Option<(&Proved, EnvelopeOptions<'_>)>,
    ) -> HandOver {
        // Something was said behind 354 that nobody asked for. Taken for the reply to the final dot, it would say of
        // this message what the relay cannot know yet.
        // The same when it closed while the intent waited for the database: nothing was handed over yet.
        if !self.reader.is_empty() || !self.stream.is_quiet().await {
            return HandOver::NotSent(io::ErrorKind::InvalidData.into());
        }
        let mut octets = dot_stuffed(mail.bytes);
        let message = octets.len();
        if let Some((mail, options)) = next.filter(|_| self.offers.pipelining) {
            let commands = self.commands(&Carried::of(mail), options);
            octets.extend_from_slice(lines(&commands).as_bytes());
            self.ahead = Some(commands);
        }
        let within = self.timeouts.data_block;
        let mut written = 0;
        while written < octets.len() {
            let block = &octets[written..octets.len().min(written + BLOCK_OCTETS)];
            match self.stream.write_some(block, within).await {
                Ok(taken) if taken > 0 => written += taken,
                // The final dot went out, and only the next envelope did not.
                _ if written >= message => return HandOver::InDoubt,
                // Without its last octets the relay has seen no final dot (RFC 5321 §4.1.1.4).
                Ok(_) => return HandOver::NotSent(io::ErrorKind::WriteZero.into()),
                Err(error) => return HandOver::NotSent(error),
            }
        }
        if self.stream.flush_all(within).await.is_err() {
            return HandOver::InDoubt;
        }
        match self.reply(Stage::Dot).await {
            Ok(reply) if consequence(Stage::Dot, reply.code, reply.enhanced) == Consequence::Protocol => {
                HandOver::InDoubt
            }
            Ok(reply) => {
                self.open_transaction = false;
                HandOver::Replied(reply)
            }
            Err(_) => HandOver::InDoubt,
        }
    }

    /// Takes leave (RFC 5321 §4.1.1.10); whether the relay answers does not matter. Behind the envelope of a message that
    /// is not to leave, no word would be taken for a command: then it only closes.
    pub async fn quit(mut self) {
        if self.ahead.is_some() {
            return;
        }
        let _ = tokio::time::timeout(QUIT_WAIT, self.command(Stage::Ehlo, "QUIT")).await;
    }
}

fn lines(commands: &[Command]) -> String {
    commands.iter().map(|(_, line)| format!("{line}\r\n")).collect()
}

/// Another message than the one whose envelope was sent: its octets must not go there.
fn out_of_step() -> SessionError {
    SessionError::Io { stage: Stage::Mail, error: io::ErrorKind::InvalidInput.into() }
}

/// The message as DATA carries it: a leading dot doubled (RFC 5321 §4.5.2), and the final dot behind it.
fn dot_stuffed(message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + ROOM_OCTETS);
    let mut copied = 0;
    let first = message.starts_with(b".").then_some(0);
    for dot in first.into_iter().chain(memmem::find_iter(message, b"\n.").map(|newline| newline + 1)) {
        out.extend_from_slice(&message[copied..dot]);
        out.push(b'.');
        copied = dot;
    }
    out.extend_from_slice(&message[copied..]);
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dots_are_doubled() {
        assert_eq!(dot_stuffed(b".a\r\n..\r\nb.\r\n"), b"..a\r\n...\r\nb.\r\n.\r\n");
    }
}
