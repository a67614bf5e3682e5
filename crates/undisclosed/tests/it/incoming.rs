//! What comes back from the world, brought to the listener as mail servers bring it.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;
use std::time::Duration;

use lab::{Behaviour, Reaction, Server, Stage, When};
use serde_json::Value;

use crate::bench::{Bench, Ran, acts, count, finish, signal};
use crate::postfix_server::Postfix;

const DOMAIN: &str = "bounce.unit.example";
/// How long something that must happen is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
const READER: &str = "answers@unit.example";

/// An installation that takes mail.
struct Receiving {
    bench: Bench,
    serving: Child,
    at: String,
}

impl Receiving {
    fn start(bench: Bench, relay: &str) -> Self {
        Self::start_at("127.0.0.1:0", bench, relay)
    }

    fn start_at(at: &str, bench: Bench, relay: &str) -> Self {
        Self::serve(
            bench
                .with("UNDISCLOSED_BOUNCE__DOMAIN", DOMAIN)
                .with("UNDISCLOSED_BOUNCE__LISTEN", at)
                .with("UNDISCLOSED_BOUNCE__REPLIES_TO", READER)
                .with("UNDISCLOSED_SENDER__FROM", "Survey team <survey@unit.example>")
                .with("UNDISCLOSED_RELAY__URL", relay)
                .with("UNDISCLOSED_CONSOLE__LISTEN", "127.0.0.1:0")
                .with("UNDISCLOSED_HEALTH__LISTEN", "127.0.0.1:0"),
        )
    }

    fn serve(bench: Bench) -> Self {
        let mut serving = bench.spawn(&["serve", "--json"]);
        let mut said = String::new();
        let out = serving.stdout.as_mut().expect("its output");
        BufReader::with_capacity(1, out).read_line(&mut said).expect("a line");
        let said: Value = serde_json::from_str(&said).expect("JSON");
        let at = said["mail"].as_str().expect("it takes mail").to_owned();
        Self { bench, serving, at }
    }

    /// SIGKILL, and a new process.
    fn killed(mut self) -> Self {
        self.serving.kill().expect("SIGKILL");
        finish(self.serving);
        Self::serve(self.bench)
    }

    /// What the server says to the recipient, or to the message where it takes the recipient.
    fn bring(&self, from: &str, to: &str, message: &str) -> String {
        let (mut client, reply) = self.brought(from, to, message);
        reply.unwrap_or_else(|| client.reply())
    }

    /// The reply to a message is not read yet.
    fn brought(&self, from: &str, to: &str, message: &str) -> (Client, Option<String>) {
        let mut client = Client::greeted(&self.at, "EHLO");
        for (line, code) in [(format!("MAIL FROM:<{from}>"), "250"), (format!("RCPT TO:<{to}>"), "250")] {
            let reply = client.say(&line);
            if !reply.starts_with(code) {
                return (client, Some(reply));
            }
        }
        assert!(client.say("DATA").starts_with("354"));
        let stuffed = message.replace("\r\n.", "\r\n..");
        write!(client.0, "{stuffed}\r\n.\r\n").expect("it is sent");
        (client, None)
    }

    /// Looks until a bounce of the usual campaign is counted.
    async fn until_bounced(&self) {
        let counted = async {
            while count(&self.bench.status("c"), "bounced") == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, counted).await.expect("a bounce is counted");
    }

    /// Ctrl-C; everything that it said.
    fn end(self) -> (Bench, String) {
        signal(&self.serving, "INT");
        let Ran { code, out, err } = finish(self.serving);
        assert_eq!(code, Some(0), "{err}");
        (self.bench, out + &err)
    }
}

struct Client(TcpStream);

impl Client {
    fn greeted(at: &str, hello: &str) -> Self {
        let mut client = Self(TcpStream::connect(at).expect("it listens"));
        assert!(client.reply().starts_with("220"));
        assert!(client.say(&format!("{hello} mx.example")).starts_with("250"));
        client
    }

    fn say(&mut self, line: &str) -> String {
        write!(self.0, "{line}\r\n").expect("it is sent");
        self.reply()
    }

    /// The last line of a reply.
    fn reply(&mut self) -> String {
        loop {
            let mut line = String::new();
            let read = BufReader::with_capacity(1, &self.0).read_line(&mut line).expect("a reply");
            if read == 0 || line.as_bytes().get(3) != Some(&b'-') {
                return line.trim_end().to_owned();
            }
        }
    }
}

/// What somebody got: the return path, and the message.
fn got(server: &Server, who: &str) -> (String, String) {
    let received = server.mailbox().received();
    let message = received.iter().find(|m| m.recipients.iter().any(|r| r == who)).expect("their message");
    (message.reverse_path.clone(), String::from_utf8(message.bytes.clone()).expect("seven bits"))
}

fn person(n: usize) -> String {
    format!("person{n}@mail{}.example", n % 7)
}

/// A delivery status notification (RFC 3464), as Postfix forms one.
fn bounce(who: &str, status: &str, returned: &str) -> String {
    let head = returned.split_once("\r\n\r\n").map_or(returned, |(head, _)| head);
    format!(
        "From: MAILER-DAEMON@mx.example (Mail Delivery System)\r\nSubject: Undelivered Mail Returned to Sender\r\n\
         Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status; \
         boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n\r\n--b\r\nContent-Type: \
         message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nFinal-Recipient: rfc822; {who}\r\nAction: failed\
         \r\nStatus: {status}\r\nDiagnostic-Code: smtp; 550 {status} no\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n\
         {head}\r\n\r\n--b--\r\n"
    )
}

/// A complaint (RFC 5965), with the message that it is about.
fn complaint(returned: &str) -> String {
    format!(
        "From: feedback@provider.example\r\nSubject: complaint\r\nMIME-Version: 1.0\r\nContent-Type: multipart/report; \
         report-type=feedback-report; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nIt was unwanted.\r\n\r\n--b\r\n\
         Content-Type: message/feedback-report\r\n\r\nFeedback-Type: abuse\r\nUser-Agent: Provider/1\r\nVersion: 1\r\n\r\n--b\r\n\
         Content-Type: message/rfc822\r\n\r\n{returned}\r\n--b--\r\n"
    )
}

fn written(who: &str, subject: &str, more: &str, text: &str) -> String {
    format!("From: {who}\r\nTo: survey@unit.example\r\nSubject: {subject}\r\n{more}\r\n{text}\r\n")
}

/// What the mailto of List-Unsubscribe makes a mail program send: to whom, and the subject.
fn mailto(message: &str) -> (String, String) {
    let unfolded = message.replace("\r\n ", " ");
    let line = unfolded.lines().find(|line| line.starts_with("List-Unsubscribe:")).expect("the field");
    let (_, rest) = line.split_once("<mailto:").expect("a mailto");
    let (to, rest) = rest.split_once("?subject=").expect("a subject");
    let subject = rest.split_once('>').expect("its end").0.replace("%20", " ");
    (to.to_owned(), subject)
}

async fn what_comes_back_on(bench: Bench) {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let here = Receiving::start(bench.with_people(9), &server.url());
    here.bench.run(&["send", "people.csv", "message.md", "--name", "c"]).exits(0);
    let got = |n: usize| got(&server, &person(n));
    let taken = |from: &str, to: &str, message: &str| {
        let reply = here.bring(from, to, message);
        assert!(reply.starts_with("250 2.0.0"), "{to}: {reply}");
    };
    // Each kind, by the way it comes; each twice, for the answer can be lost.
    for _ in 0..2 {
        let (path, message) = got(0);
        taken("", &path, &bounce(&person(0), "5.1.1", &message));
        let (path, message) = got(1);
        taken("", &path.to_uppercase(), &bounce(&person(1), "5.2.2", &message));
        let (_, message) = got(2);
        taken("feedback@provider.example", "complaints@bounce.unit.example", &complaint(&message));
        let (to, subject) = mailto(&got(3).1);
        assert_eq!(to, "unsubscribe@bounce.unit.example");
        taken(&person(3), &to, &written(&person(3), &subject, "", ""));
        let (path, _) = got(4);
        taken(&person(4), &path, &written(&person(4), "Re: Your experience", "", "Please call me."));
        let (path, _) = got(5);
        let away = written(&person(5), "Away", "Auto-Submitted: auto-replied\r\n", "I am away.");
        taken("", &path, &away);
    }
    let status = here.bench.status("c");
    assert_eq!((count(&status, "bounced"), count(&status, "complained")), (2, 1));
    let entries = acts(&here.bench, "c");
    let returned = ["bad mailbox", "full mailbox", "complaint", "unsubscribe", "reply"];
    for act in returned {
        assert_eq!(entries.iter().filter(|entry| *entry == act).count(), 1, "{act} in {entries:?}");
    }
    // What a person wrote was passed on, both times as the same message, and to nobody else.
    let received = server.mailbox().received();
    let replies: Vec<_> = received.iter().filter(|m| m.recipients == [READER]).collect();
    let id = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        text.lines().find(|line| line.starts_with("Message-ID:")).expect("one").to_owned()
    };
    assert_eq!((replies.len(), id(&replies[0].bytes)), (2, id(&replies[1].bytes)));
    let text = String::from_utf8_lossy(&replies[0].bytes);
    assert!(text.contains("Please call me.") && text.contains(&format!("Reply-To: <{}>", person(4))));
    assert!(replies[0].reverse_path.is_empty() && received.len() == 9 + 2);
    // The next campaign leaves them out: a bad address, a complaint, somebody who asked; one full mailbox is none yet.
    here.bench.write("message.md", crate::bench::MESSAGE.replace("how did we do", "and now"));
    let next = here.bench.run(&["send", "people.csv", "message.md", "--name", "d", "--json"]).exits(3).json();
    assert_eq!((count(&next, "accepted"), count(&next, "suppressed")), (6, 3));
    here.bench.run(&["ledger", "verify"]).exits(0);
    let (_, said) = here.end();
    assert!(!said.contains("mail0.example") && !said.contains("b-"), "no output names anybody: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_counted_once_and_followed() {
    what_comes_back_on(Bench::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_counted_once_and_followed_on_postgres() {
    what_comes_back_on(Bench::on_postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_forged_or_foreign_changes_nothing() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let here = Receiving::start(Bench::new().with_people(3), &server.url());
    here.bench.run(&["send", "people.csv", "message.md", "--name", "c"]).exits(0);
    let before = acts(&here.bench, "c");
    let ((one, message), (other, _)) = (got(&server, &person(0)), got(&server, &person(1)));
    // A token of nobody's, another domain, and mailboxes that are not there.
    let forged = one.replacen(&one[2..3], if &one[2..3] == "a" { "b" } else { "a" }, 1);
    for to in
        [forged.as_str(), "b-@bounce.unit.example", "ann@bounce.unit.example", &one.replace("bounce.", "")]
    {
        let reply = here.bring("", to, &bounce(&person(0), "5.1.1", ""));
        assert!(reply.starts_with("550 5.1.1"), "{to}: {reply}");
    }
    // One report that names two deliveries names none, and one whose token is forged neither.
    let two = complaint(&format!("Return-Path: <{other}>\r\n{message}"));
    let forged = complaint(&format!("Return-Path: <{forged}>\r\nSubject: x\r\n\r\nx\r\n"));
    for report in [&two, &forged] {
        assert!(here.bring("", "abuse@bounce.unit.example", report).starts_with("250"));
    }
    // A bounce to a mailbox that anybody knows, about somebody by their address alone.
    let reply = here.bring("", "postmaster@bounce.unit.example", &bounce(&person(2), "5.1.1", ""));
    assert!(reply.starts_with("250"));
    assert_eq!(acts(&here.bench, "c"), before);
    let status = here.bench.status("c");
    assert_eq!((count(&status, "bounced"), count(&status, "complained")), (0, 0));
    // Complaints that lead to nobody were passed on: a person is to look.
    let passed_on = server.mailbox().received().iter().filter(|m| m.recipients == [READER]).count();
    assert_eq!(passed_on, 2);
    // Whoever was erased is nobody: their bounce is taken and followed by nothing.
    here.bench.run(&["forget", "c", "--yes"]).exits(0);
    let before = acts(&here.bench, "c");
    assert!(here.bring("", &one, &bounce(&person(0), "5.1.1", &message)).starts_with("250"));
    assert_eq!(acts(&here.bench, "c"), before);
    here.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_250_was_read_it_comes_again_and_nothing_happens_twice() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let here = Receiving::start(Bench::new().with_people(2), &server.url());
    here.bench.run(&["send", "people.csv", "message.md", "--name", "c"]).exits(0);
    let (path, message) = got(&server, &person(0));
    let report = bounce(&person(0), "5.1.1", &message);
    let (client, reply) = here.brought("", &path, &report);
    assert_eq!(reply, None);
    here.until_bounced().await;
    let here = here.killed();
    drop(client);
    assert!(here.bring("", &path, &report).starts_with("250"));
    assert_eq!(count(&here.bench.status("c"), "bounced"), 1);
    assert_eq!(acts(&here.bench, "c").iter().filter(|act| *act == "bad mailbox").count(), 1);
    here.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_database_is_away_it_is_to_come_again() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let here = Receiving::start(Bench::on_postgres().with_people(2), &server.url());
    here.bench.run(&["send", "people.csv", "message.md", "--name", "c"]).exits(0);
    let (path, message) = got(&server, &person(0));
    let report = bounce(&person(0), "5.1.1", &message);
    here.bench.server().stop();
    let reply = here.bring("", &path, &report);
    assert!(reply.starts_with("451 4.3.0"), "{reply}");
    here.bench.server().start_again();
    while !here.bring("", &path, &report).starts_with("250") {
        tokio::task::yield_now().await;
    }
    assert_eq!(count(&here.bench.status("c"), "bounced"), 1);
    here.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_is_taken_only_when_the_relay_has_it() {
    for (reply, code) in [("451 4.3.0 Later", "451 4.3.0"), ("550 5.7.1 Never", "550 5.7.1")] {
        let refusing =
            Behaviour::with_rule(Stage::Rcpt, When::Recipient(READER.to_owned()), Reaction::reply(reply));
        let server = Server::start(refusing).await.expect("a server");
        let here = Receiving::start(Bench::new().with_people(1), &server.url());
        here.bench.run(&["send", "people.csv", "message.md", "--name", "c"]).exits(0);
        let (path, _) = got(&server, &person(0));
        let words = written(&person(0), "Re: Your experience", "", "Please call me.");
        let told = here.bring(&person(0), &path, &words);
        assert!(told.starts_with(code), "{told}");
        assert!(!acts(&here.bench, "c").contains(&"reply".to_owned()));
        let (_, said) = here.end();
        assert_eq!(said.contains("could not be passed on"), code == "451 4.3.0", "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_by_a_real_postfix_comes_over_lmtp() {
    let unknown = Reaction::reply("550 5.1.1 There is no such mailbox");
    let refusing = Behaviour::with_rule(Stage::Rcpt, When::Recipient(person(1)), unknown);
    let server = Server::start(refusing).await.expect("a server");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port");
    let postfix = Postfix::start(
        &server,
        &format!("transport_maps = inline:{{ {{ {DOMAIN} = lmtp:inet:127.0.0.1:{} }} }}", free.port()),
    );
    let bench = Bench::new().with_people(4).with("UNDISCLOSED_BOUNCE__PROTOCOL", "lmtp");
    let here = Receiving::start_at(&free.to_string(), bench, &postfix.url());
    // Postfix takes them all, and tells afterwards.
    here.bench.run(&["send", "people.csv", "message.md", "--name", "c"]).exits(0);
    while count(&here.bench.status("c"), "bounced") == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        acts(&here.bench, "c").iter().filter(|act| *act == "bad mailbox").count(),
        1,
        "{}",
        postfix.log()
    );
    here.bench.write("message.md", crate::bench::MESSAGE.replace("how did we do", "and now"));
    let next = here.bench.run(&["send", "people.csv", "message.md", "--name", "d", "--json"]).exits(3).json();
    assert_eq!((count(&next, "accepted"), count(&next, "suppressed")), (3, 1));
    here.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_is_read_and_what_people_wrote_stays_there() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let authority = testkit::Authority::default();
    let dovecot = testkit::Dovecot::start(&authority.good("localhost"));
    let (user, password) = dovecot.login();
    let bench = Bench::new().with_people(3);
    bench.write("authority.pem", authority.pem());
    bench.write("password", format!("{password}\n"));
    // No domain: bounces go to the sender, and the message that came back tells whose it is.
    let bench = bench
        .with("UNDISCLOSED_BOUNCE__MAILBOX__HOST", "localhost")
        .with("UNDISCLOSED_BOUNCE__MAILBOX__PORT", &dovecot.port().to_string())
        .with("UNDISCLOSED_BOUNCE__MAILBOX__USERNAME", &user)
        .with("UNDISCLOSED_BOUNCE__MAILBOX__PASSWORD_FILE", "password")
        .with("UNDISCLOSED_BOUNCE__MAILBOX__CA_FILE", "authority.pem")
        .with("UNDISCLOSED_BOUNCE__MAILBOX__EVERY", "10s")
        .with("UNDISCLOSED_CONSOLE__LISTEN", "127.0.0.1:0")
        .with("UNDISCLOSED_HEALTH__LISTEN", "127.0.0.1:0");
    let url = server.url();
    bench.run(&["send", "people.csv", "message.md", "--name", "c", "--smtp", &url]).exits(0);
    let (_, message) = got(&server, &person(0));
    dovecot.deliver(&bounce(&person(0), "5.1.1", &message));
    dovecot.deliver(&written(&person(1), "Re: Your experience", "", "Please call me."));
    dovecot.deliver(&written("newsletter@shop.example", "Offers", "", "Buy now."));
    let here = Receiving { at: String::new(), serving: bench.spawn(&["serve", "--json"]), bench };
    here.until_bounced().await;
    // The one that is no bounce came second; both that are for people are marked, and not read.
    let marked = || dovecot.flags().iter().filter(|flags| !flags.is_empty()).count();
    let all = async {
        while dovecot.flags().len() != 2 || marked() != 2 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.expect("the bounce is gone, the others are marked");
    assert!(acts(&here.bench, "c").contains(&"bad mailbox".to_owned()));
    let (_, said) = here.end();
    assert!(!said.contains("example") && !said.contains(&password), "{said}");
}

#[test]
fn settings_that_do_not_fit_say_so() {
    let usual = [("LISTEN", "127.0.0.1:0"), ("DOMAIN", DOMAIN), ("REPLIES_TO", READER)];
    for (without, changed, word) in [
        ("DOMAIN", None, "bounce.domain"),
        ("REPLIES_TO", None, "bounce.replies_to"),
        ("", Some(("REPLIES_TO", "team@bounce.unit.example")), "bounce.replies_to"),
        ("", Some(("REPLIES_TO", "nobody")), "bounce.replies_to"),
        ("", Some(("KEY_FILE", "key.pem")), "bounce.certificate_file"),
        ("", Some(("PROTOCOL", "uucp")), "bounce.protocol"),
        ("", Some(("MAILBOX__HOST", "mail.unit.example")), "bounce.mailbox.username"),
        ("", Some(("MAILBOX__EVERY", "1s")), "bounce.mailbox.every"),
    ] {
        let mut bench = Bench::new().with("UNDISCLOSED_RELAY__URL", "smtp://127.0.0.1:9");
        for (name, value) in usual.into_iter().filter(|(name, _)| *name != without).chain(changed) {
            bench = bench.with(&format!("UNDISCLOSED_BOUNCE__{name}"), value);
        }
        let ran = bench.run(&["serve", "--json"]).exits(2);
        let message = ran.json()["error"]["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(word), "{message}");
        assert!(!message.contains('@'), "{message}");
    }
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = taken.local_addr().expect("its address").to_string();
    let mut bench = Bench::new().with("UNDISCLOSED_RELAY__URL", "smtp://127.0.0.1:9");
    for (name, value) in usual {
        bench =
            bench.with(&format!("UNDISCLOSED_BOUNCE__{name}"), if name == "LISTEN" { &at } else { value });
    }
    let bench = bench
        .with("UNDISCLOSED_CONSOLE__LISTEN", "127.0.0.1:0")
        .with("UNDISCLOSED_HEALTH__LISTEN", "127.0.0.1:0");
    let ran = bench.run(&["serve", "--json"]).exits(2);
    assert!(ran.json()["error"]["message"].as_str().expect("a message").contains("bounce.listen"), "{ran:?}");
}
