#![no_main]
//! Any octets can be imported, both passes agree, and nobody has two addresses.

use std::convert::Infallible;
use std::io::{self, Cursor};

use audience::{ColumnChoice, Options, PeopleError, SharedAddress, Spreadsheet, inspect, people};
use libfuzzer_sys::fuzz_target;

struct Octets<'a>(&'a [u8]);

impl<'a> Spreadsheet for Octets<'a> {
    type Reader = Cursor<&'a [u8]>;

    fn open(&self) -> io::Result<Self::Reader> {
        Ok(Cursor::new(self.0))
    }
}

fuzz_target!(|octets: &[u8]| {
    for shared_address in [SharedAddress::Refuse, SharedAddress::Each, SharedAddress::Skip] {
        let options = Options {
            email_column: None,
            language_column: ColumnChoice::Found,
            channel_column: ColumnChoice::Found,
            shared_address,
            today: jiff::civil::Date::constant(2012, 1, 30),
            hash_key: [1; 16],
            digest_key: [2; 32],
        };
        let Ok(inspection) = inspect(&Octets(octets), &options, &mut |_| {}) else { return };
        let mut seen = 0;
        let result = people::<_, Infallible>(&Octets(octets), &options, &inspection, &mut |person| {
            assert!(mail::Address::parse(&person.address.expose()).is_ok());
            assert_eq!(person.values.len(), inspection.columns.len());
            seen += 1;
            Ok(())
        });
        assert!(!matches!(result, Err(PeopleError::Changed)));
        assert_eq!(seen, inspection.people);
    }
});
