//! A column sorted or moved without the others is noticed, and nothing else is taken for it.

use audience::Warning;

use crate::{import, options};

const INCIDENT: &str = include_str!("../data/people.csv");

type Table = Vec<Vec<String>>;

fn incident() -> (String, Table) {
    let mut lines = INCIDENT.lines();
    let headings = lines.next().unwrap().to_owned();
    (headings, lines.map(|line| line.split(',').map(str::to_owned).collect()).collect())
}

fn warned(headings: &str, rows: &Table) -> Vec<String> {
    let mut text = format!("{headings}\n");
    for row in rows {
        text.push_str(&row.join(","));
        text.push('\n');
    }
    let (inspection, _, problems) = import(text.as_bytes(), &options()).unwrap();
    assert!(problems.is_empty());
    let heading = |warning: &Warning| match warning {
        Warning::Names { heading, fit, checked } => {
            assert!(fit < checked);
            Some(heading.clone())
        }
        _ => None,
    };
    inspection.warnings.iter().filter_map(heading).collect()
}

/// Sorts some columns and leaves the others where they are.
fn sort(rows: &mut Table, columns: &[usize]) {
    let mut cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|c| row[*c].clone()).collect()).collect();
    cells.sort();
    put(rows, columns, cells);
}

/// Moves some columns down by one row from a row on; the last becomes the first of them.
fn shift(rows: &mut Table, columns: &[usize], from: usize) {
    let mut cells: Vec<Vec<String>> =
        rows.iter().map(|row| columns.iter().map(|c| row[*c].clone()).collect()).collect();
    cells[from..].rotate_right(1);
    put(rows, columns, cells);
}

fn put(rows: &mut Table, columns: &[usize], cells: Vec<Vec<String>>) {
    for (row, cells) in rows.iter_mut().zip(cells) {
        for (column, cell) in columns.iter().zip(cells) {
            row[*column] = cell;
        }
    }
}

#[test]
fn the_incident_as_it_was_is_right() {
    let (headings, mut rows) = incident();
    assert_eq!(warned(&headings, &rows), Vec::<String>::new());
    // Sorted as a whole it is as right as before.
    rows.sort();
    assert_eq!(warned(&headings, &rows), Vec::<String>::new());
    rows.sort_by(|a, b| a[2].cmp(&b[2]));
    assert_eq!(warned(&headings, &rows), Vec::<String>::new());
    for size in [12, 20, 40, 100, 300] {
        for start in (0..rows.len() - size).step_by(97) {
            let part = rows[start..start + size].to_vec();
            assert_eq!(warned(&headings, &part), Vec::<String>::new(), "{start} {size}");
        }
    }
}

#[test]
fn one_column_sorted_alone() {
    for columns in [&[0][..], &[1, 2], &[0, 3, 4]] {
        let (headings, mut rows) = incident();
        sort(&mut rows, columns);
        assert_eq!(warned(&headings, &rows), ["first_name", "last_name"], "{columns:?}");
    }
    let (headings, mut rows) = incident();
    sort(&mut rows, &[1]);
    assert_eq!(warned(&headings, &rows), ["first_name"]);
    let (headings, mut rows) = incident();
    sort(&mut rows, &[2]);
    assert_eq!(warned(&headings, &rows), ["last_name"]);
}

#[test]
fn one_column_moved_by_a_row() {
    for from in [0, 300, 700, 1030] {
        for columns in [&[0][..], &[1, 2]] {
            let (headings, mut rows) = incident();
            shift(&mut rows, columns, from);
            assert_eq!(warned(&headings, &rows), ["first_name", "last_name"], "{columns:?} from {from}");
        }
    }
}

#[test]
fn small_lists() {
    for size in [12, 20, 40] {
        let (headings, rows) = incident();
        let mut rows = rows[..size].to_vec();
        shift(&mut rows, &[0], 0);
        assert!(!warned(&headings, &rows).is_empty(), "{size}");
    }
    let (headings, rows) = incident();
    let mut rows = rows[..9].to_vec();
    shift(&mut rows, &[0], 0);
    assert!(warned(&headings, &rows).is_empty(), "nine rows show nothing");
}

#[test]
fn without_telling_headings() {
    let headings = "email,a,b,c,d,e,f";
    let (_, rows) = incident();
    let mut rows = rows[..200].to_vec();
    assert_eq!(warned(headings, &rows), Vec::<String>::new());
    sort(&mut rows, &[0]);
    assert_eq!(warned(headings, &rows), ["a", "b"]);
}

#[test]
fn addresses_without_names_say_nothing() {
    let (headings, mut rows) = incident();
    for (number, row) in rows.iter_mut().enumerate() {
        row[0] = format!("user{number}@x.test");
    }
    assert_eq!(warned(&headings, &rows), Vec::<String>::new());
    let words =
        ["sunshine", "greenhouse", "football", "thunder", "kitchen", "mailbox", "rosegarden", "office"];
    for (number, row) in rows.iter_mut().enumerate() {
        row[0] = format!("{}{number}@x.test", words[number % words.len()]);
    }
    assert_eq!(warned(&headings, &rows), Vec::<String>::new());
}

#[test]
fn an_officer_beside_each_person_is_no_mistake() {
    let (headings, mut rows) = incident();
    let officers: Vec<String> = rows.iter().take(20).map(|row| format!("{} {}", row[1], row[2])).collect();
    for (number, row) in rows.iter_mut().enumerate() {
        row.push(officers[number % officers.len()].clone());
    }
    assert_eq!(warned(&format!("{headings},officer_name"), &rows), Vec::<String>::new());
    for row in &mut rows {
        (row[1], row[2]) = (String::new(), String::new());
    }
    assert_eq!(warned("email,a,b,c,d,e,f,officer", &rows), Vec::<String>::new());
}
