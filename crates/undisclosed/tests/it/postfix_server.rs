//! A real Postfix in a folder of its own. It needs root.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use lab::Server;

/// A Postfix of the test's own, which hands everything to one server on loopback.
pub(crate) struct Postfix {
    folder: tempfile::TempDir,
    port: u16,
}

impl Postfix {
    /// Starts it; `more` is added to main.cf and beats what stands there.
    pub(crate) fn start(next_hop: &Server, more: &str) -> Self {
        Self::start_with(next_hop, more, "")
    }

    /// Starts it with settings of its own for Cyrus SASL; Debian's Postfix looks for them below its `config_directory`.
    pub(crate) fn start_with(next_hop: &Server, more: &str, sasl: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("undisclosed-postfix-").tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in ["config", "config/sasl", "queue", "data"] {
            fs::create_dir(path(name)).expect("a folder");
        }
        fs::write(path("config/sasl/smtpd.conf"), sasl).expect("smtpd.conf");
        run(Command::new("chmod").arg("755").arg(folder.path()));
        run(Command::new("chown").arg("postfix").arg(path("data")));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {queue}\ndata_directory = {data}\n\
             command_directory = /usr/sbin\ndaemon_directory = /usr/lib/postfix/sbin\nmail_owner = postfix\n\
             setgid_group = postdrop\nmyhostname = relay.unit.example\nmydestination =\nlocal_recipient_maps =\n\
             alias_maps =\nalias_database =\ninet_interfaces = 127.0.0.1\ninet_protocols = ipv4\nmynetworks = 127.0.0.0/8\n\
             smtpd_relay_restrictions = permit_mynetworks, reject\nrelayhost = [127.0.0.1]:{next}\n\
             disable_dns_lookups = yes\nsmtp_tls_security_level = none\nsmtputf8_enable = yes\n\
             maillog_file = {log}\nmaillog_file_prefixes = {folder}\nminimal_backoff_time = 1s\nqueue_run_delay = 1s\n{more}\n",
            queue = path("queue").display(),
            data = path("data").display(),
            next = next_hop.address().port(),
            log = path("mail.log").display(),
            folder = folder.path().display(),
        );
        fs::write(path("config/main.cf"), main).expect("main.cf");
        let master = fs::read_to_string("/usr/share/postfix/master.cf.dist")
            .expect("Postfix is not installed: install the package `postfix`, or run `make test`");
        let master: String = master
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| match line.strip_prefix("smtp      inet") {
                Some(rest) => format!("127.0.0.1:{port} inet{rest}\n"),
                None => format!("{line}\n"),
            })
            .collect();
        // Nothing is chrooted: the folder is the test's own.
        let master: String = master
            .lines()
            .map(|line| {
                let mut words: Vec<&str> = line.split_whitespace().collect();
                if words.len() >= 8 && !line.starts_with(' ') {
                    words[4] = "n";
                    format!("{}\n", words.join(" "))
                } else {
                    format!("{line}\n")
                }
            })
            .collect();
        fs::write(path("config/master.cf"), master).expect("master.cf");
        let postfix = Self { folder, port };
        run(postfix.command().arg("start"));
        postfix
    }

    fn command(&self) -> Command {
        let mut command = Command::new("postfix");
        command.arg("-c").arg(self.folder.path().join("config"));
        command
    }

    /// What it has logged.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.log_file()).expect("a log")
    }

    /// Where it logs.
    pub(crate) fn log_file(&self) -> PathBuf {
        self.folder.path().join("mail.log")
    }

    pub(crate) fn url(&self) -> String {
        format!("smtp://localhost:{}", self.port)
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _ = self.command().arg("stop").stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// Runs a program that must succeed.
pub(crate) fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("the program is installed");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
