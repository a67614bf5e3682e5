#![no_main]
//! Any octets can be read, and reading says only what is an address.

use libfuzzer_sys::fuzz_target;
use mail::{Address, Limits, read};

fuzz_target!(
    init: {
        // mail-parser panics on some input, and `read` catches that: only panics of our own are findings.
        let abort = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !info.location().is_some_and(|l| l.file().contains("mail-parser")) {
                abort(info);
            }
        }));
    },
    |octets: &[u8]| {
    for sighting in read(octets, &Limits::default()).sightings {
        assert!(Address::parse(&sighting.address.expose()).is_ok());
    }
});
