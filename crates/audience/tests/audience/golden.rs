//! Sample files, and what they turn out to be, beside them. `UPDATE_GOLDEN=1 cargo test -p audience` writes anew.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::{import, options};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// All that an import says of a file. The people are samples, so their values may be shown.
fn report(octets: &[u8]) -> String {
    let mut text = String::new();
    let (inspection, people, problems) = match import(octets, &options()) {
        Ok(all) => all,
        Err(error) => return format!("error {}: {error}\n", error.code()),
    };
    let _ = writeln!(text, "{:?}", inspection.format);
    for (index, column) in inspection.columns.iter().enumerate() {
        let mut roles = String::new();
        for (role, is) in [
            (" address", inspection.email_column == index),
            (" language", inspection.language_column == Some(index)),
            (" channel", inspection.channel_column == Some(index)),
        ] {
            roles.push_str(if is { role } else { "" });
        }
        let _ = writeln!(text, "column {:?} -> {}{roles}", column.heading, column.field);
    }
    let _ = writeln!(
        text,
        "rows {} people {} bad {} folded {} shared {}",
        inspection.rows,
        inspection.people,
        inspection.bad_rows,
        inspection.folded,
        inspection.shared_addresses
    );
    for warning in &inspection.warnings {
        let _ = writeln!(text, "warning {}: {warning}", warning.code());
    }
    for problem in &problems {
        let column = problem.column.as_deref().unwrap_or("-");
        let _ = writeln!(
            text,
            "problem row {} {column} {}: {}",
            problem.row,
            problem.reason.code(),
            problem.reason
        );
    }
    for person in people.iter().take(20) {
        let language = person.language.as_deref().unwrap_or("-");
        let address = person.address.expose();
        let _ = writeln!(
            text,
            "person row {} {address} {:?} {language} {:?}",
            person.row, person.channel, person.values
        );
    }
    text
}

#[test]
fn every_sample() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut seen = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "golden" || e == "py") {
            continue;
        }
        let golden = PathBuf::from(format!("{}.golden", path.display()));
        let report = report(&fs::read(&path).unwrap());
        if update {
            fs::write(&golden, &report).unwrap();
        }
        assert_eq!(fs::read_to_string(&golden).unwrap_or_default(), report, "{}", path.display());
        seen += 1;
    }
    assert!(seen > 50);
}

#[test]
fn no_report_of_a_bad_row_shows_what_stands_in_it() {
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|e| e != "golden") {
            continue;
        }
        let said: Vec<String> = fs::read_to_string(&path)
            .unwrap()
            .lines()
            .filter(|line| !line.starts_with("person"))
            .map(str::to_owned)
            .collect();
        assert!(
            said.iter().all(|line| !line.contains("x.test") && !line.contains("Ann")),
            "{}",
            path.display()
        );
    }
}
