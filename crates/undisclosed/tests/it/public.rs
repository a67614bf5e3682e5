//! The public pages as the internet meets them: from the link in a message that arrived to a campaign that is under way.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Child;

use lab::{Behaviour, Server};

use crate::bench::{Bench, Ran, acts, count, finish, signal, slow, sums};

const ONE_CLICK: &str = "List-Unsubscribe=One-Click";
const TOKEN_CHARS: usize = 39;

/// An installation with public pages, being served.
struct Served {
    bench: Bench,
    serving: Child,
    at: String,
    said: String,
}

impl Served {
    fn start(bench: Bench) -> Self {
        // The links in messages have the port, so it is known before anything listens.
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let at = free.local_addr().expect("its address").to_string();
        drop(free);
        let bench = bench
            .with("UNDISCLOSED_PUBLIC__URL", &format!("http://{at}"))
            .with("UNDISCLOSED_PUBLIC__LISTEN", &at)
            .with("UNDISCLOSED_CONSOLE__LISTEN", "127.0.0.1:0")
            .with("UNDISCLOSED_HEALTH__LISTEN", "127.0.0.1:0")
            .with("UNDISCLOSED_DELIVERY__CONNECTIONS", "1");
        let mut serving = bench.spawn(&["serve", "--json"]);
        let mut said = String::new();
        let out = serving.stdout.as_mut().expect("its output");
        BufReader::with_capacity(1, out).read_line(&mut said).expect("a line");
        Self { bench, serving, at, said }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(&self.at).expect("it listens");
        let form = "Content-Type: application/x-www-form-urlencoded";
        let (at, length) = (&self.at, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n{form}\r\nContent-Length: {length}"
        );
        write!(stream, "{head}\r\n\r\n{body}").expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, answer)
    }

    /// Ctrl-C; everything that the process said.
    fn end(self) -> String {
        signal(&self.serving, "INT");
        let Ran { code, out, err } = finish(self.serving);
        assert_eq!(code, Some(0), "{err}");
        self.said + &out + &err
    }

    /// The octets of the database: whatever is written changes them.
    fn database(&self) -> Vec<Vec<u8>> {
        let read = |name: &str| fs::read(self.bench.path("data").join(name)).unwrap_or_default();
        vec![read("undisclosed.db"), read("undisclosed.db-wal")]
    }
}

/// The token in a message that somebody got.
fn token(server: &Server, to: &str) -> String {
    let received = server.mailbox().received();
    let message = received.iter().rfind(|m| m.recipients.iter().any(|r| r == to)).expect("their message");
    let text = String::from_utf8_lossy(&message.bytes).replace("=\r\n", "");
    let (_, rest) = text.split_once("/preferences/").expect("a link");
    rest[..TOKEN_CHARS].to_owned()
}

/// A message to one of them alone, whose link is then known.
fn written_to(served: &Served, server: &Server, who: &str) -> String {
    served.bench.write(
        "one.csv",
        format!("email,first_name,last_name,crime_reference,safe_to_email\n{who},A,B,1/11,yes\n"),
    );
    let url = server.url();
    served
        .bench
        .run(&["send", "one.csv", "message.md", "--name", "one", "--smtp", &url, "--acknowledge", "all"])
        .exits(0);
    token(server, who)
}

async fn unsubscribe_while_sending_on(bench: Bench) {
    let server = Server::start(slow(15)).await.expect("a server");
    let served = Served::start(bench.with_people(300));
    let last = "person299@mail5.example";
    let token = written_to(&served, &server, last);
    let before = server.mailbox().received().len();
    let url = server.url();
    let sending =
        served.bench.spawn(&["send", "people.csv", "message.md", "--name", "c", "--smtp", &url, "--json"]);
    server.mailbox().wait_for(before + 20).await;
    for _ in 0..2 {
        let (status, answer) = served.ask("POST", &format!("/unsubscribe/{token}"), ONE_CLICK);
        assert!(status == 200 && answer.ends_with("Unsubscribed.\n"), "{answer}");
    }
    assert!(server.mailbox().received().len() < before + 290, "the campaign is under way");
    let object = finish(sending).exits(3).json();
    sums(&object);
    assert_eq!((count(&object, "accepted"), count(&object, "suppressed")), (299, 1));
    let received = server.mailbox().received();
    assert_eq!(
        received.iter().filter(|m| m.recipients.iter().any(|r| r == last)).count(),
        1,
        "the first alone"
    );
    assert_eq!(acts(&served.bench, "one").iter().filter(|act| *act == "unsubscribe").count(), 1);
    // The next campaign leaves them out from the start.
    served.bench.write("message.md", crate::bench::MESSAGE.replace("how did we do", "and now"));
    let next =
        served.bench.run(&["send", "people.csv", "message.md", "--name", "d", "--smtp", &url, "--json"]);
    assert_eq!(count(&next.exits(3).json(), "suppressed"), 1);
    served.bench.run(&["ledger", "verify"]).exits(0);
    assert!(!served.end().contains(&token), "no output has the token");
}

#[tokio::test(flavor = "multi_thread")]
async fn unsubscribe_while_sending() {
    unsubscribe_while_sending_on(Bench::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unsubscribe_while_sending_on_postgres() {
    unsubscribe_while_sending_on(Bench::on_postgres()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_at_public_pages_changes_no_octet_of_the_database() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let served = Served::start(Bench::new().with_people(3));
    let token = written_to(&served, &server, "person1@mail1.example");
    let before = served.database();
    let forged = "a".repeat(TOKEN_CHARS);
    for route in ["/preferences/{token}", "/unsubscribe/{token}", "/{token}"] {
        for token in [token.as_str(), &forged, "x"] {
            let path = route.replace("{token}", token);
            for query in ["", "?lang=cy", "?r=x", "?confirm=stop&List-Unsubscribe=One-Click"] {
                let path = format!("{path}{query}");
                let (status, _) = served.ask("GET", &path, "");
                assert_eq!(served.ask("HEAD", &path, "").0, status, "{path}");
            }
        }
    }
    assert!(served.database() == before, "looking wrote to the database");
    let (status, _) = served.ask("POST", &format!("/preferences/{token}"), "confirm=telephone");
    assert_eq!(status, 303);
    assert!(served.database() != before, "and writing would be seen");
    served.end();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_chooses_is_kept_in_every_list_that_has_them() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let served = Served::start(Bench::new().with_people(3));
    let (bench, url) = (&served.bench, server.url());
    bench.write("message.cy.md", "---\nsubject: Eich profiad\n---\nAnnwyl {{ first_name }}\n");
    bench.run(&["import", "other", "people.csv"]).exits(0);
    let token = written_to(&served, &server, "person1@mail1.example");
    let path = format!("/preferences/{token}");
    let (_, page) = served.ask("POST", &path, "choice=language");
    assert!(page.contains("value=\"cy\""), "{page}");
    assert_eq!(served.ask("POST", &path, "confirm=language&language=cy").0, 303);
    bench.run(&["send", "other", "message.md", "--name", "c", "--smtp", &url]).exits(0);
    let received = server.mailbox().received();
    let welsh: Vec<_> = received
        .iter()
        .filter(|m| String::from_utf8_lossy(&m.bytes).contains("Content-Language: cy"))
        .flat_map(|m| m.recipients.clone())
        .collect();
    assert_eq!(welsh, ["person1@mail1.example"]);
    assert!(served.ask("GET", &path, "").1.contains("<html lang=\"cy\""));
    // Not safe: nothing more, of whatever campaign; and nobody who opens the link undoes it, or is told.
    let before = served.ask("GET", &path, "").1;
    assert_eq!(served.ask("POST", &path, "confirm=unsafe").0, 303);
    assert_eq!(served.ask("POST", &path, "confirm=again").0, 303);
    let body = |answer: &str| answer.split_once("\r\n\r\n").expect("a body").1.to_owned();
    assert_eq!(body(&served.ask("GET", &path, "").1), body(&before));
    bench.write("message.md", crate::bench::MESSAGE.replace("how did we do", "and now"));
    let object =
        bench.run(&["send", "other", "message.md", "--name", "d", "--smtp", &url, "--json"]).exits(3).json();
    assert_eq!((count(&object, "accepted"), count(&object, "suppressed")), (2, 1));
    assert_eq!(acts(bench, "one")[..].last().map(String::as_str), Some("not safe"), "nothing was withdrawn");
    // Once the list is forgotten the link is nobody's.
    bench.run(&["forget", "one", "--yes"]).exits(0);
    assert_eq!(served.ask("GET", &path, "").0, 404);
    served.end();
}

#[test]
fn public_pages_want_an_address_that_is_in_the_messages() {
    for (variables, fits) in [
        (&[("LISTEN", "127.0.0.1:0")][..], false),
        (&[("LISTEN", "127.0.0.1:0"), ("URL", "http://surveys.example")], false),
        (&[("LISTEN", "127.0.0.1:0"), ("URL", "https://surveys.example/path")], false),
        (&[("URL", "http://127.0.0.1:8082")], false),
        (&[("URL", "https://surveys.example/path")], true),
        (&[("LISTEN", "127.0.0.1:0"), ("URL", "https://surveys.example")], true),
        (&[("LISTEN", "127.0.0.1:0"), ("URL", "http://127.0.0.1:8082")], true),
    ] {
        let mut bench = Bench::new();
        for (name, value) in variables {
            bench = bench.with(&format!("UNDISCLOSED_PUBLIC__{name}"), value);
        }
        let ran = bench.run(&["import", "none", "none.csv", "--json"]).exits(2);
        assert_eq!(ran.json()["error"]["code"] != "settings", fits, "{variables:?}: {ran:?}");
    }
}

#[test]
fn proxies_are_named_by_address() {
    for (trusted, fits) in [("127.0.0.1,10.0.0.0/8", true), ("proxy.unit.example", false), ("*", false)] {
        let bench = Bench::new().with("UNDISCLOSED_PROXY__TRUSTED", trusted);
        let ran = bench.run(&["import", "none", "none.csv", "--json"]).exits(2);
        assert_eq!(ran.json()["error"]["code"] != "settings", fits, "{trusted}: {ran:?}");
    }
}

#[test]
fn a_message_with_the_link_needs_public_pages() {
    let bench = Bench::new().with_people(2);
    bench
        .write("message.md", format!("{}[Your choices]({{{{ preferences_url }}}})\n", crate::bench::MESSAGE));
    let ran = bench.run(&["check-campaign", "people.csv", "message.md"]);
    assert!(ran.code == Some(2) && ran.err.contains("public.url"), "{ran:?}");
    let bench = bench.with("UNDISCLOSED_PUBLIC__URL", "https://surveys.example");
    bench.run(&["check-campaign", "people.csv", "message.md"]).exits(0);
}
