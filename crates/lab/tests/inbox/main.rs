//! The inbox's pages, asked for octet by octet.

use lab::{Behaviour, Inbox, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

struct Demo {
    server: Server,
    inbox: Inbox,
}

impl Demo {
    async fn start() -> Self {
        let server = Server::start(Behaviour::default()).await.expect("a server");
        let summary = vec![("Sent <to>".to_owned(), "3 & more".to_owned())];
        let inbox = Inbox::start(server.mailbox(), summary).await.expect("an inbox");
        Self { server, inbox }
    }

    /// Puts messages into the mailbox, as mail.
    async fn receive(&self, messages: &[(String, String)]) {
        let mut stream = TcpStream::connect(self.server.address()).await.expect("a connection");
        let mut dialogue = String::from("EHLO c.test\r\n");
        stream.write_all(dialogue.as_bytes()).await.expect("to write");
        for (to, message) in messages {
            dialogue = format!("MAIL FROM:<> BODY=8BITMIME\r\nRCPT TO:<{to}>\r\nDATA\r\n");
            let count = self.server.mailbox().count();
            stream.write_all(dialogue.as_bytes()).await.expect("to write");
            let mut seen = Vec::new();
            while !String::from_utf8_lossy(&seen).contains("354 ") {
                let mut octets = [0; 4_096];
                let read = stream.read(&mut octets).await.expect("to read");
                seen.extend_from_slice(&octets[..read]);
            }
            stream.write_all(format!("{message}\r\n.\r\n").as_bytes()).await.expect("to write");
            self.server.mailbox().wait_for(count + 1).await;
        }
    }

    async fn ask(&self, method: &str, path: &str, host: &str) -> (String, String) {
        let mut stream = TcpStream::connect(self.inbox.address()).await.expect("a connection");
        let request = format!("{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.expect("to write");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("to read");
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        (head.to_lowercase(), body.to_owned())
    }

    async fn get(&self, path: &str) -> (String, String) {
        self.ask("GET", path, "Host: 127.0.0.1:1\r\n").await
    }
}

fn plain(to: &str, subject: &str) -> (String, String) {
    (to.to_owned(), format!("Subject: {subject}\r\nTo: {to}\r\n\r\nHello <b>{to}</b>"))
}

const SCRIPT: &str = "<script>alert(1)</script>";

#[tokio::test]
async fn an_empty_inbox_and_its_headers() {
    let demo = Demo::start().await;
    assert!(demo.inbox.url().starts_with("http://127.0.0.1:"));
    let (head, body) = demo.get("/").await;
    assert!(head.starts_with("http/1.1 200"), "{head}");
    for header in [
        "content-type: text/html; charset=utf-8",
        "content-security-policy: default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
        "referrer-policy: no-referrer",
        "cross-origin-resource-policy: same-origin",
    ] {
        assert!(head.contains(header), "{header}");
    }
    assert!(body.contains("No messages yet") && body.contains("nothing here was sent to anybody"));
    assert!(body.contains("<dt>Sent &lt;to&gt;</dt><dd>3 &amp; more</dd>"));
    assert!(!body.contains("<script") && !body.contains("http://") && !body.contains("https://"));
    let (head, style) = demo.get("/style.css").await;
    assert!(head.contains("content-type: text/css") && !style.contains("url(") && !style.contains("@import"));
}

#[tokio::test]
async fn subjects_addresses_and_texts_are_escaped() {
    let demo = Demo::start().await;
    demo.receive(&[plain("\"<i>\"@x.test", SCRIPT), plain("ann@x.test", "=?utf-8?q?=3Cscript=3E_=C3=A4?=")])
        .await;
    for path in ["/", "/message/1", "/message/2"] {
        let (_, body) = demo.get(path).await;
        assert!(!body.contains("<script") && !body.contains("<i>") && !body.contains("<b>"), "{path}");
    }
    let (_, list) = demo.get("/").await;
    assert!(list.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && list.contains("&lt;script&gt; \u{e4}"));
    let (head, body) = demo.get("/?to=%22%3E%3Cscript%3E").await;
    assert!(
        head.starts_with("http/1.1 200")
            && !body.contains("<script")
            && body.contains("&quot;&gt;&lt;script&gt;")
    );
}

#[tokio::test]
async fn html_is_shown_in_a_sandbox_of_its_own() {
    let demo = Demo::start().await;
    let message = format!(
        "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hi{SCRIPT}"
    );
    demo.receive(&[("ann@x.test".to_owned(), message)]).await;
    let (_, body) = demo.get("/message/1").await;
    assert!(body.contains("<iframe sandbox src=\"/message/1/html\" title=") && !body.contains("<script"));
    let (head, html) = demo.get("/message/1/html").await;
    assert!(html.contains(SCRIPT), "as it is, for the sandbox runs nothing");
    assert!(head.contains(
        "content-security-policy: sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:;"
    ));
    let (head, source) = demo.get("/message/1/source").await;
    assert!(head.contains("content-disposition: attachment; filename=\"message-1.eml\""));
    assert!(head.contains("content-type: message/rfc822") && source.starts_with("Subject: x\r\n"));
}

#[tokio::test]
async fn reading_is_all_that_can_be_done() {
    let demo = Demo::start().await;
    demo.receive(&[plain("ann@x.test", "x")]).await;
    for path in ["/", "/message/1", "/nowhere"] {
        for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
            let (head, _) = demo.ask(method, path, "Host: localhost\r\n").await;
            assert!(head.starts_with("http/1.1 405") && head.contains("allow: get, head"), "{method} {path}");
        }
    }
    let (head, body) = demo.ask("HEAD", "/message/1", "Host: localhost:80\r\n").await;
    assert!(head.starts_with("http/1.1 200") && head.contains("content-length: ") && body.is_empty());
}

#[tokio::test]
async fn another_host_name_is_refused() {
    let demo = Demo::start().await;
    demo.receive(&[plain("ann@x.test", "x")]).await;
    for host in
        ["Host: evil.test\r\n", "Host: 127.0.0.1.evil.test\r\n", "Host: localhost\r\nHost: evil.test\r\n"]
    {
        let (head, body) = demo.ask("GET", "/", host).await;
        assert!(head.starts_with("http/1.1 403") || head.starts_with("http/1.1 400"), "{host}: {head}");
        assert!(!body.contains("x.test"));
    }
    let (head, _) = demo.ask("GET", "http://evil.test/", "Host: localhost\r\n").await;
    assert!(head.starts_with("http/1.1 403"), "{head}");
}

#[tokio::test]
async fn what_is_not_there() {
    let demo = Demo::start().await;
    demo.receive(&[plain("ann@x.test", "x")]).await;
    for path in [
        "/message/0",
        "/message/2",
        "/message/x",
        "/message/1/html",
        "/message/99999999999999999999999",
        "/x",
    ] {
        let (head, body) = demo.get(path).await;
        assert!(head.starts_with("http/1.1 404") && body.contains("There is no such page"), "{path}: {head}");
    }
}

#[tokio::test]
async fn pages_and_search() {
    let demo = Demo::start().await;
    let messages: Vec<_> =
        (1..=51).map(|n| plain(&format!("person{n}@x.test"), &format!("Subject {n}"))).collect();
    demo.receive(&messages).await;
    let (_, first) = demo.get("/").await;
    assert!(first.contains("51 messages, page 1 of 2") && first.contains("href=\"/?page=2\""));
    assert!(first.contains(">Subject 50<") && !first.contains(">Subject 51<"));
    let (_, second) = demo.get("/?page=2").await;
    assert!(
        second.contains(">Subject 51<")
            && !second.contains(">Subject 50<")
            && second.contains("Previous page")
    );
    assert!(!second.contains("class=\"summary\""), "on the first page alone");
    let (_, beyond) = demo.get("/?page=99").await;
    assert!(beyond.contains("page 2 of 2"));
    let (_, found) = demo.get("/?to=PERSON5%40").await;
    assert!(found.contains("1 message<") && !found.contains("person50"));
    let row = "<th scope=\"row\"><a href=\"/message/5\">person5<wbr>@x.test</a></th>";
    assert!(found.contains(row), "a link is named by its recipient");
    let (_, none) = demo.get("/?to=nobody").await;
    assert!(
        none.contains("No message to such an address") && none.contains("<title>Messages to “nobody” – ")
    );
}
