//! An installation in a folder of its own, and the program run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use lab::Behaviour;
use serde_json::Value;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_undisclosed");

pub(crate) const MESSAGE: &str = "---\nsubject: Your experience with us\nfrom: Survey team <survey@unit.example>\n\
    reply-to: answers@unit.example\n---\nDear {{ first_name }} {{ last_name }},\n\nabout your reference \
    {{ crime_reference }}: how did we do? [Answer here](https://survey.unit.example/{{ crime_reference }}).\n";

/// An installation.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
    database: Option<testkit::Postgres>,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        let text = |octets| String::from_utf8(octets).expect("UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The one line of JSON on standard output.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.out.trim().lines().count(), 1, "one line of JSON: {self:?}");
        serde_json::from_str(&self.out).expect("JSON")
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}\n{}", self.out, self.err);
        self
    }
}

impl Bench {
    /// A fresh installation on SQLite, in which one person decides alone.
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().expect("a folder"),
            // Quick retries; a setting from the environment, as the contract has it.
            variables: vec![
                ("UNDISCLOSED_DELIVERY__RETRY_FIRST".into(), "200ms".into()),
                ("UNDISCLOSED_DELIVERY__RETRY_MAX".into(), "1s".into()),
                ("UNDISCLOSED_APPROVAL__REQUIRED".into(), "false".into()),
            ],
            database: None,
        };
        bench.run(&["init"]).exits(0);
        bench
    }

    /// A fresh installation on a PostgreSQL of its own.
    pub(crate) fn on_postgres() -> Self {
        let mut bench = Self::new();
        let server = testkit::Postgres::start();
        bench = bench.with("UNDISCLOSED_DATABASE", server.url());
        bench.database = Some(server);
        bench
    }

    /// Its PostgreSQL.
    pub(crate) fn server(&self) -> &testkit::Postgres {
        self.database.as_ref().expect("a PostgreSQL")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("a file");
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        // No test asks a name server outside.
        command.env("UNDISCLOSED_DNS__RESOLVER", "none");
        command.env_remove("RUST_BACKTRACE").envs(self.variables.iter().cloned());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Ran::of(self.command(args).output().expect("the program runs"))
    }

    /// The program in the background; its answer is read by [`finish`].
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts")
    }

    /// The incident's people and the usual message.
    pub(crate) fn with_incident(self) -> Self {
        fs::copy(demo_file("people.csv"), self.path("people.csv")).expect("the people");
        self.write("message.md", MESSAGE);
        self
    }

    /// Invented people, so many.
    pub(crate) fn with_people(self, number: usize) -> Self {
        self.write("people.csv", people(number));
        self.write("message.md", MESSAGE);
        self
    }

    /// The state of a campaign, by the program itself.
    #[track_caller]
    pub(crate) fn status(&self, name: &str) -> Value {
        self.run(&["status", name, "--json"]).exits(0).json()
    }
}

/// Sends a signal to a program in the background.
pub(crate) fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill").args([&format!("-{name}"), &child.id().to_string()]).status();
    assert!(sent.expect("kill").success(), "the program is there");
}

/// The usual campaign, to this server.
pub(crate) fn send<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let usual = ["send", "people.csv", "message.md", "--name", "c", "--json", "--smtp", url];
    [&usual[..], more].concat()
}

/// What was done to a campaign by the ledger, in order.
pub(crate) fn acts(bench: &Bench, subject: &str) -> Vec<String> {
    let listed = bench.run(&["ledger", "list", "--subject", subject, "--json"]).exits(0).json();
    let entries = listed["entries"].as_array().expect("entries");
    entries.iter().map(|entry| entry["act"].as_str().expect("an act").to_owned()).collect()
}

/// Waits for a program in the background.
pub(crate) fn finish(child: Child) -> Ran {
    Ran::of(child.wait_with_output().expect("the program ends"))
}

/// A file of the demo: the incident as data.
pub(crate) fn demo_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("demo").join(name)
}

/// So many people, each with an address of their own.
pub(crate) fn people(number: usize) -> String {
    let mut csv = String::from("email,first_name,last_name,crime_reference,safe_to_email\n");
    for n in 0..number {
        csv.push_str(&format!("person{n}@mail{}.example,First{n},Last{n},{n}/11,yes\n", n % 7));
    }
    csv
}

/// The numbers of the campaign object that must sum to the total.
#[track_caller]
pub(crate) fn count(object: &Value, name: &str) -> u64 {
    object[name].as_u64().unwrap_or_else(|| panic!("{name} in {object}"))
}

#[track_caller]
pub(crate) fn sums(object: &Value) {
    let parts = ["accepted", "failed", "deferred", "in_doubt", "suppressed", "held", "queued"];
    assert_eq!(parts.iter().map(|name| count(object, name)).sum::<u64>(), count(object, "total"), "{object}");
}

/// A server that takes so many milliseconds for each message.
pub(crate) fn slow(milliseconds: u64) -> Behaviour {
    Behaviour { delay_per_message: Duration::from_millis(milliseconds), ..Behaviour::default() }
}
