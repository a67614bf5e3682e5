//! Each message of the corpus, and what is read in it: a text file of the same name in `golden/`.
//!
//! With `GOLDEN=write` in the environment what differs is written; the test fails all the same, so that it is read.

use std::path::PathBuf;

use mail::report::read;

use crate::shown::shown;
use crate::{corpus, crlf};

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/report/golden").join(format!("{name}.txt"))
}

#[test]
fn each_message_is_what_it_is() {
    let mut differing = Vec::new();
    for (name, octets) in corpus() {
        let found = shown(&read(&octets));
        if std::fs::read_to_string(golden(&name)).ok().as_ref() != Some(&found) {
            if std::env::var("GOLDEN").is_ok_and(|value| value == "write") {
                std::fs::write(golden(&name), &found).unwrap();
            }
            differing.push(format!("--- {name}\n{found}"));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn no_golden_result_is_left_over() {
    let names: Vec<String> = corpus().into_iter().map(|(name, _)| name).collect();
    for entry in std::fs::read_dir(golden("x").parent().unwrap()).unwrap() {
        let stem = entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(names.contains(&stem), "{stem}");
    }
    assert!(names.len() >= 60);
}

#[test]
fn line_ends_make_no_difference() {
    for (name, octets) in corpus() {
        assert_eq!(read(&crlf(&octets)), read(&octets), "{name}");
    }
}

/// Every line that may be a field, its name in capitals and in small letters.
#[test]
fn the_case_of_field_names_makes_no_difference() {
    for (name, octets) in corpus() {
        let text = String::from_utf8(octets.clone()).unwrap();
        let recased = |case: fn(&str) -> String| {
            let lines = text.split_inclusive('\n').map(|line| match line.split_once(':') {
                Some((name, rest)) if name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-') => {
                    format!("{}:{rest}", case(name))
                }
                _ => line.to_owned(),
            });
            lines.collect::<String>()
        };
        for case in [str::to_ascii_uppercase as fn(&str) -> String, str::to_ascii_lowercase] {
            assert_eq!(read(recased(case).as_bytes()), read(&octets), "{name}");
        }
    }
}

#[test]
fn nothing_that_is_printed_by_accident_has_an_address_in_it() {
    for (name, octets) in corpus() {
        let printed = format!("{:?}", read(&octets));
        for word in ["@", "people.example", "unit.test", "unknown", "mfrgg"] {
            assert!(!printed.contains(word), "{name}: {printed}");
        }
    }
}
