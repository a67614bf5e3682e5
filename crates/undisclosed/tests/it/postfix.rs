//! Through a real Postfix, and looked at by scripts that share no code with us.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use lab::{Behaviour, Server};

use crate::bench::{Bench, count, demo_file};
use crate::postfix_server::{Postfix, run};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("scripts").join(name)
}

/// Writes what the next hop received, a file a message and its envelope, for a script to look at.
fn dump(server: &Server, folder: &Path) {
    fs::create_dir_all(folder).expect("a folder");
    for message in server.mailbox().received() {
        fs::write(folder.join(format!("{}.eml", message.number)), &message.bytes).expect("written");
        fs::write(folder.join(format!("{}.rcpt", message.number)), message.recipients.join("\n"))
            .expect("written");
    }
}

/// Key files, and the settings that name them.
fn dkim(bench: &Bench) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../message/tests/data");
    let mut settings = String::new();
    for (selector, file) in [("rsa", "rsa2048.pem"), ("ed", "ed25519.pem")] {
        let key = bench.path(file);
        fs::copy(data.join(file), &key).expect("a key");
        settings.push_str(&format!(
            "[[dkim]]\ndomain = \"unit.example\"\nselector = \"{selector}\"\nkey_file = \"{}\"\n",
            key.display()
        ));
    }
    settings
}

#[tokio::test(flavor = "multi_thread")]
async fn the_incident_through_postfix_shows_nobody_to_anybody() {
    let next_hop =
        Server::start(Behaviour { single_recipient: true, ..Behaviour::default() }).await.expect("a server");
    let postfix = Postfix::start(&next_hop, "");
    let bench = Bench::new().with_incident();
    bench.write("undisclosed.toml", dkim(&bench));
    let url = postfix.url();
    let args = [
        "send",
        "people.csv",
        "message.md",
        "--name",
        "c",
        "--smtp",
        &url,
        "--shared-address",
        "each",
        "--acknowledge",
        "all",
        "--json",
    ];
    let object = bench.run(&args).exits(0).json();
    assert_eq!(count(&object, "accepted"), 1136);
    next_hop.mailbox().wait_for(1136).await;
    dump(&next_hop, &bench.path("received"));
    // Debian's own Python: the packages python3-dkim and python3-nacl are for that one.
    run(Command::new("/usr/bin/python3")
        .arg(script("look_at_messages.py"))
        .arg(demo_file("people.csv"))
        .arg(bench.path("received"))
        .arg(bench.path("rsa2048.pem"))
        .arg(bench.path("ed25519.pem")));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_beyond_ascii_through_postfix() {
    let next_hop = Server::start(Behaviour::default()).await.expect("a server");
    let postfix = Postfix::start(&next_hop, "");
    let bench = Bench::new().with_people(1);
    bench.write("people.csv", "email,first_name,last_name,crime_reference,safe_to_email\nzoë@bücher.example,Zoë,Ångström,1/11,yes\nann@bücher.example,Ann,Lee,2/11,yes\n");
    let url = postfix.url();
    bench.run(&["send", "people.csv", "message.md", "--name", "c", "--smtp", &url]).exits(0);
    next_hop.mailbox().wait_for(2).await;
    let mut recipients: Vec<String> =
        next_hop.mailbox().received().iter().flat_map(|m| m.recipients.clone()).collect();
    recipients.sort();
    assert_eq!(recipients, ["ann@xn--bcher-kva.example", "zoë@xn--bcher-kva.example"]);
    assert_eq!(next_hop.mailbox().received().iter().filter(|m| m.smtputf8).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_with_postfix_is_verified() {
    let authority = testkit::Authority::default();
    for (certificate, works) in [
        (authority.good("localhost"), true),
        (authority.expired("localhost"), false),
        (authority.good("elsewhere.example"), false),
    ] {
        let next_hop = Server::start(Behaviour::default()).await.expect("a server");
        let bench = Bench::new().with_people(3);
        bench.write("authority.pem", authority.pem());
        bench.write("chain.pem", &certificate.chain);
        bench.write("key.pem", &certificate.key);
        let more = format!(
            "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {}, {}\n",
            bench.path("key.pem").display(),
            bench.path("chain.pem").display()
        );
        let postfix = Postfix::start(&next_hop, &more);
        let bench = bench.with("UNDISCLOSED_RELAY__CA_FILE", "authority.pem");
        let url = format!("{}?tls=required", postfix.url());
        let ran = bench.run(&["send", "people.csv", "message.md", "--name", "c", "--smtp", &url, "--json"]);
        let object = ran.exits(if works { 0 } else { 3 }).json();
        let (state, accepted) = (object["state"].as_str().expect("a state"), count(&object, "accepted"));
        assert_eq!((state, accepted), if works { ("done", 3) } else { ("paused", 0) }, "{object}");
    }
}
