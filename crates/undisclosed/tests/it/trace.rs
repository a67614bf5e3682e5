//! `kill -9` keeps the page cache; a power cut does not. So the order of system calls is looked at: before every final
//! dot, an fdatasync that came after the intent was written.

use std::process::Command;

use lab::{Behaviour, Server};

use crate::bench::Bench;

#[tokio::test(flavor = "multi_thread")]
async fn fdatasync_comes_before_every_final_dot() {
    let server = Server::start(Behaviour::default()).await.expect("a server");
    let bench = Bench::new().with_people(200);
    let url = server.url();
    let trace = bench.path("trace");
    let send = ["send", "people.csv", "message.md", "--name", "c", "--smtp", &url, "--connections", "1"];
    let plain = bench.command(&send);
    let mut command = Command::new("strace");
    command
        .args([
            "-f",
            "-qq",
            "-s",
            "300000",
            "-e",
            "trace=fdatasync,fsync,pwrite64,write,sendto,sendmsg",
            "-o",
        ])
        .arg(&trace);
    command.arg(plain.get_program()).args(plain.get_args()).current_dir(bench.path(""));
    for (name, value) in plain.get_envs() {
        value.map(|value| command.env(name, value));
    }
    assert!(command.status().expect("strace").success());
    let trace = std::fs::read_to_string(&trace).expect("the trace");
    let (mut synced, mut dots) = (false, 0);
    for line in trace.lines() {
        // A call that another thread interrupted is told in two lines; its end is what counts.
        let ended = !line.contains("<unfinished");
        if (line.contains("fdatasync") || line.contains("fsync")) && ended {
            synced = true;
        }
        if line.contains("\\r\\n.\\r\\n")
            && (line.contains("sendto(") || line.contains("write(") || line.contains("sendmsg("))
        {
            assert!(synced, "dot {dots} left without a durable intent:\n{line}");
            dots += 1;
            // With one connection, every dot needs a sync of its own.
            synced = false;
        }
    }
    assert_eq!(dots, 200);
}
