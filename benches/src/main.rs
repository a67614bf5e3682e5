//! Sending 10,000 personalised messages of 2 kB to `smtp-sink`, 20 connections, beside its peers, in one run:
//! `make bench`. Prints a table in Markdown; and below it one of workers that share a PostgreSQL.
//!
//! Arguments: the program, and `peers` or `postgres` for one of the tables alone.

mod cpu;
mod disk;
mod peers;
mod postgres;
mod sink;
mod undisclosed;

use std::path::{Path, PathBuf};

use crate::undisclosed::{Installation, Signing};

/// Messages of one run.
const MESSAGES: usize = 10_000;
/// Connections at once.
const CONNECTIONS: usize = 20;
/// Runs; the table has the median of each.
const ROUNDS: usize = 5;
/// Octets of a message, about: what smtp-source is told, and what the others make with their headers.
const OCTETS: usize = 2_048;

/// One sender's run.
#[derive(Debug, Clone, Copy)]
struct Run {
    seconds: f64,
    /// CPU time of the sender's process, user and system.
    cpu_seconds: f64,
}

/// What a sender came to over all rounds.
struct Row {
    name: String,
    runs: Vec<Run>,
}

impl Row {
    fn median(&self, of: impl Fn(&Run) -> f64) -> f64 {
        median(self.runs.iter().map(of).collect())
    }

    fn rate(&self) -> f64 {
        MESSAGES as f64 / self.median(|run| run.seconds)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let program = PathBuf::from(std::env::args().nth(1).expect("the program: target/release/undisclosed"));
    let only = std::env::args().nth(2);
    match only.as_deref() {
        None => {
            beside_peers(&program, folder.path());
            println!();
            postgres::table(&program, folder.path());
        }
        Some("peers") => beside_peers(&program, folder.path()),
        Some("postgres") => postgres::table(&program, folder.path()),
        Some(other) => panic!("{other}: neither peers nor postgres"),
    }
}

fn beside_peers(program: &Path, folder: &Path) {
    let text = folder.join("body.txt");
    std::fs::write(&text, undisclosed::body(OCTETS)).expect("a file");
    let signings = [Signing::None, Signing::Ed25519, Signing::Rsa2048];
    let mut rows: Vec<Row> =
        ["smtp-source -d -s 20", "lettre, 20 connections, TCP_NODELAY", "nodemailer, pool of 20"]
            .into_iter()
            .map(str::to_owned)
            .chain(signings.iter().map(|signing| format!("Undisclosed, {}", signing.word())))
            .map(|name| Row { name, runs: Vec::new() })
            .collect();
    let (mut disk, mut bounds, mut ideals) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        eprintln!("round {} of {ROUNDS}", round + 1);
        disk.push(disk::syncs_per_second(folder));
        rows[0].runs.push(peers::smtp_source(MESSAGES, CONNECTIONS, OCTETS));
        rows[1].runs.push(peers::lettre(MESSAGES, CONNECTIONS, &text));
        rows[2].runs.push(peers::nodemailer(MESSAGES, CONNECTIONS, &text));
        for (place, signing) in signings.iter().enumerate() {
            let sent = Installation::new(program, *signing).send(MESSAGES, CONNECTIONS, OCTETS);
            rows[3 + place].runs.push(sent.run);
            if *signing == Signing::None {
                bounds.push(CONNECTIONS as f64 / (sent.intent_seconds + sent.reply_seconds));
                ideals.push(CONNECTIONS as f64 / (sent.commit_seconds + sent.reply_seconds));
            }
        }
    }
    table(&rows, median(disk), median(bounds), median(ideals));
}

/// `bound`: connections ÷ (until the intent is durable + reply); `ideal`: as if no connection waited for the commit of
/// others before its own.
fn table(rows: &[Row], disk: f64, bound: f64, ideal: f64) {
    let peer = rows[0].rate();
    println!("| sender | messages/s | of smtp-source | CPU a message |");
    println!("|---|---|---|---|");
    for row in rows {
        let cpu = row.median(|run| run.cpu_seconds) / MESSAGES as f64 * 1e6;
        println!("| {} | {:.0} | {:.2} | {cpu:.0} µs |", row.name, row.rate(), row.rate() / peer);
    }
    let ours = rows[3].rate();
    println!();
    println!("fdatasync of 4 kB in the same minutes: {disk:.0}/s.");
    println!(
        "Bound of one intent a connection, {CONNECTIONS} ÷ (intent durable + reply): {bound:.0}/s; reached without DKIM: \
         {:.0} %. If no connection waited for the commit before its own: {ideal:.0}/s; {:.0} % of it.",
        100.0 * ours / bound,
        100.0 * ours / ideal
    );
}
