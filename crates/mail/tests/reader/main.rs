//! The reader against messages that hide addresses, and against messages that do not.
#![allow(clippy::unwrap_used, reason = "helpers of tests are not #[test] functions themselves")]

mod chains;
mod corpus;
mod incident;
mod leaks;
mod limits;
mod prose;

use mail::{Address, Limits, Reading, read};

/// Everything seen, in the clear.
fn seen(reading: &Reading) -> Vec<String> {
    reading.sightings.iter().flat_map(|s| s.readings().map(Address::expose).collect::<Vec<_>>()).collect()
}

fn finds(message: impl AsRef<[u8]>, address: &str) -> bool {
    let reading = read(message.as_ref(), &Limits::default());
    seen(&reading).iter().any(|a| a == address)
}

/// A message with one body.
fn part(fields: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let mut message = format!("Subject: Survey\r\nMIME-Version: 1.0\r\n{fields}\r\n\r\n").into_bytes();
    message.extend_from_slice(body.as_ref());
    message.extend_from_slice(b"\r\n");
    message
}

fn text(body: &str) -> Vec<u8> {
    part("Content-Type: text/plain; charset=utf-8", body)
}

fn html(body: &str) -> Vec<u8> {
    part("Content-Type: text/html; charset=utf-8", body)
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, octets) in members {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(octets).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn attached(content_type: &str, octets: &[u8]) -> Vec<u8> {
    part(
        &format!("Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64"),
        data_encoding::BASE64.encode(octets),
    )
}
