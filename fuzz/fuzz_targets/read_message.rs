#![no_main]
//! Any octets can be read, and reading says only what is an address.

use libfuzzer_sys::fuzz_target;
use mail::{Address, Limits, read};

fuzz_target!(|octets: &[u8]| {
    for sighting in read(octets, &Limits::default()).sightings {
        assert!(Address::parse(&sighting.address.expose()).is_ok());
    }
});
