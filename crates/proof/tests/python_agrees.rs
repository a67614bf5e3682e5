//! Python's e-mail parser as the judge: whatever address it finds in a message, a proof refuses; and what is
//! clear for Python is proved when nothing was planted.
#![allow(clippy::unwrap_used, reason = "helpers of tests are not #[test] functions themselves")]

use std::io::Write;
use std::process::{Command, Stdio};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use mail::Address;
use proof::{Expected, PublicList, inspect_attachment, prove};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Messages judged in one run.
const MESSAGES: usize = 400;

#[derive(Debug, Clone, Copy)]
enum Inner {
    Plain,
    Entities,
    Percent,
    Tags,
    Base64Token,
    Base64UrlToken,
    ZeroWidth,
}

#[derive(Debug, Clone, Copy)]
enum Outer {
    QuotedPrintable,
    Base64,
    Utf16,
    Latin1,
}

#[derive(Debug, Clone, Copy)]
enum Spot {
    Nowhere,
    Text,
    Html,
    Subject,
    SplitSubject,
    DisplayName,
    SecondTo,
    Cc,
    Preamble,
    FileName,
    Zip,
    Message,
}

fn inner(address: &str, how: Inner) -> String {
    let each = |map: &dyn Fn(char) -> String| address.chars().map(map).collect::<String>();
    match how {
        Inner::Plain => address.to_owned(),
        Inner::Entities => each(&|c| format!("&#{};", u32::from(c))),
        Inner::Percent => each(&|c| format!("%{:02x}", u32::from(c))),
        Inner::Tags => each(&|c| format!("<i>{c}</i>")),
        Inner::Base64Token => format!("?r={}", BASE64.encode(address.as_bytes())),
        Inner::Base64UrlToken => format!("?r={}&x=1", BASE64URL_NOPAD.encode(address.as_bytes())),
        Inner::ZeroWidth => each(&|c| format!("{c}&#8203;")),
    }
}

fn wrap(text: &str) -> String {
    text.as_bytes().chunks(76).map(|l| String::from_utf8_lossy(l)).collect::<Vec<_>>().join("\r\n")
}

fn outer(kind: &str, body: &str, how: Outer) -> String {
    let (charset, encoding, coded) = match how {
        Outer::QuotedPrintable => {
            let coded: String = body.bytes().map(|b| format!("={b:02X}")).collect();
            let lines: Vec<String> =
                coded.as_bytes().chunks(72).map(|l| String::from_utf8_lossy(l).into_owned()).collect();
            ("utf-8", "quoted-printable", lines.join("=\r\n"))
        }
        Outer::Base64 => ("utf-8", "base64", wrap(&BASE64.encode(body.as_bytes()))),
        Outer::Utf16 => {
            let wide: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
            ("utf-16le", "base64", wrap(&BASE64.encode(&wide)))
        }
        Outer::Latin1 => ("iso-8859-1", "7bit", body.to_owned()),
    };
    format!(
        "Content-Type: {kind}; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n{coded}\r\n"
    )
}

fn archive(text: &str) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    writer.start_file("a.txt", zip::write::SimpleFileOptions::default()).unwrap();
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap().into_inner()
}

fn message(spot: Spot, inside: Inner, outside: Outer, address: &str) -> String {
    let coded = inner(address, inside);
    let pick = |here: bool, planted: String, clear: &str| if here { planted } else { clear.to_owned() };
    let q = |text: &str| text.bytes().map(|b| format!("={b:02X}")).collect::<String>();
    let subject = match spot {
        Spot::Subject => format!("=?utf-8?q?{}?=", q(address)),
        Spot::SplitSubject => format!(
            "=?utf-8?q?{}?=\r\n =?utf-8?b?{}?=",
            q(&address[..2]),
            BASE64.encode(&address.as_bytes()[2..])
        ),
        _ => "A survey".to_owned(),
    };
    let name = pick(matches!(spot, Spot::DisplayName), format!("=?utf-8?q?{}?=", q(address)), "Ann");
    let second = pick(matches!(spot, Spot::SecondTo), format!(", {address}"), "");
    let cc = pick(matches!(spot, Spot::Cc), format!("Cc: {address}\r\n"), "");
    let preamble = pick(matches!(spot, Spot::Preamble), format!("{address}\r\n"), "");
    let text = pick(matches!(spot, Spot::Text), coded.clone(), "you");
    let html = pick(matches!(spot, Spot::Html), coded, "you");
    let extra = match spot {
        Spot::FileName => format!(
            "--b\r\nContent-Type: text/plain; name*=utf-8''{}\r\n\r\nx\r\n",
            address.replace('@', "%40")
        ),
        Spot::Zip => format!(
            "--b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
            wrap(&BASE64.encode(&archive(address)))
        ),
        Spot::Message => format!("--b\r\nContent-Type: message/rfc822\r\n\r\nTo: {address}\r\n\r\nx\r\n"),
        _ => String::new(),
    };
    let text = outer("text/plain", &format!("Dear {text}, write to survey@police.example."), outside);
    let html = outer(
        "text/html",
        &format!("<p>Dear {html}, <a href='https://h.test/s/9f8b7c6d'>answer</a>"),
        outside,
    );
    format!(
        "From: survey@police.example\r\nTo: {name} <ann@x.test>{second}\r\n{cc}Subject: {subject}\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@police.example>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=b\r\n\r\n{preamble}--b\r\n{text}--b\r\n{html}{extra}--b--\r\n"
    )
}

/// What Python sees in each message.
fn python(messages: &[String]) -> Vec<Vec<String>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python_reads.py");
    let mut child =
        Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input: Vec<u8> = messages.iter().flat_map(|m| format!("{}\n{m}", m.len()).into_bytes()).collect();
    let writer = std::thread::spawn(move || stdin.write_all(&input).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned).collect()).collect()
}

#[test]
fn what_python_sees_is_refused() {
    let mut runner =
        TestRunner::new_with_rng(Config::default(), TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let spots = vec![
        Spot::Nowhere,
        Spot::Text,
        Spot::Html,
        Spot::Subject,
        Spot::SplitSubject,
        Spot::DisplayName,
        Spot::SecondTo,
        Spot::Cc,
        Spot::Preamble,
        Spot::FileName,
        Spot::Zip,
        Spot::Message,
    ];
    let inners = vec![
        Inner::Plain,
        Inner::Entities,
        Inner::Percent,
        Inner::Tags,
        Inner::Base64Token,
        Inner::Base64UrlToken,
        Inner::ZeroWidth,
    ];
    let outers = vec![Outer::QuotedPrintable, Outer::Base64, Outer::Utf16, Outer::Latin1];
    let drawn = (
        prop::sample::select(spots),
        prop::sample::select(inners),
        prop::sample::select(outers),
        "[a-z]{2,8}(\\.[a-z]{2,8})?@[a-z]{2,8}\\.test",
    );
    let cases: Vec<_> = (0..MESSAGES).map(|_| drawn.new_tree(&mut runner).unwrap().current()).collect();
    let messages: Vec<String> = cases.iter().map(|(s, i, o, a)| message(*s, *i, *o, a)).collect();
    let seen = python(&messages);
    assert_eq!(seen.len(), messages.len());

    let recipient = Address::parse("ann@x.test").unwrap();
    let public = PublicList::from_iter([Address::parse("survey@police.example").unwrap()]);
    let expected = Expected::new(&recipient, &public, "<1@police.example>");
    let (mut refused, mut proved) = (0, 0);
    for ((case, message), seen) in cases.iter().zip(&messages).zip(&seen) {
        let stranger = seen.iter().any(|a| a != "ann@x.test" && a != "survey@police.example");
        let outcome = prove(message.clone().into_bytes(), &expected);
        if matches!(case.0, Spot::Nowhere) {
            assert!(!stranger, "{case:?}: Python sees {seen:?}");
            assert!(outcome.is_ok(), "{case:?}: {}", outcome.unwrap_err());
            proved += 1;
        } else {
            assert!(outcome.is_err(), "{case:?}: planted and proved");
            refused += usize::from(stranger);
        }
        assert!(!stranger || outcome.is_err(), "{case:?}: Python sees {seen:?}");
    }
    // The judge is of use only if it finds most of what was planted.
    assert!(
        proved > MESSAGES / 40 && refused > MESSAGES * 6 / 10,
        "{proved} proved, {refused} refused with Python"
    );
    assert!(inspect_attachment("a.zip", "application/zip", &archive("bob@y.test"), &public).is_err());
}
