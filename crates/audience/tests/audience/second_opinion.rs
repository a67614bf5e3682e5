//! Another reader of workbooks finds the same text in the same cells.

use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};

use crate::{import, options};

#[test]
fn the_same_cells() {
    for octets in [
        &include_bytes!("../data/inline.xlsx")[..],
        include_bytes!("../data/shared.xlsx"),
        include_bytes!("../data/hidden-rows.xlsx"),
    ] {
        let mut other: Xlsx<_> = Xlsx::new(Cursor::new(octets)).unwrap();
        let range = other.worksheet_range("People").unwrap();
        let (inspection, people, _) = import(octets, &options()).unwrap();
        for (column, heading) in inspection.columns.iter().enumerate() {
            assert_eq!(range.get_value((0, column as u32)), Some(&Data::String(heading.heading.clone())));
        }
        for person in people {
            for (column, value) in person.values.iter().enumerate() {
                let cell = range.get_value((person.row as u32 - 1, column as u32));
                let theirs = cell.map(ToString::to_string).unwrap_or_default();
                assert_eq!(theirs.trim(), value, "row {}", person.row);
            }
        }
    }
}

#[test]
fn the_same_dates() {
    let octets = include_bytes!("../data/values.xlsx");
    let mut other: Xlsx<_> = Xlsx::new(Cursor::new(&octets[..])).unwrap();
    let range = other.worksheet_range("People").unwrap();
    let people = import(octets, &options()).unwrap().1;
    for column in [1_usize, 2, 4] {
        let Some(Data::DateTime(date)) = range.get_value((1, column as u32)) else {
            panic!("column {column}")
        };
        let (year, month, day, hour, minute, ..) = date.to_ymd_hms_milli();
        let theirs = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}");
        assert!(theirs.starts_with(&people[0].values[column]), "column {column}");
    }
}
