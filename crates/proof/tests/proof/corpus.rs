//! The fuzzer's corpus, replayed; and any damage to a good message.

use mail::Address;
use proptest::prelude::*;

use crate::{GOOD, prove_for};

#[test]
fn the_corpus_is_judged() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz/corpus/prove_message");
    let mut outcomes = [0, 0];
    for entry in std::fs::read_dir(folder).unwrap() {
        let proved = prove_for("ann@x.test", std::fs::read(entry.unwrap().path()).unwrap());
        outcomes[usize::from(proved.is_ok())] += 1;
    }
    assert!(outcomes[0] >= 2 && outcomes[1] >= 1, "{outcomes:?}");
}

proptest! {
    #[test]
    fn a_damaged_message_shows_nobody(at in 0..GOOD.len(), planted in "[a-z]{1,8}@[a-z]{2,8}\\.test") {
        prop_assume!(Address::parse(&planted).unwrap().key() != "ann@x.test");
        let mut message = GOOD.to_owned();
        message.insert_str(at, &format!(" {planted} "));
        prop_assert!(prove_for("ann@x.test", message).is_err());
    }

    #[test]
    fn any_octet_changed_is_judged(at in 0..GOOD.len(), octet in any::<u8>()) {
        let mut message = GOOD.as_bytes().to_vec();
        message[at] = octet;
        let _ = prove_for("ann@x.test", message);
    }
}
