#![no_main]
//! Whatever a relay sends: replies within the limits, the same however the octets are cut, and a meaning for each.

use campaign::{Stage, consequence};
use delivery::smtp::{Capabilities, REPLY_LINES_MAX, Reply, ReplyError, ReplyReader};
use libfuzzer_sys::fuzz_target;

fn read(pieces: &[&[u8]]) -> (Vec<Reply>, Option<ReplyError>) {
    let (mut reader, mut replies) = (ReplyReader::default(), Vec::new());
    for piece in pieces {
        reader.push(piece);
        loop {
            match reader.next_reply() {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(error) => return (replies, Some(error)),
            }
        }
    }
    (replies, None)
}

fuzz_target!(|octets: &[u8]| {
    let (replies, error) = read(&[octets]);
    let cut = octets.len() / 2;
    assert_eq!(
        (&replies, &error),
        (&read(&[&octets[..cut], &octets[cut..]]).0, &read(&[&octets[..cut], &octets[cut..]]).1)
    );
    for reply in replies {
        assert!(reply.code.0 <= 999 && (1..=REPLY_LINES_MAX).contains(&reply.lines.len()));
        let _ = Capabilities::read(&reply);
        for stage in
            [Stage::Greeting, Stage::Ehlo, Stage::Auth, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Dot]
        {
            let _ = consequence(stage, reply.code, reply.enhanced);
        }
    }
});
