//! Import by the program: bad rows named, nothing half done, no address in what is printed.

use crate::bench::{Bench, count};

fn import(bench: &Bench, more: &[&str]) -> crate::bench::Ran {
    bench.run(&[&["import", "victims", "people.csv", "--json", "--acknowledge", "all"], more].concat())
}

#[test]
fn bad_rows_are_named_and_nothing_is_imported() {
    let bench = Bench::new();
    bench.write(
        "people.csv",
        "email;name\nann@x.example;Ann\nnot an address;Bob\na@x.example, b@x.example;Both\n;Nobody\n",
    );
    let ran = import(&bench, &[]).exits(2);
    let error = &ran.json()["error"];
    assert_eq!(error["code"], "bad_rows");
    let rows: Vec<u64> = error["details"]["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .filter_map(|row| row["row"].as_u64())
        .collect();
    assert_eq!(rows, [3, 4, 5]);
    assert!(!ran.out.contains("x.example") && !ran.err.contains("x.example"), "{ran:?}");
    assert!(ran.err.contains("row 4, column email"), "{}", ran.err);
    bench.run(&["preview", "victims", "people.csv"]).exits(2);
    let skipped = import(&bench, &["--skip-bad"]).exits(0).json();
    assert_eq!((count(&skipped, "people"), count(&skipped, "rows_skipped")), (1, 3));
    assert_eq!(import(&bench, &[]).exits(2).json()["error"]["code"], "name_in_use");
}

#[test]
fn people_who_share_an_address_need_a_decision() {
    let bench = Bench::new();
    bench.write(
        "people.csv",
        "email,name\nfam@x.example,Ann\nfam@x.example,Bob\nfam@x.example,Ann\neve@x.example,Eve\n",
    );
    import(&bench, &[]).exits(2);
    let each = import(&bench, &["--shared-address", "each"]).exits(0).json();
    assert_eq!((count(&each, "people"), count(&each, "duplicates_folded")), (3, 1));
    let skip = bench.run(&[
        "import",
        "fewer",
        "people.csv",
        "--json",
        "--acknowledge",
        "all",
        "--shared-address",
        "skip",
    ]);
    assert_eq!(count(&skip.exits(0).json(), "people"), 2);
}

#[test]
fn a_sheet_sorted_by_one_column_only_is_a_warning() {
    let bench = Bench::new().with_incident();
    let text = std::fs::read_to_string(bench.path("people.csv")).expect("the people");
    let mut lines = text.lines();
    let heading = lines.next().expect("a heading");
    let rows: Vec<&str> = lines.collect();
    let mut addresses: Vec<&str> =
        rows.iter().filter_map(|row| row.split_once(',')).map(|(email, _)| email).collect();
    addresses.sort_unstable();
    let rest = rows.iter().filter_map(|row| row.split_once(',')).map(|(_, rest)| rest);
    let sorted: Vec<String> =
        addresses.iter().zip(rest).map(|(email, rest)| format!("{email},{rest}")).collect();
    bench.write("people.csv", format!("{heading}\n{}\n", sorted.join("\n")));
    let args = ["import", "victims", "people.csv", "--shared-address", "each", "--acknowledge", "channel"];
    let ran = bench.run(&args).exits(2);
    assert!(ran.err.contains("[names]"), "{}", ran.err);
}

#[test]
fn nothing_personal_lies_readable_in_the_database() {
    let bench = Bench::new().with_people(50);
    import(&bench, &[]).exits(0);
    for name in ["data/undisclosed.db", "data/undisclosed.db-wal"] {
        let Ok(octets) = std::fs::read(bench.path(name)) else { continue };
        let text = String::from_utf8_lossy(&octets).to_ascii_lowercase();
        assert!(
            !text.contains("person1@") && !text.contains("mail1.example") && !text.contains("last7"),
            "{name}"
        );
    }
}
