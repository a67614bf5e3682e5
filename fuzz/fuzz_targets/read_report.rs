#![no_main]
//! Whatever arrives at a return path: no panic, the same for both line ends, limits kept, and nothing printed.

use libfuzzer_sys::fuzz_target;
use mail::report::{NAMES_MAX, REPORT_OCTETS_MAX, What, read};

fuzz_target!(|octets: &[u8]| {
    let report = read(octets);
    let names = report.names();
    assert!(names.message_ids.len() <= NAMES_MAX && names.return_paths.len() <= NAMES_MAX);
    assert!(!format!("{report:?}").contains('@'));
    if let What::DeliveryStatus(status) = &report.what {
        assert!(!status.recipients.is_empty());
    }
    if !octets.contains(&b'\r') && octets.len() <= REPORT_OCTETS_MAX / 2 {
        let mut ended = Vec::with_capacity(2 * octets.len());
        for octet in octets {
            if *octet == b'\n' {
                ended.push(b'\r');
            }
            ended.push(*octet);
        }
        assert_eq!(read(&ended), report);
    }
});
