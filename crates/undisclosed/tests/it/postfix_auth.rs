//! Logging in to a real Postfix, whose passwords Cyrus SASL keeps: each mechanism in turn is the only one offered.
//!
//! XOAUTH2 is not here: Debian has no plugin for a server that takes it. `delivery/tests/relay` tries it against the
//! lab's server.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use data_encoding::BASE64;
use lab::{Behaviour, Server};

use crate::bench::{Bench, Ran, count};
use crate::postfix_server::{Postfix, run};

const MECHANISMS: [&str; 3] = ["PLAIN", "LOGIN", "SCRAM-SHA-256"];
const USER: &str = "clerk@unit.example";
const PASSWORD: &str = "correct horse, \u{e9}toile";
const WRONG: &str = "wrong horse battery";

/// A Postfix that relays for whoever has logged in, over TLS, by this mechanism.
fn postfix(bench: &Bench, next_hop: &Server, mechanism: &str) -> Postfix {
    let authority = testkit::Authority::default();
    let certificate = authority.good("localhost");
    bench.write("authority.pem", authority.pem());
    bench.write("chain.pem", &certificate.chain);
    bench.write("key.pem", &certificate.key);
    let sasl = bench.path("sasl");
    fs::create_dir(&sasl).expect("a folder");
    let passwords = sasl.join("sasldb2");
    add_user(&passwords);
    // Postfix asks for passwords after it has dropped its rights.
    run(Command::new("chown").arg("-R").arg("postfix").arg(&sasl));
    run(Command::new("chmod").arg("a+x").arg(bench.path(".")));
    let more = format!(
        "smtpd_tls_security_level = may\nsmtpd_tls_chain_files = {}, {}\nsmtpd_sasl_auth_enable = yes\n\
         smtpd_tls_auth_only = yes\nsmtpd_sasl_path = smtpd\n\
         cyrus_sasl_config_path = $config_directory/sasl\nsmtpd_relay_restrictions = permit_sasl_authenticated, reject\n",
        bench.path("key.pem").display(),
        bench.path("chain.pem").display(),
    );
    let sasl = format!(
        "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: {}\nmech_list: {mechanism}\n",
        passwords.display()
    );
    Postfix::start_with(next_hop, &more, &sasl)
}

fn add_user(passwords: &Path) {
    let (user, realm) = USER.split_once('@').expect("a realm");
    let mut child = Command::new("saslpasswd2")
        .args(["-p", "-c", "-u", realm, "-f"])
        .arg(passwords)
        .arg(user)
        .stdin(Stdio::piped())
        .spawn()
        .expect("saslpasswd2 is not installed: install the package `sasl2-bin`, or run `make test`");
    child.stdin.take().expect("a pipe").write_all(PASSWORD.as_bytes()).expect("written");
    assert!(child.wait().expect("it ends").success());
}

/// Three people, and a relay to log in to. A server that keeps saying "later" must not keep the test waiting.
fn bench(mechanism: &str) -> Bench {
    Bench::new()
        .with_people(3)
        .with("UNDISCLOSED_RELAY__CA_FILE", "authority.pem")
        .with("UNDISCLOSED_RELAY__USERNAME", USER)
        .with("UNDISCLOSED_RELAY__PASSWORD_FILE", "password")
        .with("UNDISCLOSED_RELAY__AUTH", &mechanism.to_lowercase())
        .with("UNDISCLOSED_DELIVERY__GIVE_UP_AFTER", "20s")
}

fn send(bench: &Bench, postfix: &Postfix) -> Ran {
    let url = format!("{}?tls=required", postfix.url());
    bench.run(&["send", "people.csv", "message.md", "--name", "c", "--smtp", &url, "--json"])
}

/// Neither as it is nor as the mechanisms send it (RFC 4616 §2; LOGIN).
#[track_caller]
fn shows_no_password(ran: &Ran, postfix: &Postfix) {
    for password in [PASSWORD, WRONG] {
        let plain = BASE64.encode(format!("\0{USER}\0{password}").as_bytes());
        for form in [password, &plain, &BASE64.encode(password.as_bytes())] {
            for text in [&ran.out, &ran.err, &postfix.log()] {
                assert!(!text.contains(form), "a password is shown");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_mechanism_that_a_real_server_offers() {
    for mechanism in MECHANISMS {
        let next_hop = Server::start(Behaviour::default()).await.expect("a server");
        let bench = bench(mechanism);
        let postfix = postfix(&bench, &next_hop, mechanism);
        bench.write("password", PASSWORD);
        let ran = send(&bench, &postfix).exits(0);
        assert_eq!(count(&ran.json(), "accepted"), 3, "{mechanism}");
        next_hop.mailbox().wait_for(3).await;
        let logged_in = format!("sasl_method={mechanism}, sasl_username={USER}");
        assert_eq!(postfix.log().matches(&logged_in).count(), 3, "{mechanism}: {}", postfix.log());
        shows_no_password(&ran, &postfix);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_pauses_and_fails_nobody() {
    for mechanism in MECHANISMS {
        let next_hop = Server::start(Behaviour::default()).await.expect("a server");
        let bench = bench(mechanism);
        let postfix = postfix(&bench, &next_hop, mechanism);
        bench.write("password", WRONG);
        let ran = send(&bench, &postfix).exits(3);
        let object = ran.json();
        assert_eq!(object["state"], "paused", "{mechanism}: {object}");
        assert_eq!((count(&object, "queued"), count(&object, "failed")), (3, 0), "{mechanism}: {object}");
        let refused = format!("SASL {mechanism} authentication failed");
        assert!(postfix.log().contains(&refused), "{mechanism}: {}", postfix.log());
        assert!(next_hop.mailbox().received().is_empty());
        shows_no_password(&ran, &postfix);
        // With the right password the campaign goes on where it stopped.
        bench.write("password", PASSWORD);
        let resumed = bench.run(&["resume", "c", "--json"]).exits(0);
        assert_eq!(count(&resumed.json(), "accepted"), 3, "{mechanism}");
        next_hop.mailbox().wait_for(3).await;
        shows_no_password(&resumed, &postfix);
    }
}
