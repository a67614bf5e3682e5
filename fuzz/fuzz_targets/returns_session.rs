#![no_main]
//! Whatever a client says: replies and messages within the limits, the same however the octets are cut.

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use returns::{Memory, Protocol, RECIPIENTS_MAX, Session, Settled, Terms, Turn};

const BOUNCE_OCTETS: usize = 1_000;
const MEMORY_OCTETS: usize = 64 * 1024;

fn play(protocol: Protocol, pieces: &[&[u8]]) -> (Vec<u8>, Vec<Vec<u8>>) {
    let memory = Memory::new(MEMORY_OCTETS);
    let mut session = Session::new(Arc::new(Terms {
        protocol,
        name: "mx.test".to_owned(),
        tls: true,
        bounce_octets: BOUNCE_OCTETS,
        memory: memory.clone(),
        accepts: Box::new(|recipient| recipient.local.len() < 10),
    }));
    let (mut replies, mut messages, mut pieces) = (Vec::new(), Vec::new(), pieces.iter());
    loop {
        let turn = session.turn();
        replies.extend(session.output());
        match turn {
            Turn::Read => match pieces.next() {
                Some(piece) => session.push(piece),
                None => break,
            },
            Turn::Settle(message) => {
                assert!((1..=RECIPIENTS_MAX).contains(&message.recipients.len()));
                assert!(!message.null_sender || message.octets().len() <= BOUNCE_OCTETS);
                messages.push(message.octets().to_vec());
                session.settled(&vec![Settled::Taken; message.recipients.len()]);
            }
            // What came in the clear counts for nothing: the rest is another dialogue.
            Turn::Handshake | Turn::Close => break,
        }
    }
    drop(session);
    assert_eq!(memory.left(), MEMORY_OCTETS, "every octet is given back");
    (replies, messages)
}

fuzz_target!(|octets: &[u8]| {
    for protocol in [Protocol::Smtp, Protocol::Lmtp] {
        let whole = play(protocol, &[octets]);
        let single: Vec<&[u8]> = octets.chunks(1).collect();
        // Whether something stands behind STARTTLS is known only where it came with it.
        if !octets.to_ascii_uppercase().windows(8).any(|word| word == b"STARTTLS") {
            assert_eq!(whole, play(protocol, &single));
        }
    }
});
