//! Signing in at a provider, with the whole program: by its settings, over HTTP, into its ledger.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Child;

use accounts::TotpSecret;
use data_encoding::BASE32_NOPAD;
use delivery::{Clock, SystemClock};
use serde_json::Value;
use testkit::{CLIENT, CLIENT_SECRET, Misbehaviour, OpenIdProvider, SignedInThere};

use crate::bench::{Bench, Ran, acts, finish, signal};

const ADA: &str = "ada@unit.example";
const PASSWORD: &str = "kettles under wet umbrellas";
const IDENTIFIER: &str = "identifier-of-ada-canary";

fn provider() -> OpenIdProvider {
    let now = || u64::try_from(SystemClock.now().as_second()).expect("after 1970");
    let there = OpenIdProvider::start(now);
    there.sign_in(Some(ada()));
    there
}

fn ada() -> SignedInThere {
    SignedInThere {
        subject: IDENTIFIER.to_owned(),
        email: Some(("Ada@unit.example".to_owned(), Some(true))),
        amr: vec!["pwd".to_owned()],
        acr: None,
        seconds_ago: None,
    }
}

/// An installation whose console is open.
struct Open {
    bench: Bench,
    serving: Child,
    at: String,
    link: Option<String>,
    said: String,
}

impl Open {
    fn start(bench: Bench) -> Self {
        let bench = bench
            .with("UNDISCLOSED_CONSOLE__LISTEN", "127.0.0.1:0")
            .with("UNDISCLOSED_HEALTH__LISTEN", "127.0.0.1:0");
        Self::serve(bench)
    }

    fn serve(bench: Bench) -> Self {
        let mut serving = bench.spawn(&["serve", "--json"]);
        let mut said = String::new();
        let out = serving.stdout.as_mut().expect("its output");
        BufReader::with_capacity(1, out).read_line(&mut said).expect("a line");
        let object: Value = serde_json::from_str(&said).expect("JSON");
        let at = object["console"].as_str().expect("a console").replace("http://", "");
        let link =
            object["first_administrator"].as_str().map(|link| link.replace(&format!("http://{at}"), ""));
        Self { bench, serving, at, link, said }
    }

    fn browser(&self) -> Browser {
        Browser { at: self.at.clone(), cookies: BTreeMap::new() }
    }

    /// Ctrl-C; what it said beside the link of the first administrator.
    fn end(self) -> (Bench, String) {
        signal(&self.serving, "INT");
        let Ran { code, out, err } = finish(self.serving);
        assert_eq!(code, Some(0), "{err}");
        (self.bench, self.said + &out + &err)
    }
}

/// A browser: it keeps cookies, and follows nothing by itself.
#[derive(Clone)]
struct Browser {
    at: String,
    cookies: BTreeMap<String, String>,
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn field(&self, name: &str) -> &str {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap_or_default()
    }

    fn leads_to(&self, path: &str) -> bool {
        self.status == 303 && self.field("location") == path
    }

    #[track_caller]
    fn between(&self, before: &str, after: &str) -> String {
        let (_, rest) =
            self.body.split_once(before).unwrap_or_else(|| panic!("no {before} in {}", self.body));
        rest.split_once(after).expect("an end").0.to_owned()
    }
}

impl Browser {
    fn ask(&mut self, method: &str, path: &str, more: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.at).expect("it listens");
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (at, length, cookies) = (&self.at, body.len(), cookies.join("; "));
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nCookie: {cookies}\r\nContent-Length: {length}\r\n{more}"
        );
        write!(stream, "{head}\r\n{body}").expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        for cookie in head.lines().filter_map(|line| line.strip_prefix("set-cookie: ")) {
            let (name, value) =
                cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a pair");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    /// A form as a page of ours sends it.
    fn form(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let escape = |text: &str| {
            let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
            text.bytes()
                .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
                .collect::<String>()
        };
        let pairs: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", escape(value))).collect();
        let origin = format!(
            "Origin: http://{}\r\nSec-Fetch-Site: same-origin\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            self.at
        );
        self.ask("POST", path, &origin, &pairs.join("&"))
    }

    /// Opens a page, and sends its form with these fields.
    fn fill_in(&mut self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.get(page).between("name=\"form\" value=\"", "\"");
        self.form(path, &[fields, &[("form", token.as_str())]].concat())
    }

    /// Presses the button, goes to the provider, and comes back: without cookies, for they are not sent on the way from another
    /// site. The page that asks to go on.
    fn go_there_and_back(&mut self, there: &OpenIdProvider) -> Answer {
        let leaving = self.fill_in("/sign-in", "/sign-in/begin", &[]);
        assert_eq!(leaving.status, 200, "{}", leaving.body);
        let to = leaving.field("refresh").strip_prefix("0; url=").expect("where it goes").to_owned();
        let back = there.lead_back(&to).replace(&format!("http://{}", self.at), "");
        let mut without = Self { cookies: BTreeMap::new(), ..self.clone() };
        let page = without.ask("GET", &back, "Sec-Fetch-Site: cross-site\r\n", "");
        assert!(without.cookies.is_empty(), "{}", page.head);
        page
    }

    fn go_on(&mut self, page: &Answer) -> Answer {
        let (state, code) =
            (page.between("name=\"form\" value=\"", "\""), page.between("name=\"code\" value=\"", "\""));
        let issuer = page.body.contains("name=\"iss\"").then(|| page.between("name=\"iss\" value=\"", "\""));
        let issuer = issuer.unwrap_or_default().replace("&#58;", ":").replace("&#47;", "/");
        self.form("/sign-in/returned", &[("form", &state), ("code", &code), ("iss", &issuer)])
    }

    fn sign_on(&mut self, there: &OpenIdProvider) -> Answer {
        let page = self.go_there_and_back(there);
        assert_eq!(page.status, 200, "{}", page.body);
        self.go_on(&page)
    }
}

/// The first administrator; codes on paper, for the app's would have to wait for each other.
fn first_administrator(open: &Open) -> Vec<String> {
    let (mut browser, link) = (open.browser(), open.link.clone().expect("a link"));
    let page = browser.get(&link);
    let key = page.between("<span class=\"app-key\">", "<").replace(' ', "");
    let octets = BASE32_NOPAD.decode(key.as_bytes()).expect("a key");
    let code = TotpSecret::from_octets(octets.try_into().expect("its length")).code_at(SystemClock.now());
    let sealed = page.between("name=\"secret\" value=\"", "\"");
    let form = page.between("name=\"form\" value=\"", "\"");
    let done = browser.form(
        &link,
        &[
            ("form", &form),
            ("secret", &sealed),
            ("login", ADA),
            ("name", "Ada Lovelace"),
            ("password", PASSWORD),
            ("again", PASSWORD),
            ("code", &code),
        ],
    );
    assert_eq!(done.status, 200, "{}", done.body);
    let codes = done.body.split("<li class=\"app-key\">").skip(1);
    codes.map(|rest| rest.split('<').next().expect("a code").to_owned()).collect()
}

/// There, back and on, as after the password; the first time ties.
fn the_first_time(open: &Open, there: &OpenIdProvider, paper: &mut Vec<String>) {
    let mut browser = open.browser();
    assert!(browser.get("/sign-in").body.contains("Sign in with Unit ID"));
    // There, back, on: as after the password.
    let page = browser.go_there_and_back(there);
    let entered = browser.go_on(&page);
    assert!(entered.leads_to("/sign-in/code"), "{} {}", entered.head, entered.body);
    assert_eq!(open.browser().go_on(&page).status, 403, "of another browser");
    assert_eq!(browser.clone().form("/sign-in/returned", &[]).status, 403);
    let code = paper.pop().expect("a code");
    assert!(browser.fill_in("/sign-in/code", "/sign-in/code", &[("code", &code)]).leads_to("/"));
    assert!(browser.get("/me").body.contains("With Unit ID, since "));
    let listed = acts(&open.bench, ADA);
    assert_eq!(listed.iter().filter(|act| *act == "link-sign-on").count(), 1, "{listed:?}");
}

/// Whose identifier it is decides, and what was shown there; whoever has none, or says no, is told so.
fn who_comes_in(open: &Open, there: &OpenIdProvider) -> Browser {
    // The address there changes, and a second factor is shown there: in at once, and not for what asks for a recent code.
    there.sign_in(Some(SignedInThere { email: None, amr: vec!["mfa".to_owned()], ..ada() }));
    let mut second = open.browser();
    assert!(second.sign_on(there).leads_to("/"));
    assert_eq!(second.get("/me").status, 200);
    assert_eq!(second.get("/users").field("location"), "/sign-in/code?to=%2Fusers");
    // Somebody else there is nobody here.
    let other = SignedInThere { subject: "identifier-of-mallory".to_owned(), ..ada() };
    there.sign_in(Some(other));
    let nobody = open.browser().sign_on(there);
    assert!(nobody.status == 403 && nobody.body.contains("identifier-of-mallory"), "{}", nobody.body);
    there.sign_in(None);
    let cancelled = open.browser().go_there_and_back(there);
    assert!(
        cancelled.status == 403 && cancelled.body.contains("It was stopped at Unit ID"),
        "{}",
        cancelled.body
    );
    assert!(!cancelled.body.contains("canary"));
    second
}

/// A token that does not hold, and a provider that is away; the password goes on working.
fn what_goes_wrong(open: &Open, there: &OpenIdProvider, paper: &mut Vec<String>) -> Browser {
    there.sign_in(Some(ada()));
    there.misbehave(Misbehaviour::OtherAudience);
    let refused = open.browser().sign_on(there);
    assert!(refused.status == 403 && refused.body.contains("it is for another client"), "{}", refused.body);
    let mut late = open.browser();
    let page = late.go_there_and_back(there);
    there.misbehave(Misbehaviour::Down);
    let away = late.go_on(&page);
    assert!(away.status == 503 && away.body.contains("cannot be reached"), "{}", away.body);
    let mut own = open.browser();
    assert!(
        own.fill_in("/sign-in", "/sign-in", &[("login", ADA), ("password", PASSWORD)])
            .leads_to("/sign-in/code")
    );
    let code = paper.pop().expect("a code");
    assert!(own.fill_in("/sign-in/code", "/sign-in/code", &[("code", &code)]).leads_to("/"));
    own
}

/// An administrator takes it away, and ties it again by the identifier.
fn by_hand(
    open: &Open,
    there: &OpenIdProvider,
    mut own: Browser,
    mut second: Browser,
    paper: &mut Vec<String>,
) {
    let user = "/users/1";
    let gone = own.fill_in(user, "/users/1/sign-on/remove", &[("issuer", &there.issuer())]);
    assert!(gone.leads_to(user), "{}", gone.body);
    assert_eq!(second.get("/me").field("location"), "/sign-in", "every session ends");
    there.misbehave(Misbehaviour::None);
    there.sign_in(Some(SignedInThere { email: None, ..ada() }));
    assert_eq!(open.browser().sign_on(there).status, 403);
    let mut own = open.browser();
    own.fill_in("/sign-in", "/sign-in", &[("login", ADA), ("password", PASSWORD)]);
    let code = paper.pop().expect("a code");
    own.fill_in("/sign-in/code", "/sign-in/code", &[("code", &code)]);
    assert!(own.fill_in(user, "/users/1/sign-on", &[("subject", IDENTIFIER)]).leads_to(user));
    assert!(open.browser().sign_on(there).leads_to("/sign-in/code"));
    let listed = acts(&open.bench, ADA);
    assert_eq!(listed.iter().filter(|act| act.ends_with("link-sign-on")).count(), 3, "{listed:?}");
}

fn signing_in_at_a_provider_on(bench: Bench, secret_in_file: bool) {
    let there = provider();
    there.name_itself();
    bench.write("secret", format!("{CLIENT_SECRET}\n"));
    let secret =
        if secret_in_file { ("CLIENT_SECRET_FILE", "secret") } else { ("CLIENT_SECRET", CLIENT_SECRET) };
    let bench = bench
        .with("UNDISCLOSED_OIDC__ISSUER", &there.issuer())
        .with("UNDISCLOSED_OIDC__CLIENT_ID", CLIENT)
        .with(&format!("UNDISCLOSED_OIDC__{}", secret.0), secret.1)
        .with("UNDISCLOSED_OIDC__NAME", "Unit ID")
        .with("UNDISCLOSED_OIDC__SECOND_FACTOR", "mfa, gold");
    let open = Open::start(bench);
    assert_eq!(there.asked(), testkit::Asked::default(), "nobody is asked before somebody comes");
    let mut paper = first_administrator(&open);
    the_first_time(&open, &there, &mut paper);
    let second = who_comes_in(&open, &there);
    let own = what_goes_wrong(&open, &there, &mut paper);
    by_hand(&open, &there, own, second, &mut paper);
    open.bench.run(&["ledger", "verify"]).exits(0);
    let (_, said) = open.end();
    assert!(said.contains("nobody can sign in at the provider of oidc.issuer"), "{said}");
    for secret in [CLIENT_SECRET, "canary", IDENTIFIER, "unit.example", "code-", "mallory"] {
        assert!(!said.contains(secret), "{secret} in {said}");
    }
}

#[test]
fn signing_in_at_a_provider() {
    signing_in_at_a_provider_on(Bench::new(), true);
}

#[test]
fn signing_in_at_a_provider_on_postgres() {
    signing_in_at_a_provider_on(Bench::on_postgres(), false);
}

/// Where nothing listens: a port that was given back could be anybody's a moment later.
const NOBODY: &str = "http://127.0.0.9:1";

#[test]
fn a_provider_that_is_away_keeps_nothing_from_starting() {
    let bench = Bench::new()
        .with("UNDISCLOSED_OIDC__ISSUER", NOBODY)
        .with("UNDISCLOSED_OIDC__CLIENT_ID", CLIENT)
        .with("UNDISCLOSED_LOG__FORMAT", "json");
    let open = Open::start(bench);
    first_administrator(&open);
    let mut browser = open.browser();
    let away = browser.fill_in("/sign-in", "/sign-in/begin", &[]);
    assert!(
        away.status == 503 && away.body.contains("your organisation was asked: it cannot be reached"),
        "{}",
        away.body
    );
    assert!(away.body.contains("You can sign in with your password"));
    let fields = [("login", ADA), ("password", PASSWORD)];
    assert!(browser.fill_in("/sign-in", "/sign-in", &fields).leads_to("/sign-in/code"));
    let (_, said) = open.end();
    assert!(said.contains("\"code\":\"sign_on\""), "{said}");
}

#[test]
fn without_a_provider_there_is_no_button_and_no_way() {
    let open = Open::start(Bench::new());
    first_administrator(&open);
    let mut browser = open.browser();
    assert!(!browser.get("/sign-in").body.contains("/sign-in/begin"));
    assert_eq!(browser.fill_in("/sign-in", "/sign-in/begin", &[]).status, 404);
    assert_eq!(browser.get("/sign-in/returned?code=x&state=y").status, 404);
    open.end();
}

#[test]
fn settings_that_do_not_fit_say_so() {
    let usual = [("ISSUER", "https://login.example/tenant"), ("CLIENT_ID", CLIENT)];
    for (without, more, word) in [
        ("ISSUER", &[][..], "oidc.issuer"),
        ("CLIENT_ID", &[], "oidc.client_id"),
        ("", &[("ISSUER", "http://login.example")], "https://"),
        ("", &[("ISSUER", "login.example")], "oidc.issuer"),
        ("", &[("ISSUER", "https://login.example/?tenant=1")], "oidc.issuer"),
        ("", &[("CLIENT_ID", "")], "oidc.client_id"),
        ("", &[("CLIENT_SECRET_FILE", "nowhere")], "cannot be read"),
        ("", &[("CLIENT_SECRET_FILE", "empty")], "oidc.client_secret_file"),
        ("", &[("CLIENT_SECRET_FILE", "secret"), ("CLIENT_SECRET", "canary")], "oidc.client_secret_file"),
        ("", &[("CA_FILE", "nowhere")], "oidc.ca_file"),
        ("", &[("CA_FILE", "secret")], "oidc.ca_file"),
        ("", &[("NAME", "x".repeat(41).leak())], "oidc.name"),
        ("", &[("SCOPE", "profile")], "no setting named scope"),
    ] {
        let mut bench = Bench::new();
        bench.write("secret", "canary");
        bench.write("empty", "\n");
        for (name, value) in
            usual.into_iter().filter(|(name, _)| *name != without).chain(more.iter().copied())
        {
            bench = bench.with(&format!("UNDISCLOSED_OIDC__{name}"), value);
        }
        let bench = bench
            .with("UNDISCLOSED_CONSOLE__LISTEN", "127.0.0.1:0")
            .with("UNDISCLOSED_HEALTH__LISTEN", "127.0.0.1:0");
        let ran = bench.run(&["serve", "--json"]).exits(2);
        let message = ran.json()["error"]["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(word) && !message.contains("canary"), "{message}");
    }
}
