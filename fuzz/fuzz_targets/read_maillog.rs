#![no_main]
//! Whatever stands in a log: no panic, and never "unsent" of a message that the log shows without a refusal.

use std::io::{self, Cursor};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use maillog::{Calendar, LogFile, Verdict, Wanted, Window, read};

const OURS: &str = "ours@unit.example.test";

struct Octets<'a>(&'a [u8]);

impl<'a> LogFile for Octets<'a> {
    type Reader = Cursor<&'a [u8]>;

    fn open(&self) -> io::Result<Self::Reader> {
        Ok(Cursor::new(self.0))
    }
}

fuzz_target!(|octets: &[u8]| {
    let calendar = Calendar::new(TimeZone::UTC, Timestamp::constant(1_795_500_000, 0));
    let half = octets.iter().skip(octets.len() / 2).position(|octet| *octet == b'\n');
    let cut = half.map_or(octets.len(), |half| octets.len() / 2 + half + 1);
    for files in [&[Octets(octets)][..], &[Octets(&octets[..cut]), Octets(&octets[cut..])]] {
        let mut wanted = Wanted::new();
        wanted.add(OURS).expect("a Message-ID");
        let Ok(findings) = read(files, wanted, &calendar) else { continue };
        let (log, finding) = (findings.coverage(), findings.get(OURS).expect("asked for"));
        let (Some(first), Some(last)) = (log.first_time(), log.last_time()) else { continue };
        let verdict = findings.verdict(OURS, &Window::new(first, last, SignedDuration::ZERO), true);
        assert_eq!(matches!(verdict, Some(Verdict::Accepted { .. })), finding.accepted > 0);
        assert!(verdict != Some(Verdict::Unsent) || (finding.open == 0 && log.messages > 0));
    }
});
