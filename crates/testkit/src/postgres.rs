//! A PostgreSQL of the test's own, on loopback, gone when the test ends.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// A real server of the test's own.
pub struct Postgres {
    url: String,
    server: Server,
}

struct Server {
    folder: tempfile::TempDir,
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// A fresh server with an empty database.
    ///
    /// # Panics
    /// When PostgreSQL is not installed: a test that needs it fails, it is never skipped.
    #[must_use]
    pub fn start() -> Self {
        let (base, server) = Server::start();
        Self { url: format!("{base}/postgres"), server }
    }

    /// Changes a setting of the server.
    pub fn set(&self, name: &str, value: &str) {
        self.psql(&self.url, &format!("ALTER SYSTEM SET {name} = {value}"));
        self.psql(&self.url, "SELECT pg_reload_conf()");
    }

    /// Stops the server: sessions are cut in the middle of what they do.
    pub fn stop(&self) {
        self.server.control(&["-m", "fast", "-w", "stop"]);
    }

    /// Starts it again where it was.
    pub fn start_again(&self) {
        self.server.control(&["-w", "start"]);
    }

    /// Its port on loopback.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.server.port
    }

    fn psql(&self, url: &str, sql: &str) {
        run(as_postgres(&programs().join("psql")).args(["-qX", "-d", url, "-c", sql]));
    }

    /// The database's URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Server {
    fn start() -> (String, Self) {
        let programs = programs().clone();
        let folder = tempfile::Builder::new().prefix("undisclosed-postgres-").tempdir().expect("a folder");
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a data folder");
        if rustix::process::geteuid().is_root() {
            run(Command::new("chown").args(["-R", "postgres"]).arg(folder.path()));
        }
        run(as_postgres(&programs.join("initdb"))
            .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "-D"])
            .arg(&data));
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let server = Self { folder, programs, port };
        server.control(&["-w", "start"]);
        (format!("postgres://postgres@127.0.0.1:{port}"), server)
    }

    fn control(&self, action: &[&str]) {
        let options = format!("-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''", self.port);
        run(as_postgres(&self.programs.join("pg_ctl"))
            .arg("-D")
            .arg(self.folder.path().join("data"))
            .args(["-o", &options, "-l"])
            .arg(self.folder.path().join("log"))
            .args(action));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.folder.path().join("data");
        let _ = as_postgres(&self.programs.join("pg_ctl"))
            .arg("-D")
            .arg(data)
            .args(["-m", "immediate", "stop"])
            .stdout(Stdio::null())
            .status();
    }
}

/// Where Debian keeps the server's programs.
fn programs() -> &'static PathBuf {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
            .map(|entries| entries.filter_map(|e| Some(e.ok()?.path().join("bin"))).collect())
            .unwrap_or_default();
        versions.retain(|path| path.join("initdb").exists());
        versions.sort();
        versions
            .pop()
            .expect("PostgreSQL is not installed: install the package `postgresql`, or run `make test`")
    })
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &Path) -> Command {
    if rustix::process::geteuid().is_root() {
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid=postgres", "--regid=postgres", "--clear-groups"])
            .arg(program)
            .current_dir("/");
        command
    } else {
        Command::new(program)
    }
}

fn run(command: &mut Command) {
    let output =
        command.stdin(Stdio::null()).stdout(Stdio::null()).output().expect("a program of PostgreSQL");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
