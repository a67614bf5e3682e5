//! One log in every format, and the time stamps of each.

use jiff::tz::TimeZone;
use maillog::{Calendar, Coverage, read};

use crate::real::{LONG, SHORT, holds};
use crate::{Octets, delivered, found, lines, log, time, wanted};

/// The real log with its time stamps written another way; each line is `Nov 23 22:57:02 relay postfix/…`.
fn with_stamps(text: &str, stamp: impl Fn(&str) -> String) -> String {
    text.lines().map(|line| format!("{}{}\n", stamp(&line[7..15]), &line[15..])).collect()
}

/// RFC 5424: `relay postfix/qmgr[1]: text` becomes `relay postfix/qmgr 1 - … text`.
fn rfc_5424(text: &str, structured: &str) -> String {
    with_stamps(text, |clock| format!("<22>1 2026-11-23T{clock}.000001Z"))
        .lines()
        .map(|line| {
            let (tag, rest) = line.split_once("]: ").unwrap();
            format!("{} - {structured} {rest}\n", tag.replacen('[', " ", 1))
        })
        .collect()
}

#[test]
fn the_real_logs_in_every_format() {
    for text in [SHORT, LONG] {
        let same = found(&[text], &[]).coverage().clone();
        for other in [
            // rsyslog in Debian 12; the relay's own zone.
            with_stamps(text, |clock| format!("2026-11-23T{clock}.123456+00:00")),
            with_stamps(text, |clock| format!("2026-11-23T{clock}Z")),
            // journalctl -o short-iso, of older and newer systemd; short-precise.
            with_stamps(text, |clock| format!("2026-11-23T{clock}+0000")),
            with_stamps(text, |clock| format!("2026-11-23T{clock}+00:00")),
            with_stamps(text, |clock| format!("Nov 23 {clock}.123456")),
            // A collector that keeps priorities.
            with_stamps(text, |clock| format!("<22>Nov 23 {clock}")),
            rfc_5424(text, "-"),
            rfc_5424(text, "[a@1 b=\"] \\\" [\"][c@1]"),
            text.replace('\n', "\r\n"),
            format!("-- Journal begins at Mon 2026-11-02 --\n{text}-- Boot 0123 --\n\n"),
        ] {
            holds(&[&other]);
            let coverage = found(&[&other], &[]).coverage().clone();
            assert_eq!(
                (coverage.postfix_lines, coverage.messages, coverage.lines_not_understood),
                (same.postfix_lines, same.messages, 0)
            );
            assert_eq!(seconds(&coverage), seconds(&same));
        }
    }
}

fn seconds(coverage: &Coverage) -> (i64, i64) {
    (coverage.first_time().unwrap().as_second(), coverage.last_time().unwrap().as_second())
}

fn first_and_last(text: &str, zone: &str, reference: &str) -> (String, String) {
    let calendar = Calendar::new(TimeZone::get(zone).unwrap(), time(reference));
    let findings = read(&[Octets(text.into())], wanted(&[]), &calendar).unwrap();
    let text = |time: Option<jiff::Timestamp>| time.unwrap().to_string();
    (text(findings.coverage().first_time()), text(findings.coverage().last_time()))
}

fn pair(first: &str, last: &str) -> (String, String) {
    (first.to_owned(), last.to_owned())
}

#[test]
fn a_year_that_is_not_told() {
    let text = "Dec 31 23:59:58 relay postfix/qmgr[1]: x\nJan  1 00:00:02 relay postfix/qmgr[1]: x\n";
    let over_the_year = pair("2026-12-31T23:59:58Z", "2027-01-01T00:00:02Z");
    assert_eq!(first_and_last(text, "UTC", "2027-01-01T06:00:00Z"), over_the_year);
    assert_eq!(first_and_last(text, "UTC", "2027-11-01T06:00:00Z"), over_the_year);
    // The relay's clock may be ahead of the reference.
    assert_eq!(first_and_last(text, "UTC", "2026-12-31T20:00:00Z"), over_the_year);
    assert_eq!(first_and_last(text, "UTC", "2026-12-30T20:00:00Z").0, "2025-12-31T23:59:58Z");
    let leap = "Feb 29 12:00:00 relay postfix/qmgr[1]: x\n";
    assert_eq!(first_and_last(leap, "UTC", "2026-11-23T06:00:00Z").0, "2024-02-29T12:00:00Z");
}

#[test]
fn the_relays_own_time_zone() {
    let text = "Jul  3 10:00:00 relay postfix/qmgr[1]: x\nNov  3 10:00:00 relay postfix/qmgr[1]: x\n";
    let expected = pair("2026-07-03T09:00:00Z", "2026-11-03T10:00:00Z");
    assert_eq!(first_and_last(text, "Europe/London", "2026-11-23T06:00:00Z"), expected);
    // An offset in the line beats it.
    let text = "2026-07-03T10:00:00.5+02:00 relay postfix/qmgr[1]: x\n";
    assert_eq!(first_and_last(text, "Europe/London", "2026-11-23T06:00:00Z").0, "2026-07-03T08:00:00.5Z");
}

#[test]
fn what_is_no_time_stamp() {
    let good = log(&lines(&delivered("4A2B3C4D5E6", "x@y.example.test")));
    for bad in [
        "Nov 31 10:00:00 relay postfix/qmgr[1]: x",
        "Nov 23 24:00:00 relay postfix/qmgr[1]: x",
        "Nox 23 10:00:00 relay postfix/qmgr[1]: x",
        "ovD 23 10:00:00 relay postfix/qmgr[1]: x",
        "Nov 23 10:00:0 relay postfix/qmgr[1]: x",
        "Nov 23 10:00:00.5relay postfix/qmgr[1]: x",
        "2026-11-23T10:00:00 relay postfix/qmgr[1]: x",
        "2026-11-23 10:00:00Z relay postfix/qmgr[1]: x",
        "2026-11-23T10:00:00.0000000000000000000000000000000Z relay postfix/qmgr[1]: x",
        "<22 Nov 23 10:00:00 relay postfix/qmgr[1]: x",
        "relay postfix/qmgr[1]: x",
    ] {
        let coverage = found(&[&format!("{good}{bad}\n")], &[]).coverage().clone();
        assert_eq!((coverage.lines_not_understood, coverage.postfix_lines_not_understood), (1, 1), "{bad}");
    }
}

#[test]
fn what_a_power_cut_leaves() {
    let ours = log(&lines(&delivered("4A2B3C4D5E6", "ours@unit.example.test")));
    let text = ours.replacen("Nov 23 10:00:02", &format!("{}Nov 23 10:00:02", "\0".repeat(4096)), 1);
    let findings = found(&[&text], &["ours@unit.example.test"]);
    assert_eq!(findings.get("ours@unit.example.test").unwrap().accepted, 1);
    assert_eq!(findings.coverage().lines_not_understood, 0);
}
