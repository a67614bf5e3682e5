//! Workers that share one PostgreSQL: what a message costs them, and the server.
//!
//! Sending alone is measured. The campaign is made for a time some seconds ahead (`send --at`), its process is ended, and
//! equal workers take the campaign up and wait for that time: when they begin, together, all have started, and the
//! spreadsheet has long been read and everybody's message proved. All that is counted is counted from then on.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cpu::{cpu_seconds, of_family, of_process};
use crate::sink::Sink;
use crate::undisclosed::{Installation, SEND, Signing};
use crate::{CONNECTIONS, MESSAGES, OCTETS, disk, median};

/// Workers at once; they share the connections of the table.
const WORKERS: [usize; 3] = [1, 2, 4];
/// Runs of each; the table has the median.
const ROUNDS: usize = 3;
/// From the wish to send to the first message: enough to import everybody, and to start the workers.
const LEAD: Duration = Duration::from_secs(8);
/// Before the workers begin, figures are read.
const READ_BEFORE: Duration = Duration::from_millis(500);
/// The last of them, CPU time, is read in a moment.
const READ_CPU_BEFORE: Duration = Duration::from_millis(100);
/// Between two looks at what is waited for.
const LOOK: Duration = Duration::from_millis(50);
/// How long anything may take that is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// The database of a run, fresh for each.
const DATABASE: &str = "bench";
/// Of the statements, so many are named.
const TOP: usize = 5;

/// What one run came to.
#[derive(Debug, Clone, Copy)]
struct Run {
    seconds: f64,
    workers_cpu_seconds: f64,
    server_cpu_seconds: f64,
    statements: f64,
    transactions: f64,
}

/// Runs all, and prints the table.
pub fn table(program: &Path, folder: &Path) {
    let server = Server::start();
    let mut disk = Vec::new();
    let mut runs: [Vec<Run>; WORKERS.len()] = Default::default();
    for round in 0..ROUNDS {
        eprintln!("PostgreSQL, round {} of {ROUNDS}", round + 1);
        for (runs, workers) in runs.iter_mut().zip(WORKERS) {
            // Before each: a disk that is shared with others is not the same a minute later.
            disk.push(disk::syncs_per_second(folder));
            let run = server.run(program, workers);
            eprintln!(
                "{workers} workers: {:.0} messages/s, on a disk of {:.0} fdatasync/s",
                MESSAGES as f64 / run.seconds,
                disk.last().copied().unwrap_or_default()
            );
            runs.push(run);
            if round == 0 {
                server.name_statements();
            }
            server.ask("postgres", &format!("DROP DATABASE {DATABASE}"));
        }
    }
    println!(
        "| workers on PostgreSQL, connections of each | messages/s | CPU a message, workers | CPU a message, server | \
         statements a message | transactions a message |"
    );
    println!("|---|---|---|---|---|---|");
    for (runs, workers) in runs.iter().zip(WORKERS) {
        let median = |of: fn(&Run) -> f64| median(runs.iter().map(of).collect()) / MESSAGES as f64;
        println!(
            "| {workers} × {} | {:.0} | {:.0} µs | {:.0} µs | {:.2} | {:.2} |",
            CONNECTIONS / workers,
            1.0 / median(|run| run.seconds),
            1e6 * median(|run| run.workers_cpu_seconds),
            1e6 * median(|run| run.server_cpu_seconds),
            median(|run| run.statements),
            median(|run| run.transactions),
        );
    }
    println!();
    println!(
        "Sending alone, without DKIM: from the time that was set for the campaign to its last outcome; CPU, statements and \
         transactions until the workers have ended. fdatasync of 4 kB, before each of the {} runs: {:.0}/s, {:.0} to {:.0}.",
        disk.len(),
        crate::median(disk.clone()),
        disk.iter().copied().fold(f64::INFINITY, f64::min),
        disk.iter().copied().fold(0.0, f64::max)
    );
}

/// A PostgreSQL with the settings it ships with, and one that counts statements.
struct Server {
    postgres: testkit::Postgres,
    postmaster: u32,
}

impl Server {
    fn start() -> Self {
        let postgres = testkit::Postgres::start();
        postgres.set("shared_preload_libraries", "pg_stat_statements");
        postgres.stop();
        postgres.start_again();
        let mut server = Self { postgres, postmaster: 0 };
        server.ask("postgres", "CREATE EXTENSION pg_stat_statements");
        let file = server.ask("postgres", "SELECT pg_read_file('postmaster.pid')");
        server.postmaster = file.lines().next().and_then(|line| line.parse().ok()).expect("its number");
        server
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.postgres.port())
    }

    /// Nothing while the database does not have what is asked for.
    fn try_ask(&self, database: &str, sql: &str) -> Option<String> {
        let asked = Command::new("psql")
            .args(["-qXAt", "-d", &self.url(database), "-c", sql])
            .stderr(Stdio::null())
            .output()
            .expect("psql, of the package postgresql-client");
        asked.status.success().then(|| String::from_utf8_lossy(&asked.stdout).trim_end().to_owned())
    }

    fn ask(&self, database: &str, sql: &str) -> String {
        self.try_ask(database, sql).unwrap_or_else(|| panic!("no answer: {sql}"))
    }

    /// The numbers of one row.
    fn numbers<const N: usize>(&self, database: &str, sql: &str) -> [f64; N] {
        let row = self.ask(database, sql);
        let numbers: Vec<f64> = row.split('|').filter_map(|number| number.parse().ok()).collect();
        numbers.try_into().unwrap_or_else(|_| panic!("{row}: {sql}"))
    }

    fn wait_for(&self, database: &str, sql: &str, wanted: usize) {
        let begun = Instant::now();
        while self.try_ask(database, sql).is_none_or(|found| found != wanted.to_string()) {
            assert!(begun.elapsed() < PATIENCE, "{wanted} in vain: {sql}");
            std::thread::sleep(LOOK);
        }
    }

    /// One campaign, from an import into an empty database to the last outcome.
    fn run(&self, program: &Path, workers: usize) -> Run {
        self.ask("postgres", &format!("CREATE DATABASE {DATABASE}"));
        let installation = Installation::new(program, Signing::None);
        let mut sink = Sink::that_takes(MESSAGES);
        let start = Instant::now() + LEAD;
        self.begin(&installation, &sink, CONNECTIONS / workers);
        let url = self.url(DATABASE);
        let workers: Vec<Child> = (0..workers)
            .map(|_| {
                let mut worker = installation.command(&["worker", "--once", "--json", "--database", &url]);
                worker.stdout(Stdio::piped()).spawn().expect("the program")
            })
            .collect();
        self.wait_for(DATABASE, LIVE_SENDERS, workers.len());
        sleep_until(start - READ_BEFORE);
        self.ask("postgres", "SELECT pg_stat_statements_reset()");
        let [before] = self.numbers("postgres", TRANSACTIONS);
        sleep_until(start - READ_CPU_BEFORE);
        let workers_before: f64 = workers.iter().map(|worker| of_process(worker.id())).sum();
        let server_before = of_family(self.postmaster);
        assert!(Instant::now() < start, "the workers may have begun");
        // From here on, nothing ends but the workers.
        let (_, ended_before) = cpu_seconds();
        for worker in workers {
            let ended = worker.wait_with_output().expect("a worker");
            assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stdout));
        }
        let workers_cpu_seconds = cpu_seconds().1 - ended_before - workers_before;
        let server_cpu_seconds = of_family(self.postmaster) - server_before;
        // Sessions count what they did when they end.
        self.wait_for("postgres", SESSIONS, 0);
        let [after] = self.numbers("postgres", TRANSACTIONS);
        let [statements] = self.numbers("postgres", STATEMENTS);
        let seconds = self.check(&mut sink);
        Run { seconds, workers_cpu_seconds, server_cpu_seconds, statements, transactions: after - before }
    }

    /// Makes the campaign, and ends the process that made it: it would send too.
    fn begin(&self, installation: &Installation, sink: &Sink, connections: usize) {
        installation.write_campaign(MESSAGES, OCTETS);
        let at = self.ask(
            "postgres",
            &format!(
                "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC' + interval '{} seconds', \
                 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')",
                LEAD.as_secs()
            ),
        );
        let (relay, url, connections) =
            (format!("smtp://{}", sink.address()), self.url(DATABASE), connections.to_string());
        let more = ["--smtp", &relay, "--connections", &connections, "--at", &at, "--database", &url];
        let mut send = installation
            .command(&[&SEND[..], &more].concat())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program");
        self.wait_for(DATABASE, LIVE_SENDERS, 1);
        send.kill().and_then(|()| send.wait()).expect("to end it");
        self.wait_for(DATABASE, LIVE_SENDERS, 0);
    }

    /// Everybody's message was accepted, once, as the database and the relay have it. The seconds that it took.
    fn check(&self, sink: &mut Sink) -> f64 {
        let [total, accepted, attempts, microseconds] = self.numbers(
            DATABASE,
            // 3: accepted.
            "SELECT count(*), count(*) FILTER (WHERE d.state = 3), sum(attempts), max(settled_at) - min(c.start_at) \
             FROM delivery d JOIN campaign c ON c.id = d.campaign_id",
        );
        let expected = MESSAGES as f64;
        assert_eq!((total, accepted, attempts), (expected, expected, expected), "total, accepted, attempts");
        assert!(sink.took_all(), "smtp-sink took more or fewer than {MESSAGES} messages");
        microseconds / 1e6
    }

    /// What is asked most often, of the run before.
    fn name_statements(&self) {
        eprintln!("calls a message, rows a call, server's µs a message, statement:");
        // The lists of a statement vary in length: told apart by their beginning.
        let sql = format!(
            "SELECT format('%s  %s  %s  %s', round(sum(calls) / {MESSAGES}.0, 3), \
              round(sum(rows) / sum(calls), 1), round((1000 * sum(total_exec_time) / {MESSAGES})::numeric, 1), q) \
             FROM (SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 120) AS q, * FROM pg_stat_statements \
              WHERE dbid = {OID}) s GROUP BY q ORDER BY sum(calls) DESC LIMIT {TOP}"
        );
        eprintln!("{}", self.ask("postgres", &sql));
    }
}

/// The run's database.
const OID: &str = "(SELECT oid FROM pg_database WHERE datname = 'bench')";

/// Senders that hold the lock of their session.
const LIVE_SENDERS: &str = "SELECT count(*) FROM worker w WHERE EXISTS (SELECT 1 FROM pg_locks l \
    WHERE l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32 | l.objid::bigint) = w.id)";

const SESSIONS: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'bench'";

const TRANSACTIONS: &str = "SELECT xact_commit FROM pg_stat_database WHERE datname = 'bench'";

const STATEMENTS: &str = "SELECT sum(calls) FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = 'bench')";

/// Fails when it has passed: what was to be ready by then was not.
fn sleep_until(then: Instant) {
    std::thread::sleep(
        then.checked_duration_since(Instant::now()).expect("more time to start; LEAD is too short"),
    );
}
