//! The whole story with names and addresses that stand nowhere else: none of them is found in anything that the program says.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use lab::{Behaviour, Reaction, Rule, Server, Stage, When};
use serde_json::Value;

use crate::bench::{Bench, Ran, count, finish, signal};

const PEOPLE: usize = 6;
/// Stands in each name, address, reference and reply.
const CANARY: &str = "zqxcanary";
const PATIENCE: Duration = Duration::from_secs(60);

fn address(n: usize) -> String {
    format!("{CANARY}.person{n}@{CANARY}{n}.example")
}

fn list() -> String {
    let mut csv = String::from("email,first_name,last_name,crime_reference,safe_to_email\n");
    for n in 0..PEOPLE {
        csv += &format!("{},First{CANARY},Last{CANARY},{CANARY}/{n},yes\n", address(n));
    }
    // Rows that cannot be used, with what stands in them.
    csv + &format!("not an address {CANARY},A,B,1/11,yes\n{CANARY}@,A,B,1/11,maybe {CANARY}\n")
}

/// Everything that was said, by whom it was.
#[derive(Default)]
struct Said(Vec<(String, String)>);

impl Said {
    fn note(&mut self, what: &str, text: String) {
        self.0.push((what.to_owned(), text));
    }

    fn ran(&mut self, what: &str, ran: Ran) -> Ran {
        self.note(what, format!("{}{}", ran.out, ran.err));
        ran
    }
}

fn get(at: &str, request: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(at).expect("it listens");
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    write!(stream, "{head}{body}").expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

/// Brings a message; the last reply.
fn bring(at: &str, from: &str, to: &str, message: &str) -> String {
    let stream = TcpStream::connect(at).expect("it listens");
    let mut lines = BufReader::new(stream.try_clone().expect("the same")).lines();
    let mut reply = || loop {
        let line = lines.next().expect("a reply").expect("text");
        if line.as_bytes().get(3) != Some(&b'-') {
            return line;
        }
    };
    reply();
    for line in ["EHLO x", &format!("MAIL FROM:<{from}>"), &format!("RCPT TO:<{to}>"), "DATA"] {
        write!(&stream, "{line}\r\n").expect("it is sent");
        let said = reply();
        if !said.starts_with(['2', '3']) {
            return said;
        }
    }
    write!(&stream, "{message}\r\n.\r\n").expect("it is sent");
    reply()
}

fn rules() -> Vec<Rule> {
    let says = |n: usize, code: &str| format!("{code} <{}>: {CANARY} says no", address(n));
    vec![
        Rule::new(Stage::Rcpt, When::Recipient(address(0)), Reaction::reply(&says(0, "550 5.1.1"))),
        Rule::new(
            Stage::DotBeforeRecording,
            When::Recipient(address(1)),
            Reaction::reply(&says(1, "554 5.6.0")),
        ),
        Rule::new(Stage::DotAfterRecording, When::Recipient(address(2)), Reaction::Close),
    ]
}

fn free() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("its address").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_address_or_token_is_in_anything_that_is_said() {
    let server = Server::start(Behaviour::with_rules(rules())).await.expect("a server");
    let (public, health) = (free(), free());
    let bench = Bench::new()
        .with("UNDISCLOSED_LOG__FORMAT", "json")
        .with("UNDISCLOSED_BOUNCE__DOMAIN", "bounce.unit.example")
        .with("UNDISCLOSED_BOUNCE__LISTEN", "127.0.0.1:0")
        .with("UNDISCLOSED_BOUNCE__REPLIES_TO", "answers@unit.example")
        .with("UNDISCLOSED_PUBLIC__URL", &format!("http://{public}"))
        .with("UNDISCLOSED_PUBLIC__LISTEN", &public)
        .with("UNDISCLOSED_CONSOLE__LISTEN", "127.0.0.1:0")
        .with("UNDISCLOSED_HEALTH__LISTEN", &health)
        .with("UNDISCLOSED_RELAY__URL", &server.url())
        .with("UNDISCLOSED_SENDER__FROM", "Survey team <survey@unit.example>");
    bench.write("people.csv", list());
    bench.write("message.md", crate::bench::MESSAGE);
    let mut said = Said::default();
    said.ran("bad rows", bench.run(&["import", "list", "people.csv"]).exits(2));
    said.ran("bad rows as JSON", bench.run(&["import", "list", "people.csv", "--json"]).exits(2));
    said.ran("import", bench.run(&["import", "list", "people.csv", "--skip-bad"]).exits(0));
    said.ran("no such person", bench.run(&["preview", "list", "message.md", "--row", "99"]));
    let send = ["send", "list", "message.md", "--name", "c", "--json"];
    let sent = said.ran("send", bench.run(&send).exits(3)).json();
    assert_eq!((count(&sent, "failed"), count(&sent, "in_doubt"), count(&sent, "accepted")), (2, 1, 3));
    for (what, args) in [
        ("status", &["status", "c", "--rows"][..]),
        ("status as JSON", &["status", "c", "--rows", "--json"]),
        ("ledger", &["ledger", "list", "--json"]),
        ("verify", &["ledger", "verify"]),
        ("retention", &["retention", "--dry-run"]),
        ("an address where a name belongs", &["status", &address(0)]),
    ] {
        let ran = bench.run(args);
        // What was typed is nobody's secret to whoever typed it, but it is not said either.
        said.ran(what, ran);
    }
    let tokens = serve(&bench, &mut said, &server, (&public, &health)).await;
    for (what, text) in &said.0 {
        assert!(!text.to_lowercase().contains(CANARY), "{what}:\n{text}");
        for token in &tokens {
            assert!(!text.contains(token.as_str()), "{what} has a token");
        }
    }
    // And what is looked for would be found: it is in the messages.
    let received = server.mailbox().received();
    assert!(received.iter().all(|m| String::from_utf8_lossy(&m.bytes).to_lowercase().contains(CANARY)));
}

/// The part in `serve`: what comes back, the public pages, the numbers. The tokens that were used.
async fn serve(
    bench: &Bench,
    said: &mut Said,
    server: &Server,
    (public, health): (&str, &str),
) -> Vec<String> {
    let mut serving = bench.spawn(&["serve", "--json"]);
    let mut first = String::new();
    let out = serving.stdout.as_mut().expect("its output");
    BufReader::with_capacity(1, out).read_line(&mut first).expect("a line");
    let object: Value = serde_json::from_str(&first).expect("JSON");
    let mail = object["mail"].as_str().expect("it takes mail");
    let received = server.mailbox().received();
    let of = |n: usize| received.iter().find(|m| m.recipients == [address(n)]).expect("their message");
    let (path, other) = (of(3).reverse_path.clone(), of(4).reverse_path.clone());
    let text = String::from_utf8_lossy(&of(5).bytes).replace("=\r\n", "");
    let link = text.split_once("/preferences/").expect("a link").1[..39].to_owned();
    let bounce = format!(
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n\
         {CANARY}\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; {CANARY}.example\r\n\r\n\
         Final-Recipient: rfc822; {}\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 {CANARY}\r\n\r\n--b--\r\n",
        address(3)
    );
    let words = format!("From: {}\r\nSubject: Re: {CANARY}\r\n\r\nI am {CANARY}.\r\n", address(4));
    for (from, to, message) in [
        ("", path.as_str(), bounce.as_str()),
        (&address(4), &other, &words),
        (&address(4), &format!("{CANARY}@bounce.unit.example"), &words),
    ] {
        said.note("a reply to mail", bring(mail, from, to, message));
    }
    for (request, body) in [
        (format!("GET /preferences/{link}"), ""),
        (format!("POST /unsubscribe/{link}"), "List-Unsubscribe=One-Click"),
        (format!("POST /preferences/{link}"), "confirm=telephone"),
        (format!("GET /preferences/{}", "a".repeat(39)), ""),
        (format!("GET /{CANARY}?{CANARY}={CANARY}"), ""),
    ] {
        let answer = get(public, &request, body);
        // The person's own page has their own link in it, and nobody reads it but they.
        said.note("a public page", answer.replace(&link, "LINK"));
    }
    let counted = async {
        while count(&bench.status("c"), "bounced") == 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.expect("the bounce is counted");
    for path in ["/metrics", "/readyz"] {
        said.note(path, get(health, &format!("GET {path}"), ""));
    }
    signal(&serving, "INT");
    let Ran { code, out, err } = finish(serving);
    assert_eq!(code, Some(0), "{err}");
    let lines: Vec<Value> =
        err.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert!(lines.iter().any(|line| line["event"] == "listening" && line["time"].is_string()), "{err}");
    said.note("serve", first + &out + &err);
    said.note("the database's clear text", clear_text(bench));
    let local = |path: &str| path.split_once('@').expect("an address").0.to_owned();
    vec![link, local(&path), local(&other)]
}

/// What of the database can be read without a key.
fn clear_text(bench: &Bench) -> String {
    let read = |name: &str| fs::read(bench.path("data").join(name)).unwrap_or_default();
    let octets = [read("undisclosed.db"), read("undisclosed.db-wal")].concat();
    octets.into_iter().map(|octet| if octet.is_ascii_graphic() { char::from(octet) } else { ' ' }).collect()
}
