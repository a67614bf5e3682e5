//! Memory does not grow with the audience: import and send at 1,000 and at 1,000,000 people, side by side.

use std::fs;
use std::io::{BufWriter, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};

use crate::bench::{Bench, MESSAGE, count};

/// What a person more may cost, in octets.
const OCTETS_A_PERSON_MAX: u64 = 9;
const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;

fn write_people(bench: &Bench, number: u64) {
    let mut file = BufWriter::new(fs::File::create(bench.path("people.csv")).expect("a file"));
    writeln!(file, "email,first_name,last_name,crime_reference,safe_to_email").expect("written");
    for n in 0..number {
        writeln!(file, "person{n}@mail{}.example,First{n},Last{n},{n}/11,yes", n % 997).expect("written");
    }
    file.flush().expect("written");
    bench.write("message.md", MESSAGE);
}

/// Runs the program under GNU time's eyes: the peak of its memory, in octets.
fn peak(bench: &Bench, args: &[&str]) -> u64 {
    let plain = bench.command(args);
    let mut command = Command::new("python3");
    let script = "import resource,subprocess,sys\n\
                  code=subprocess.call(sys.argv[1:],stdout=subprocess.DEVNULL)\n\
                  print(code,resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)";
    command.args(["-c", script]).arg(plain.get_program()).args(plain.get_args()).current_dir(bench.path(""));
    for (name, value) in plain.get_envs() {
        value.map(|value| command.env(name, value));
    }
    let output = command.output().expect("python3");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (code, kib) = text.trim().split_once(' ').expect("two numbers");
    assert_eq!(code, "0", "{}", String::from_utf8_lossy(&output.stderr));
    kib.parse::<u64>().expect("a number") * 1024
}

#[test]
fn memory_of_an_import_is_bounded() {
    let peaks = [FEW, MANY].map(|number| {
        let bench = Bench::new();
        write_people(&bench, number);
        peak(&bench, &["import", "victims", "people.csv"])
    });
    assert!(peaks[1] <= peaks[0] + OCTETS_A_PERSON_MAX * (MANY - FEW), "{peaks:?}");
}

/// Postfix's own sink, which keeps nothing.
struct Sink(Child);

impl Sink {
    fn start() -> (String, Self) {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a free port").port();
        let address = format!("127.0.0.1:{port}");
        let child = Command::new("smtp-sink")
            .args(["-u", "nobody", &address, "1000"])
            .spawn()
            .expect("smtp-sink, of Postfix");
        while TcpStream::connect(&address).is_err() {
            std::thread::yield_now();
        }
        (format!("smtp://{address}"), Self(child))
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn memory_of_a_campaign_is_bounded() {
    let (url, _sink) = Sink::start();
    let peaks = [FEW, MANY].map(|number| {
        let bench = Bench::new();
        write_people(&bench, number);
        let send = ["send", "people.csv", "message.md", "--name", "c", "--smtp", &url, "--connections", "20"];
        let peak = peak(&bench, &send);
        assert_eq!(count(&bench.status("c"), "accepted"), number);
        peak
    });
    assert!(peaks[1] <= peaks[0] + OCTETS_A_PERSON_MAX * (MANY - FEW), "{peaks:?}");
}
