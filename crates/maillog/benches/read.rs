//! How fast a log is read: `cargo bench -p maillog`.

#![allow(missing_docs, reason = "a program, not a library")]
#![allow(clippy::print_stdout, reason = "the numbers are what it is for")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::io::{self, Cursor, Write};
use std::time::Instant;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maillog::{Calendar, LogFile, Wanted, read};

const MESSAGES: u32 = 300_000;
const WANTED: usize = 1_000;

struct Octets(Vec<u8>);

impl LogFile for Octets {
    type Reader = Cursor<Vec<u8>>;

    fn open(&self) -> io::Result<Self::Reader> {
        Ok(Cursor::new(self.0.clone()))
    }
}

/// Seven lines a message, as Postfix writes them.
fn log(stamp: impl Fn(u32) -> String) -> Vec<u8> {
    let mut text = String::new();
    for number in 0..MESSAGES {
        let (at, id, pid) = (stamp(number), format!("{number:05X}9E6055"), 1000 + number % 50);
        for line in [
            format!("smtpd[{pid}]: connect from sender.example.test[192.0.2.1]"),
            format!("smtpd[{pid}]: {id}: client=sender.example.test[192.0.2.1]"),
            format!("cleanup[7]: {id}: message-id=<{number}@unit.example.test>"),
            format!("qmgr[8]: {id}: from=<survey@unit.example.test>, size=3140, nrcpt=1 (queue active)"),
            format!(
                "smtpd[{pid}]: disconnect from sender.example.test[192.0.2.1] ehlo=1 mail=1 rcpt=1 data=1 quit=1 commands=5"
            ),
            format!(
                "smtp[9]: {id}: to=<person{number}@mail.example.test>, relay=mx.mail.example.test[192.0.2.2]:25, delay=0.8, \
                 delays=0.1/0.1/0.3/0.3, dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4jYLdK4Zk5z1X2VP)"
            ),
            format!("qmgr[8]: {id}: removed"),
        ] {
            text.push_str(&format!("{at} relay postfix/{line}\n"));
        }
    }
    text.into_bytes()
}

fn measure(name: &str, log: Vec<u8>, unpacked: usize) {
    let mut wanted = Wanted::new();
    for number in 0..WANTED {
        let _ = wanted.add(&format!("{}@unit.example.test", number * 7));
    }
    let calendar = Calendar::new(TimeZone::UTC, Timestamp::constant(1_795_500_000, 0));
    let files = [Octets(log)];
    let start = Instant::now();
    let Ok(findings) = read(&files, wanted, &calendar) else { return println!("{name}: not read") };
    let seconds = start.elapsed().as_secs_f64();
    let accepted = findings.iter().filter(|(_, finding)| finding.accepted == 1).count();
    let megabytes = unpacked as f64 / 1e6;
    println!("{name}: {megabytes:.0} MB, {:.0} MB/s, {accepted} of {WANTED} accepted", megabytes / seconds);
}

fn main() {
    let seconds = |n: u32| n / 50;
    let clock =
        |n: u32| format!("{:02}:{:02}:{:02}", seconds(n) / 3600, seconds(n) / 60 % 60, seconds(n) % 60);
    let traditional = log(|n| format!("Nov 23 {}", clock(n)));
    let precise = log(|n| format!("2026-11-23T{}.{:06}+00:00", clock(n), n % 1_000_000));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    let packed = encoder.write_all(&traditional).and_then(|()| encoder.finish());
    let (length, precise_length) = (traditional.len(), precise.len());
    measure("traditional", traditional, length);
    measure("RFC 3339", precise, precise_length);
    match packed {
        Ok(packed) => measure("traditional, gzip", packed, length),
        Err(_) => println!("gzip: not written"),
    }
}
