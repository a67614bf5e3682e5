#![no_main]
//! What is proved holds no address of a stranger as plain text.

use libfuzzer_sys::fuzz_target;
use mail::Address;
use proof::{Expected, PublicList, prove};

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
    let (Ok(recipient), Ok(sender)) = (Address::parse("ann@x.test"), Address::parse("survey@police.example")) else {
        return;
    };
    let public = PublicList::from_iter([sender]);
    let expected = Expected::new(&recipient, &public, "<1@police.example>");
    if let Ok(proved) = prove(octets.to_vec(), &expected) {
        assert!(!proved.bytes().windows(12).any(|w| w.eq_ignore_ascii_case(b" bob@y.test ")));
    }
});
