//! A real Dovecot in a folder of its own: one mailbox over IMAP. It needs root.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::Certificate;

/// Who reads the mailbox, with which password.
const USER: (&str, &str) = ("reader", "a-secret-of-the-test");

/// A Dovecot with one user.
pub struct Dovecot {
    folder: tempfile::TempDir,
    port: u16,
    server: Child,
    messages: std::cell::Cell<u32>,
}

impl std::fmt::Debug for Dovecot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Dovecot at {}", self.port)
    }
}

impl Dovecot {
    /// Starts it, under TLS from the first octet.
    ///
    /// # Panics
    /// Where it is not installed, or does not start.
    #[must_use]
    pub fn start(certificate: &Certificate) -> Self {
        let folder = tempfile::Builder::new().prefix("undisclosed-dovecot-").tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        let run = |command: &mut Command| assert!(command.status().expect("a program").success());
        for name in ["mail/new", "mail/cur", "mail/tmp", "run"] {
            fs::create_dir_all(path(name)).expect("a folder");
        }
        run(Command::new("chmod").arg("755").arg(folder.path()));
        run(Command::new("chown").args(["-R", "nobody:nogroup"]).arg(path("mail")));
        fs::write(path("chain.pem"), &certificate.chain).expect("the certificate");
        fs::write(path("key.pem"), &certificate.key).expect("its key");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let at = folder.path().display();
        let settings = format!(
            "base_dir = {at}/run\nstate_dir = {at}/run\nlog_path = /dev/stderr\nprotocols = imap\nlisten = 127.0.0.1\n\
             ssl = required\nssl_cert = <{at}/chain.pem\nssl_key = <{at}/key.pem\nauth_mechanisms = plain login\n\
             mail_location = maildir:{at}/mail\nfirst_valid_uid = 1\n\
             passdb {{\n driver = static\n args = user={user} password={password}\n}}\n\
             userdb {{\n driver = static\n args = uid=nobody gid=nogroup home={at}/mail\n}}\n\
             service imap-login {{\n chroot =\n inet_listener imap {{\n  port = 0\n }}\n inet_listener imaps {{\n  port = {port}\n  \
             ssl = yes\n }}\n}}\nservice anvil {{\n chroot =\n}}\n",
            user = USER.0,
            password = USER.1,
        );
        fs::write(path("dovecot.conf"), settings).expect("the settings");
        let mut server = Command::new("dovecot")
            .arg("-F")
            .arg("-c")
            .arg(path("dovecot.conf"))
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("Dovecot is not installed: install the package `dovecot-imapd`, or run `make test`");
        let said = BufReader::new(server.stderr.take().expect("its output"));
        let mut lines = said.lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("starting up")), "Dovecot does not start");
        // What it says later is read, or it would wait for somebody to read it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { folder, port, server, messages: std::cell::Cell::new(0) }
    }

    /// Its port at `localhost`.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// User and password.
    #[must_use]
    pub fn login(&self) -> (String, String) {
        (USER.0.to_owned(), USER.1.to_owned())
    }

    /// A message arrives.
    ///
    /// # Panics
    /// Where the folder is gone.
    pub fn deliver(&self, message: &str) {
        let number = self.messages.get() + 1;
        self.messages.set(number);
        let (tmp, new) = (self.mail("tmp"), self.mail("new"));
        let name = format!("1{number:09}.M1P1.test");
        fs::write(tmp.join(&name), message.replace("\r\n", "\n")).expect("a message");
        let owned = Command::new("chown").arg("nobody:nogroup").arg(tmp.join(&name)).status();
        assert!(owned.expect("chown").success());
        fs::rename(tmp.join(&name), new.join(&name)).expect("it arrives");
    }

    /// Messages that are there: their flags, as Maildir has them, keywords in small letters.
    ///
    /// # Panics
    /// Where the folder is gone.
    #[must_use]
    pub fn flags(&self) -> Vec<String> {
        let of = |folder: PathBuf| fs::read_dir(folder).expect("the folder");
        let names = of(self.mail("new")).chain(of(self.mail("cur")));
        let mut flags: Vec<String> = names
            .map(|entry| {
                let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
                name.split_once(":2,").map_or(String::new(), |(_, flags)| flags.to_owned())
            })
            .collect();
        flags.sort();
        flags
    }

    fn mail(&self, name: &str) -> PathBuf {
        self.folder.path().join("mail").join(name)
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let stopped = Command::new("kill").arg(self.server.id().to_string()).status();
        if stopped.is_ok() {
            let _ = self.server.wait();
        }
    }
}
