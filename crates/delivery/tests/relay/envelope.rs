//! MAIL, RCPT, DATA.

use campaign::Stage as At;
use delivery::smtp::{Envelope, SessionError};
use lab::{Behaviour, EightBit, Offers, Reaction, Rule, Stage, When};

use crate::{
    SHORT, any_tls, envelope, handed_over, open, opened, proved, relay, replied, started, with_rule,
};

fn offering(offers: Offers) -> Behaviour {
    Behaviour { offers, single_recipient: true, ..Behaviour::default() }
}

#[tokio::test]
async fn nothing_goes_wrong() {
    let server = started(offering(Offers::default())).await;
    let mut session = opened(&server).await;
    for who in ["ann@x.test", "bob@x.test"] {
        let mail = proved(who);
        assert_eq!(replied(handed_over(&mut session, &mail).await), 250);
        let received = server.mailbox().received().pop().unwrap();
        assert_eq!(received.recipients, [who]);
        assert_eq!(received.bytes, mail.bytes(), "octet for octet, dots and all");
        assert_eq!(received.reverse_path, "b-1@bounce.example");
    }
    session.quit().await;
}

#[tokio::test]
async fn relay_without_pipelining() {
    let server = started(offering(Offers { pipelining: false, ..Offers::default() })).await;
    let mut session = opened(&server).await;
    for _ in 0..3 {
        assert_eq!(replied(handed_over(&mut session, &proved("ann@x.test")).await), 250);
    }
    assert_eq!(server.mailbox().count(), 3);
}

#[tokio::test]
async fn relay_announces_8bitmime_falsely() {
    let server = started(offering(Offers { eight_bit_mime: EightBit::Falsely, ..Offers::default() })).await;
    let mut session = opened(&server).await;
    assert!(session.offers().eight_bit_mime);
    assert_eq!(
        replied(handed_over(&mut session, &proved("ann@x.test")).await),
        250,
        "our messages are 7-bit"
    );
}

#[tokio::test]
async fn size_parameter() {
    let mail = proved("ann@x.test");
    let octets = mail.bytes().len();
    let server = started(offering(Offers { size_max: octets, ..Offers::default() })).await;
    let mut session = opened(&server).await;
    assert_eq!(session.offers().size_max, Some(octets as u64));
    assert_eq!(replied(handed_over(&mut session, &mail).await), 250);
    let received = &server.mailbox().received()[0];
    assert!(received.mail_parameters.contains(&format!("SIZE={octets}")), "{}", received.mail_parameters);

    let server = started(offering(Offers { size_max: octets - 1, ..Offers::default() })).await;
    let refused = envelope(&mut opened(&server).await, &mail).await.unwrap();
    assert!(
        matches!(&refused, Envelope::Refused(At::Mail, reply) if reply.to_string() == "552 5.3.4"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn dsn_parameters() {
    let server = started(offering(Offers::default())).await;
    assert_eq!(replied(handed_over(&mut opened(&server).await, &proved("ann@x.test")).await), 250);
    let received = &server.mailbox().received()[0];
    assert!(received.mail_parameters.contains("RET=HDRS ENVID=token7"), "{}", received.mail_parameters);
    assert_eq!(received.rcpt_parameters, ["NOTIFY=FAILURE"]);
}

#[tokio::test]
async fn relay_without_any_extension() {
    let nothing = Offers {
        pipelining: false,
        eight_bit_mime: EightBit::No,
        size: false,
        smtputf8: false,
        dsn: false,
        enhanced_codes: false,
        ..Offers::default()
    };
    let server = started(offering(nothing)).await;
    assert_eq!(replied(handed_over(&mut opened(&server).await, &proved("ann@x.test")).await), 250);
    let received = &server.mailbox().received()[0];
    assert_eq!((received.mail_parameters.as_str(), received.rcpt_parameters.join("")), ("", String::new()));
}

#[tokio::test]
async fn smtputf8_address() {
    let mail = proved("jörg@x.test");
    assert!(mail.needs_smtputf8());
    let server = started(offering(Offers::default())).await;
    assert_eq!(replied(handed_over(&mut opened(&server).await, &mail).await), 250);
    let received = &server.mailbox().received()[0];
    assert!(received.smtputf8 && received.recipients == ["jörg@x.test"]);
}

#[tokio::test]
async fn dialogue_of_rset_after_a_refused_rcpt() {
    for pipelining in [true, false] {
        let unknown = Rule::new(
            Stage::Rcpt,
            When::Recipient("nobody@x.test".into()),
            Reaction::reply("550 5.1.1 No such mailbox"),
        );
        let offers = Offers { pipelining, ..Offers::default() };
        let server = started(Behaviour { rules: vec![unknown], ..offering(offers) }).await;
        let mut session = opened(&server).await;
        for _ in 0..3 {
            let refused = envelope(&mut session, &proved("nobody@x.test")).await.unwrap();
            assert!(
                matches!(&refused, Envelope::Refused(At::Rcpt, reply) if reply.to_string() == "550 5.1.1")
            );
        }
        assert_eq!(replied(handed_over(&mut session, &proved("ann@x.test")).await), 250);
        assert_eq!(replied(handed_over(&mut session, &proved("bob@x.test")).await), 250);
        let to: Vec<_> =
            server.mailbox().received().iter().map(|message| message.recipients.join(",")).collect();
        assert_eq!(to, ["ann@x.test", "bob@x.test"]);
    }
}

#[tokio::test]
async fn data_accepted_after_rcpt_refused_sends_nothing() {
    let rules = vec![
        Rule::new(Stage::Rcpt, When::All, Reaction::reply("550 5.1.1 No such mailbox")),
        Rule::new(Stage::Data, When::All, Reaction::reply("354 Go ahead all the same")),
    ];
    let server = started(Behaviour::with_rules(rules)).await;
    let mut session = opened(&server).await;
    let refused = envelope(&mut session, &proved("ann@x.test")).await.unwrap();
    assert!(
        matches!(&refused, Envelope::RefusedAndClosed(At::Rcpt, reply) if reply.code.0 == 550),
        "{refused:?}"
    );
    drop(session);
    assert_eq!(server.mailbox().count(), 0);
}

#[tokio::test]
async fn data_refused() {
    let server = with_rule(Stage::Data, When::EveryNth(1), Reaction::reply("451 4.3.0 Not now")).await;
    let refused = envelope(&mut opened(&server).await, &proved("ann@x.test")).await.unwrap();
    assert!(matches!(&refused, Envelope::Refused(At::Data, reply) if reply.code.0 == 451), "{refused:?}");
}

#[tokio::test]
async fn connection_lost_before_data() {
    for reaction in [Reaction::Close, Reaction::Reset] {
        let server = with_rule(Stage::Rcpt, When::All, reaction).await;
        let lost = envelope(&mut opened(&server).await, &proved("ann@x.test")).await.unwrap_err();
        assert!(matches!(lost, SessionError::Io { .. }), "{lost}");
    }
}

#[tokio::test]
async fn relay_stalls_at_rcpt() {
    let server = with_rule(Stage::Rcpt, When::All, Reaction::Stall).await;
    let mut relay = relay(&server);
    relay.timeouts.rcpt = SHORT;
    let mut session = open(&relay, &any_tls()).await.unwrap();
    let lost = envelope(&mut session, &proved("ann@x.test")).await.unwrap_err();
    assert_eq!(lost.stage(), At::Rcpt);
}

#[tokio::test]
async fn greylisted_at_first() {
    let server =
        with_rule(Stage::Rcpt, When::FirstAttempts(1), Reaction::reply("451 4.7.1 Come back later")).await;
    let mut session = opened(&server).await;
    let later = envelope(&mut session, &proved("ann@x.test")).await.unwrap();
    assert!(
        matches!(&later, Envelope::Refused(At::Rcpt, reply) if reply.to_string() == "451 4.7.1"),
        "{later:?}"
    );
    assert_eq!(replied(handed_over(&mut session, &proved("ann@x.test")).await), 250);
}

#[tokio::test]
async fn refused_and_closed_is_not_a_lost_connection() {
    let server =
        with_rule(Stage::Mail, When::All, Reaction::reply_and_close("550 5.7.1 You are on a list")).await;
    let refused = envelope(&mut opened(&server).await, &proved("ann@x.test")).await.unwrap();
    assert!(
        matches!(&refused, Envelope::RefusedAndClosed(At::Mail, reply) if reply.to_string() == "550 5.7.1"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn replies_421_closes() {
    for (stage, at) in [(Stage::Mail, At::Mail), (Stage::Rcpt, At::Rcpt), (Stage::Data, At::Data)] {
        let server = with_rule(stage, When::All, Reaction::reply("421 4.3.2 Closing")).await;
        let refused = envelope(&mut opened(&server).await, &proved("ann@x.test")).await.unwrap();
        assert!(
            matches!(&refused, Envelope::RefusedAndClosed(stage, reply) if *stage == at && reply.code.0 == 421),
            "{refused:?}"
        );
    }
}
