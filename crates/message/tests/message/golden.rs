//! Message files and people with the messages that they make, octet by octet, and a second reader's opinion.
//!
//! `UPDATE_GOLDEN=1 cargo test -p message` writes the messages anew: look at the difference.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use mail::Address;
use message::{Attachment, Person, Source, SourceKind, Template};
use serde::Deserialize;

use crate::{identity, settings};

#[derive(Deserialize)]
struct Case {
    email: String,
    #[serde(default)]
    fields: BTreeMap<String, String>,
    language: Option<String>,
    #[serde(default)]
    test: bool,
    expected: Expected,
}

/// What the second reader must find.
#[derive(Deserialize, PartialEq, Eq, Debug)]
struct Expected {
    subject: String,
    from: String,
    to: String,
    plain: String,
    html_has: Vec<String>,
    attachments: Vec<String>,
}

#[derive(Deserialize)]
struct Found {
    subject: String,
    from: String,
    to: String,
    plain: String,
    html: String,
    attachments: Vec<String>,
    defects: Vec<String>,
}

fn template(folder: &Path) -> Template {
    let kinds = [("md", SourceKind::Markdown), ("html", SourceKind::Html), ("mjml", SourceKind::Mjml)];
    let read = |name: String| std::fs::read_to_string(folder.join(name)).ok();
    let (extension, kind) =
        kinds.into_iter().find(|(e, _)| folder.join(format!("message.{e}")).exists()).unwrap();
    let default = Source::parse(kind, &read(format!("message.{extension}")).unwrap()).unwrap();
    let welsh = read(format!("message.cy.{extension}"))
        .map(|text| ("cy".to_owned(), Source::parse(kind, &text).unwrap()));
    let file = |name: &String| {
        let kind = if name.ends_with(".png") { "image/png" } else { "application/octet-stream" };
        Attachment::new(name, kind, std::fs::read(folder.join(name)).unwrap()).unwrap()
    };
    let files = default.attachments().iter().map(file).collect();
    Template::new(default, welsh.into_iter().collect(), files, settings()).unwrap()
}

fn folders() -> Vec<PathBuf> {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(golden).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() >= 5);
    folders
}

#[test]
fn messages_are_as_they_were() {
    for folder in folders() {
        let case: Case = serde_json::from_slice(&std::fs::read(folder.join("person.json")).unwrap()).unwrap();
        let address = Address::parse(&case.email).unwrap();
        let person =
            Person { row: 2, address: &address, fields: &case.fields, language: case.language.as_deref() };
        let mut identity = identity();
        identity.test = case.test;
        let sealed = template(&folder).seal(&person, &identity, &[]).unwrap();
        let file = folder.join("expected.eml");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&file, sealed.bytes()).unwrap();
        }
        let expected = std::fs::read(&file).unwrap();
        assert!(
            expected == sealed.bytes(),
            "{} differs:\n{}",
            file.display(),
            String::from_utf8_lossy(sealed.bytes())
        );
    }
}

/// Python's `email` package is nobody's kin: it must find what went in, and no defect.
#[test]
fn a_second_reader_agrees() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/read.py");
    for folder in folders() {
        let case: Case = serde_json::from_slice(&std::fs::read(folder.join("person.json")).unwrap()).unwrap();
        let output =
            Command::new("python3").arg(&script).arg(folder.join("expected.eml")).output().expect("python3");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let found: Found = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(found.defects, Vec::<String>::new(), "{}", folder.display());
        for part in &case.expected.html_has {
            assert!(found.html.contains(part), "{}: {part}\n{}", folder.display(), found.html);
        }
        let Found { subject, from, to, plain, attachments, .. } = found;
        let html_has = case.expected.html_has.clone();
        assert_eq!(Expected { subject, from, to, plain, html_has, attachments }, case.expected);
    }
}
