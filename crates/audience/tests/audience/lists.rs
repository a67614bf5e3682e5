//! Duplicates, the digest of a list, columns that are named, files that change.

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{self, Cursor};

use audience::{Channel, Options, PeopleError, SharedAddress, Spreadsheet, inspect, people};

use crate::{Octets, import, options};

const SHARED: &[u8] = include_bytes!("../data/duplicates.csv");

fn rows_with(shared_address: SharedAddress) -> (Vec<u64>, u64, u64, [u8; 32]) {
    let (inspection, people, _) = import(SHARED, &Options { shared_address, ..options() }).unwrap();
    assert_eq!((inspection.folded, inspection.shared_addresses), (2, 1));
    let rows = people.iter().map(|person| person.row).collect();
    (rows, inspection.bad_rows, inspection.shared_skipped, inspection.content_digest)
}

#[test]
fn shared_addresses() {
    let (refuse, each, skip) =
        (rows_with(SharedAddress::Refuse), rows_with(SharedAddress::Each), rows_with(SharedAddress::Skip));
    assert_eq!((refuse.0, refuse.1, refuse.2), (vec![2, 7], 3, 0));
    assert_eq!((each.0, each.1, each.2), (vec![2, 3, 5, 7, 8], 0, 0));
    assert_eq!((skip.0, skip.1, skip.2), (vec![2, 3, 7], 0, 2));
    // The digest is that of the people that are left, however they came to be left.
    let left = import(b"email,name\ncid@x.test,Cid\nann@x.test,Ann\n", &options()).unwrap().0;
    assert_eq!(left.content_digest, refuse.3);
    let left = import(b"email,name\nbob@x.test,Bob\ncid@x.test,Cid\nann@x.test,Ann\n", &options()).unwrap().0;
    assert_eq!(left.content_digest, skip.3);
}

#[test]
fn the_digest_is_of_the_list_and_not_of_the_file() {
    let digest = |text: &[u8], options: &Options<'_>| import(text, options).unwrap().0.content_digest;
    let list = digest(b"email,name\na@x.test,Ann\nb@x.test,Bob\n", &options());
    let other_key = Options { hash_key: [9; 16], ..options() };
    assert_eq!(
        list,
        digest("\u{feff}email;name\r\nb@x.test; Bob\r\n\r\na@x.test;Ann".as_bytes(), &other_key)
    );
    for other in [
        &b"email,name\na@x.test,Ann\n"[..],
        b"email,name\na@x.test,Ann\nb@x.test,Rob\n",
        b"email,nick\na@x.test,Ann\nb@x.test,Bob\n",
        b"email,name\na@x.test,Bob\nb@x.test,Ann\n",
    ] {
        assert_ne!(list, digest(other, &options()));
    }
    assert_ne!(
        list,
        digest(b"email,name\na@x.test,Ann\nb@x.test,Bob\n", &Options { digest_key: [3; 32], ..options() })
    );
}

#[test]
fn the_column_is_named() {
    let text = b"email,Other Mail,n\na@x.test,b@x.test,c@x.test\n";
    for (name, expected) in
        [("EMAIL", 0), ("other mail", 1), ("other_mail", 1), ("B", 1), ("n", 2), ("c", 2), (" a ", 0)]
    {
        let options = Options { email_column: Some(name), ..options() };
        assert_eq!(import(text, &options).unwrap().0.email_column, expected, "{name}");
    }
    for name in ["", "D", "mail", "a@x.test"] {
        let options = Options { email_column: Some(name), ..options() };
        let error = import(text, &options).unwrap_err();
        assert_eq!(error.code(), "no_such_column");
        assert!(!error.to_string().contains("x.test"));
        assert!(!format!("{options:?}").contains("x.test"));
    }
}

#[test]
fn the_most_careful_column_counts() {
    let text = b"email,safe_to_email,email safe\na@x.test,yes,no\nb@x.test,yes,\nc@x.test,yes,yes\n";
    let channels: Vec<Channel> = import(text, &options()).unwrap().1.iter().map(|p| p.channel).collect();
    assert_eq!(channels, [Channel::Unsafe, Channel::Unknown, Channel::Safe]);
}

/// Gives other octets from some opening or reading on.
struct Changing(Cell<bool>);

impl Spreadsheet for Changing {
    type Reader = Cursor<&'static [u8]>;

    fn open(&self) -> io::Result<Self::Reader> {
        let changed = self.0.replace(true);
        Ok(Cursor::new(if changed { b"email\na@x.test\nb@x.test\n" } else { b"email\na@x.test\nc@x.test\n" }))
    }
}

#[test]
fn a_file_that_changes_between_the_passes() {
    let spreadsheet = Changing(Cell::new(false));
    let inspection = inspect(&spreadsheet, &options(), &mut |_| {}).unwrap();
    let mut handed_over = 0;
    let result = people::<_, Infallible>(&spreadsheet, &options(), &inspection, &mut |_| {
        handed_over += 1;
        Ok(())
    });
    assert!(matches!(result, Err(PeopleError::Changed)));
    assert_eq!(handed_over, 0);
}

#[test]
fn the_caller_can_stop() {
    let spreadsheet = Octets(b"email\na@x.test\nb@x.test\n".to_vec());
    let inspection = inspect(&spreadsheet, &options(), &mut |_| {}).unwrap();
    let result = people(&spreadsheet, &options(), &inspection, &mut |person| Err(person.row));
    assert!(matches!(result, Err(PeopleError::Callback(2))));
}

#[test]
fn what_is_printed_by_accident_shows_nobody() {
    let (inspection, people, problems) = import(SHARED, &options()).unwrap();
    let printed = format!("{inspection:?} {people:?} {problems:?}");
    assert!(!printed.contains("x.test") && !printed.contains("Ann"));
}
