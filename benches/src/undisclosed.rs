//! The program itself, as a user runs it: from a spreadsheet, merged, built, proved, with every intent durable before
//! its final dot.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::Run;
use crate::cpu::cpu_seconds;
use crate::sink::Sink;

/// Sends what [`Installation::write_campaign`] wrote.
pub const SEND: [&str; 8] =
    ["send", "people.csv", "message.md", "--name", "c", "--json", "--acknowledge", "all"];

/// DKIM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signing {
    None,
    Ed25519,
    Rsa2048,
}

impl Signing {
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "no DKIM",
            Self::Ed25519 => "DKIM with Ed25519",
            Self::Rsa2048 => "DKIM with RSA-2048",
        }
    }

    /// A key of the tests.
    const fn key(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Ed25519 => {
                Some(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/message/tests/data/ed25519.pem"))
            }
            Self::Rsa2048 => {
                Some(concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/message/tests/data/rsa2048.pem"))
            }
        }
    }
}

/// What a campaign came to.
pub struct Sent {
    pub run: Run,
    /// Until a connection's intent is durable: the commit before it, and its own.
    pub intent_seconds: f64,
    /// A commit by itself.
    pub commit_seconds: f64,
    pub reply_seconds: f64,
}

/// An installation of its own.
pub struct Installation {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Installation {
    pub fn new(program: &Path, signing: Signing) -> Self {
        let program = program.canonicalize().expect("the program is built: make build");
        let folder = tempfile::tempdir().expect("a folder");
        let installation = Self { folder, program };
        installation.run(&["init"]);
        if let Some(key) = signing.key() {
            let settings =
                format!("[[dkim]]\ndomain = \"unit.example\"\nselector = \"bench\"\nkey_file = \"{key}\"\n");
            installation.write("undisclosed.toml", &settings);
        }
        installation
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("a file");
    }

    /// The program in it, with one person who decides alone.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(args).current_dir(self.folder.path()).env("UNDISCLOSED_APPROVAL__REQUIRED", "false");
        command
    }

    fn run(&self, args: &[&str]) -> Vec<u8> {
        let ran = self.command(args).output().expect("the program");
        let said = [&ran.stdout[..], &ran.stderr].map(String::from_utf8_lossy).concat();
        assert!(ran.status.success(), "{args:?}: {}: {said}", ran.status);
        ran.stdout
    }

    /// People and a message, for [`SEND`].
    pub fn write_campaign(&self, messages: usize, octets: usize) {
        let mut people = String::from("email,first_name,reference\n");
        for n in 0..messages {
            writeln!(people, "person{n}@mail{}.example,First{n},{n}/11", n % 97).expect("to memory");
        }
        self.write("people.csv", &people);
        // A text and an HTML part of the same words: together the octets of a message.
        let message = format!(
            "---\nsubject: Your experience with us\nfrom: Survey team <survey@unit.example>\n---\n{}\n",
            body(octets * 2 / 7)
        );
        self.write("message.md", &message);
    }

    /// Sends to so many people. The time is that of sending alone, as the program gives it; the CPU time that of the
    /// whole command: it reads the spreadsheet, and builds and proves every message twice.
    pub fn send(&self, messages: usize, connections: usize, octets: usize) -> Sent {
        self.write_campaign(messages, octets);
        let sink = Sink::start();
        let (_, before) = cpu_seconds();
        let url = format!("smtp://{}", sink.address());
        let connections = connections.to_string();
        let args = [&SEND[..], &["--smtp", &url, "--connections", &connections]].concat();
        let object: Value = serde_json::from_slice(&self.run(&args)).expect("JSON");
        let number = |name: &str| object[name].as_f64().unwrap_or_else(|| panic!("{name} in {object}"));
        assert!(number("accepted") as usize == messages);
        Sent {
            run: Run { seconds: number("sending_seconds"), cpu_seconds: cpu_seconds().1 - before },
            intent_seconds: number("intent_ms") / 1e3,
            commit_seconds: number("commit_ms") / 1e3,
            reply_seconds: number("reply_ms") / 1e3,
        }
    }
}

/// Words, so many octets, with a person's name in them.
pub fn body(octets: usize) -> String {
    let words =
        "how did we do when you wrote to us about what had happened, and what could have gone better ";
    let text = words.repeat(octets.div_ceil(words.len()));
    format!("Dear {{{{ first_name }}}},\n\n{}\n", &text[..octets.min(text.len())])
}
