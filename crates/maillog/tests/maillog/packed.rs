//! Compressed files.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use maillog::LogError;

use crate::{delivered, lines, log, log_from, try_read};

const OURS: &str = "ours@unit.example.test";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn gzip_as_logrotate_writes_it() {
    let ours = delivered("5A2B3C4D5E6", OURS);
    let (before, after) = (log_from(0, &lines(&ours[..2])), log_from(2, &lines(&ours[2..])));
    // The newest plain, the older packed; and two members in one file.
    let joined = [gzip(&before), gzip(&after)].concat();
    for files in [&[after.as_bytes(), &gzip(&before)][..], &[&joined]] {
        let findings = try_read(files, &[OURS]).unwrap();
        assert_eq!((findings.get(OURS).unwrap().accepted, findings.coverage().lines), (1, 5));
    }
}

#[test]
fn a_damaged_file_is_named() {
    let whole = gzip(&log(&lines(&delivered("5A2B3C4D5E6", OURS))));
    let mut broken = whole.clone();
    let middle = broken.len() / 2;
    broken[middle] ^= 0x55;
    for bad in [&whole[..whole.len() - 1], &whole[..20], &whole[..3], &broken] {
        for (files, index) in [(vec![bad], 0), (vec![&whole[..], bad], 1)] {
            let error = try_read(&files, &[OURS]).map(|_| ()).unwrap_err();
            assert!(matches!((error.index, &error.error), (at, LogError::Damaged) if at == index), "{error}");
        }
    }
}

#[test]
fn what_is_not_read_says_what_to_do() {
    for (start, words) in [
        (&b"\xFD7zXZ\0\0\x04"[..], "xz -dc FILE"),
        (b"\x28\xB5\x2F\xFD\x04\0", "zstd -dc FILE"),
        (b"BZh91AY&SY", "bzip2 -dc FILE"),
        (b"\x1F\x9D\x90", "gzip -dc FILE"),
        (b"PK\x03\x04\x14\0", "unzip -p FILE"),
        (b"LPKSHHRH\0", "journalctl --file FILE"),
    ] {
        let error = try_read(&[start], &[]).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}
