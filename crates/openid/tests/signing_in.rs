//! Signing in at a provider that is started here: as it should be, and each way in which it may not be.

use std::time::{Duration, SystemTime};

use openid::{
    Ask, DOCUMENT_KEPT, FAILURE_KEPT, Identity, KEYS_AGAIN, Kept, OpenIdError, Provider, ProviderSettings,
    Refusal, Returned, Secret, TokenFault,
};
use testkit::{Authority, CLIENT, CLIENT_SECRET, Misbehaviour, OpenIdProvider, SignedInThere};

const SECONDS: u64 = 1_800_000_000;
const BACK: &str = "https://console.example/sign-in/returned";
/// Long enough for an answer on this machine, however busy it is.
const PATIENT: Duration = Duration::from_secs(10);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(SECONDS)
}

fn settings(there: &OpenIdProvider) -> ProviderSettings {
    ProviderSettings {
        issuer: there.issuer(),
        client_id: CLIENT.to_owned(),
        client_secret: Some(Secret::new(CLIENT_SECRET.to_owned())),
        redirect_uri: BACK.to_owned(),
        authorities: None,
        wait: PATIENT,
    }
}

fn anna() -> SignedInThere {
    SignedInThere {
        subject: "anna-there".to_owned(),
        email: Some(("Anna@staff.example".to_owned(), Some(true))),
        amr: vec!["pwd".to_owned(), "otp".to_owned()],
        acr: Some("2".to_owned()),
        seconds_ago: Some(600),
    }
}

fn there() -> (OpenIdProvider, Provider) {
    let there = OpenIdProvider::start(|| SECONDS);
    there.sign_in(Some(anna()));
    let here = Provider::new(settings(&there)).expect("settings that fit");
    (there, here)
}

fn kept() -> Kept {
    Kept::new("a-state", [1; 32], [2; 32])
}

/// A field of the query that the browser comes back with.
fn field<'a>(url: &'a str, name: &str) -> Option<&'a str> {
    let (_, query) = url.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
}

fn begun(there: &OpenIdProvider, here: &Provider, ask: &Ask) -> String {
    let url = here.begin(&kept(), ask, now()).expect("it begins");
    let back = there.lead_back(&url);
    assert!(back.starts_with(BACK) && field(&back, "state") == Some("a-state"), "{back}");
    field(&back, "code").expect("a code").to_owned()
}

fn finished(here: &Provider, code: &str, ask: &Ask) -> Result<Identity, OpenIdError> {
    here.finish(&Returned { code, issuer: None }, &kept(), ask, now())
}

fn signed_in(there: &OpenIdProvider, here: &Provider) -> Result<Identity, OpenIdError> {
    let code = begun(there, here, &Ask::default());
    finished(here, &code, &Ask::default())
}

/// What becomes of a sign-in at a provider that does this wrong.
#[track_caller]
fn refused(misbehaviour: Misbehaviour, wanted: OpenIdError) {
    let (there, here) = there();
    there.misbehave(misbehaviour);
    assert_eq!(signed_in(&there, &here), Err(wanted), "{misbehaviour:?}");
    there.misbehave(Misbehaviour::None);
    assert!(signed_in(&there, &here).is_ok(), "and it is that alone: {misbehaviour:?}");
}

#[test]
fn somebody_signs_in() {
    let (there, here) = there();
    let identity = signed_in(&there, &here).expect("anna");
    assert_eq!(
        (identity.issuer.as_str(), identity.subject.as_str()),
        (there.issuer().as_str(), "anna-there")
    );
    assert_eq!(identity.verified_email(), Some("Anna@staff.example"));
    assert_eq!((identity.amr.join(" "), identity.acr.as_deref()), ("pwd otp".to_owned(), Some("2")));
    assert_eq!(identity.auth_time, Some(now() - Duration::from_secs(600)));
    assert!(identity.shows_one_of(&["otp".to_owned()]) && identity.shows_one_of(&["2".to_owned()]));
    assert!(!identity.shows_one_of(&["mfa".to_owned()]) && !identity.shows_one_of(&[]));
}

#[test]
fn the_browser_goes_with_a_challenge_and_for_an_address_alone() {
    let (_there, here) = there();
    let ask = Ask {
        acr_values: vec!["gold".to_owned(), "silver".to_owned()],
        max_age: Some(Duration::from_secs(60)),
        again: true,
    };
    let url = here.begin(&kept(), &ask, now()).expect("it begins");
    let of = |name| field(&url, name).unwrap_or_else(|| panic!("{name} in {url}"));
    assert_eq!((of("response_type"), of("scope"), of("state")), ("code", "openid+email", "a-state"));
    assert_eq!((of("code_challenge_method"), of("nonce")), ("S256", "01".repeat(32).as_str()));
    assert_eq!((of("acr_values"), of("max_age"), of("prompt")), ("gold+silver", "60", "login"));
    assert_eq!(of("redirect_uri"), BACK.replace(':', "%3A").replace('/', "%2F"));
    assert!(!url.contains(&"02".repeat(32)), "the verifier stays here");
    let plain = here.begin(&kept(), &Ask::default(), now()).expect("it begins");
    for name in ["acr_values", "max_age", "prompt"] {
        assert_eq!(field(&plain, name), None);
    }
}

#[test]
fn rsa_signs_as_well_and_its_signatures_are_looked_at() {
    let (there, here) = there();
    there.use_rsa();
    assert!(signed_in(&there, &here).is_ok());
    there.misbehave(Misbehaviour::OtherKey);
    assert_eq!(signed_in(&there, &here), Err(TokenFault::Signature.into()));
}

#[test]
fn the_secret_is_shown_in_the_form_where_the_provider_wants_it_there() {
    let (there, here) = there();
    there.take_secret_in_form();
    assert!(signed_in(&there, &here).is_ok());
}

#[test]
fn a_client_with_another_secret_signs_nobody_in() {
    let (there, _) = there();
    for secret in [None, Some(Secret::new("another".to_owned()))] {
        let here =
            Provider::new(ProviderSettings { client_secret: secret, ..settings(&there) }).expect("settings");
        assert_eq!(signed_in(&there, &here), Err(OpenIdError::Refused(Refusal::Client)));
    }
}

#[test]
fn a_code_is_good_once() {
    let (there, here) = there();
    let code = begun(&there, &here, &Ask::default());
    assert!(finished(&here, &code, &Ask::default()).is_ok());
    assert_eq!(finished(&here, &code, &Ask::default()), Err(OpenIdError::Refused(Refusal::Code)));
}

#[test]
fn a_code_without_its_verifier_is_worth_nothing() {
    let (there, here) = there();
    let code = begun(&there, &here, &Ask::default());
    let other = Kept::new("a-state", [1; 32], [3; 32]);
    let returned = Returned { code: &code, issuer: None };
    let finished = here.finish(&returned, &other, &Ask::default(), now());
    assert_eq!(finished, Err(OpenIdError::Refused(Refusal::Code)));
}

#[test]
fn a_code_past_its_limit_goes_nowhere() {
    let (there, here) = there();
    for code in [String::new(), "x".repeat(openid::CODE_OCTETS_MAX + 1)] {
        assert_eq!(finished(&here, &code, &Ask::default()), Err(OpenIdError::Refused(Refusal::Code)));
    }
    assert_eq!(there.asked().token, 0);
    let longest = "x".repeat(openid::CODE_OCTETS_MAX);
    assert_eq!(finished(&here, &longest, &Ask::default()), Err(OpenIdError::Refused(Refusal::Code)));
    assert_eq!(there.asked().token, 1, "the longest that there may be is asked about");
}

#[test]
fn a_token_of_another_sign_in_signs_nobody_in() {
    refused(Misbehaviour::OtherNonce, TokenFault::Nonce.into());
    refused(Misbehaviour::NoNonce, TokenFault::Nonce.into());
}

#[test]
fn a_token_of_another_issuer_signs_nobody_in() {
    refused(Misbehaviour::OtherIssuer, TokenFault::Issuer.into());
}

#[test]
fn a_token_of_another_client_signs_nobody_in() {
    refused(Misbehaviour::OtherAudience, TokenFault::Audience.into());
    refused(Misbehaviour::TwoAudiences, TokenFault::Audience.into());
    refused(Misbehaviour::OtherParty, TokenFault::Audience.into());
}

#[test]
fn a_token_of_another_time_signs_nobody_in() {
    refused(Misbehaviour::Expired, TokenFault::Time.into());
    refused(Misbehaviour::Old, TokenFault::Time.into());
    refused(Misbehaviour::FromTheFuture, TokenFault::Time.into());
}

#[test]
fn a_token_that_came_with_another_access_token_signs_nobody_in() {
    refused(Misbehaviour::OtherHash, TokenFault::Hash.into());
}

#[test]
fn a_token_that_nobody_signed_signs_nobody_in() {
    refused(Misbehaviour::Unsigned, TokenFault::Signature.into());
    refused(Misbehaviour::SignedWithSecret, TokenFault::Signature.into());
    refused(Misbehaviour::OtherKey, TokenFault::Signature.into());
    refused(Misbehaviour::NoToken, TokenFault::Missing.into());
}

#[test]
fn a_token_with_an_unknown_key_makes_us_ask_once_a_minute() {
    let (there, here) = there();
    there.misbehave(Misbehaviour::UnknownKey);
    let asks = |at: SystemTime| {
        let back = there.lead_back(&here.begin(&kept(), &Ask::default(), at).expect("it begins"));
        let returned = Returned { code: field(&back, "code").expect("a code"), issuer: None };
        // The double's clock stands still, so the token is as old as the time that passed.
        let finished = here.finish(&returned, &kept(), &Ask::default(), at);
        assert_eq!(finished, Err(TokenFault::UnknownKey.into()));
        there.asked().keys
    };
    assert_eq!((asks(now()), asks(now()), asks(now())), (1, 1, 1));
    let later = now() + KEYS_AGAIN;
    assert_eq!((asks(later), asks(later)), (2, 2));
}

#[test]
fn another_key_of_the_provider_is_found() {
    let (there, here) = there();
    assert!(signed_in(&there, &here).is_ok());
    there.rotate_key();
    assert_eq!(signed_in(&there, &here), Err(TokenFault::UnknownKey.into()), "it was asked just now");
    let code = begun(&there, &here, &Ask::default());
    let returned = Returned { code: &code, issuer: None };
    assert!(here.finish(&returned, &kept(), &Ask::default(), now() + KEYS_AGAIN).is_ok());
}

#[test]
fn what_the_provider_is_is_asked_once_an_hour() {
    let (there, here) = there();
    let asks = |at| {
        here.begin(&kept(), &Ask::default(), at).expect("it begins");
        there.asked().document
    };
    let last = now() + DOCUMENT_KEPT - Duration::from_secs(1);
    assert_eq!((asks(now()), asks(last), asks(now() + DOCUMENT_KEPT)), (1, 1, 2));
    assert_eq!(asks(now()), 3, "a clock that was set back");
}

#[test]
fn an_answer_of_another_provider_is_not_taken_and_the_code_stays_here() {
    let (there, here) = there();
    let code = begun(&there, &here, &Ask::default());
    let (own, other) = (there.issuer(), "https://login.example");
    let slash = format!("{own}/");
    let finish = |issuer| here.finish(&Returned { code: &code, issuer }, &kept(), &Ask::default(), now());
    assert_eq!(finish(Some(other)), Err(OpenIdError::Mixed));
    assert_eq!(finish(Some(&slash)), Err(OpenIdError::Mixed));
    assert_eq!(there.asked().token, 0);
    assert!(finish(Some(&own)).is_ok());
}

#[test]
fn a_provider_that_names_itself_does_so_always() {
    let (there, here) = there();
    there.name_itself();
    let code = begun(&there, &here, &Ask::default());
    assert_eq!(finished(&here, &code, &Ask::default()), Err(OpenIdError::Mixed));
    let own = there.issuer();
    let returned = Returned { code: &code, issuer: Some(&own) };
    assert!(here.finish(&returned, &kept(), &Ask::default(), now()).is_ok());
}

#[test]
fn what_was_asked_for_has_to_be_said() {
    let (there, here) = there();
    let with = |ask: Ask| {
        let code = begun(&there, &here, &ask);
        finished(&here, &code, &ask)
    };
    let acr = |value: &str| Ask { acr_values: vec![value.to_owned()], ..Ask::default() };
    let age = |seconds| Ask { max_age: Some(Duration::from_secs(seconds)), ..Ask::default() };
    assert!(with(acr("2")).is_ok() && with(age(600)).is_ok());
    for ask in [acr("3"), age(60)] {
        assert_eq!(with(ask), Err(TokenFault::NotAsAsked.into()));
    }
    there.sign_in(Some(SignedInThere { acr: None, seconds_ago: None, ..anna() }));
    for ask in [acr("2"), age(600)] {
        assert_eq!(with(ask), Err(TokenFault::NotAsAsked.into()), "nothing said is not enough");
    }
}

#[test]
fn an_address_that_is_not_said_to_be_verified_is_not() {
    let (there, here) = there();
    for verified in [Some(false), None] {
        let email = Some(("anna@staff.example".to_owned(), verified));
        there.sign_in(Some(SignedInThere { email, ..anna() }));
        let identity = signed_in(&there, &here).expect("anna");
        assert_eq!((identity.verified_email(), identity.email_verified), (None, false));
    }
}

#[test]
fn a_provider_that_is_down_is_asked_again_after_a_moment() {
    let (there, here) = there();
    there.misbehave(Misbehaviour::Down);
    let begin = |at| here.begin(&kept(), &Ask::default(), at).map(|_| ());
    assert_eq!(begin(now()), Err(OpenIdError::Unreachable));
    assert!(OpenIdError::Unreachable.may_pass() && !OpenIdError::Mixed.may_pass());
    there.misbehave(Misbehaviour::None);
    assert_eq!(begin(now() + FAILURE_KEPT / 2), Err(OpenIdError::Unreachable), "a moment");
    assert_eq!(begin(now() + FAILURE_KEPT), Ok(()));
}

#[test]
fn a_provider_that_hangs_is_given_up() {
    let (there, _) = there();
    let wait = Duration::from_millis(500);
    let here = Provider::new(ProviderSettings { wait, ..settings(&there) }).expect("settings");
    let code = begun(&there, &here, &Ask::default());
    there.misbehave(Misbehaviour::Hangs);
    assert_eq!(finished(&here, &code, &Ask::default()), Err(OpenIdError::Unreachable));
}

#[test]
fn answers_that_are_none_sign_nobody_in() {
    refused(Misbehaviour::Huge, OpenIdError::TooLarge);
    refused(Misbehaviour::Nonsense, OpenIdError::Answer("of the token endpoint"));
    refused(Misbehaviour::Redirects, OpenIdError::Answer("of the token endpoint"));
}

#[test]
fn a_document_that_does_not_fit_begins_nothing() {
    for (misbehaviour, wanted) in [
        (Misbehaviour::OtherDocument, OpenIdError::AnotherIssuer),
        (Misbehaviour::InTheClear, OpenIdError::Insecure),
    ] {
        let (there, here) = there();
        there.misbehave(misbehaviour);
        assert_eq!(here.begin(&kept(), &Ask::default(), now()), Err(wanted));
    }
    let (there, here) = there();
    there.misbehave(Misbehaviour::OtherAuthentication);
    assert_eq!(signed_in(&there, &here), Err(OpenIdError::ClientAuthentication));
}

#[test]
fn a_further_authority_is_read_or_refused() {
    let (there, _) = there();
    let with = |pem: &str| {
        Provider::new(ProviderSettings { authorities: Some(pem.as_bytes().to_vec()), ..settings(&there) })
            .map(|_| ())
    };
    assert_eq!(with(&Authority::default().pem()), Ok(()));
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nx"] {
        assert_eq!(with(pem), Err(openid::SettingsError::Authorities), "{pem}");
    }
}

#[test]
fn a_provider_whose_certificate_does_not_hold_is_not_asked() {
    let (good, other) = (Authority::default(), Authority::default());
    for (certificate, authority, wanted) in [
        (good.good("localhost"), &good, Ok(())),
        (good.good("localhost"), &other, Err(OpenIdError::Unreachable)),
        (good.good("elsewhere.example"), &good, Err(OpenIdError::Unreachable)),
        (good.expired("localhost"), &good, Err(OpenIdError::Unreachable)),
    ] {
        let there = OpenIdProvider::start_tls(&certificate, || SECONDS);
        there.sign_in(Some(anna()));
        let authorities = Some(authority.pem().into_bytes());
        let here = Provider::new(ProviderSettings { authorities, ..settings(&there) }).expect("settings");
        assert_eq!(here.begin(&kept(), &Ask::default(), now()).map(|_| ()), wanted);
        assert_eq!(there.asked().document, u32::from(wanted.is_ok()));
        if wanted.is_ok() {
            assert!(signed_in(&there, &here).is_ok());
        }
    }
}

#[test]
fn nothing_that_is_printed_tells_a_secret_or_a_person() {
    let (there, here) = there();
    let identity = signed_in(&there, &here).expect("anna");
    let code = begun(&there, &here, &Ask::default());
    let returned = Returned { code: &code, issuer: None };
    let printed = format!("{here:?} {identity:?} {:?} {returned:?} {:?}", kept(), settings(&there));
    for secret in [CLIENT_SECRET, "anna", "staff.example", "canary", "a-state", "0101", "0202"] {
        assert!(!printed.contains(secret), "{secret} in {printed}");
    }
}
