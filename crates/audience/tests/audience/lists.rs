//! Duplicates, the digest of a list, columns that are named, files that change.

use std::cell::Cell;
use std::convert::Infallible;
use std::io::{self, Cursor};

use audience::{
    Channel, ChannelCounts, ColumnChoice, Options, PeopleError, SharedAddress, Spreadsheet, Warning, inspect,
    people,
};

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
fn the_language_and_the_channel_are_columns_of_ones_choice() {
    let text = "e-mail,language,iaith,safe_to_email,ok?\n\
                a@x.test,cy,en,no,yes\nb@x.test,,cy,yes,no\nc@x.test,en,,,\n";
    let with = |language_column, channel_column| {
        let options = Options { language_column, channel_column, ..options() };
        import(text.as_bytes(), &options).unwrap()
    };
    let found = with(ColumnChoice::Found, ColumnChoice::Found).0;
    assert_eq!((found.language_column, found.channel_column), (Some(1), Some(3)));
    assert_eq!(found.channels, ChannelCounts { safe: 1, not_safe: 1, unknown: 1 });
    assert_eq!((found.filled.as_slice(), found.warnings.len()), (&[3, 2, 2, 2, 2][..], 0));
    assert!(found.example.is_some() && !format!("{found:?}").contains("x.test"));
    let (named, people, _) = with(ColumnChoice::Named("Iaith"), ColumnChoice::Named("E"));
    assert_eq!((named.language_column, named.channel_column), (Some(2), Some(4)));
    let said: Vec<_> = people.iter().map(|p| (p.language.as_deref(), p.channel)).collect();
    let expected = [(Some("en"), Channel::Safe), (Some("cy"), Channel::Unsafe), (None, Channel::Unknown)];
    assert_eq!(said, expected);
    // Whoever turns away from a column that protects somebody is told so.
    assert_eq!(named.warnings, [Warning::ChannelIgnored { heading: "safe_to_email".to_owned() }]);
    let (none, people, _) = with(ColumnChoice::Nowhere, ColumnChoice::Nowhere);
    assert_eq!((none.language_column, none.channel_column), (None, None));
    assert!(people.iter().all(|p| p.language.is_none() && p.channel == Channel::Unknown));
    let codes: Vec<_> = none.warnings.iter().map(Warning::code).collect();
    assert_eq!(codes, ["channel", "channel_ignored"]);
}

#[test]
fn a_column_that_is_not_there_or_has_the_addresses_is_refused() {
    let text = b"email,language\na@x.test,en\n";
    for (name, code) in
        [("nothing", "no_such_column"), ("a@x.test", "no_such_column"), ("A", "address_column")]
    {
        let named = ColumnChoice::Named(name);
        for options in
            [Options { language_column: named, ..options() }, Options { channel_column: named, ..options() }]
        {
            let error = import(text, &options).unwrap_err();
            assert_eq!(error.code(), code);
            assert!(error.to_string().contains("-column") && !error.to_string().contains("x.test"));
            assert!(!format!("{options:?}").contains("x.test"));
        }
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
