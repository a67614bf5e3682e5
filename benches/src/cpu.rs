//! CPU time, user and system, as Linux has it.

use std::fs;

/// Of a second; USER_HZ is 100 on every architecture that matters here.
const TICKS: f64 = 100.0;

/// What proc(5) says of a process.
struct Stat {
    parent: u32,
    own: f64,
    /// Of its children that have ended.
    children: f64,
}

fn stat(process: &str) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name is in parentheses and can hold anything. After it come the state, the parent and, as the 14th field of all,
    // utime, stime, cutime and cstime.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let seconds = |place: usize| Some(fields.get(place)?.parse::<f64>().ok()? / TICKS);
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: seconds(11)? + seconds(12)?,
        children: seconds(13)? + seconds(14)?,
    })
}

/// CPU seconds: of this process, and of its children that have ended.
pub fn cpu_seconds() -> (f64, f64) {
    let me = stat("self").expect("Linux");
    (me.own, me.children)
}

/// CPU seconds of a process that runs.
pub fn of_process(process: u32) -> f64 {
    stat(&process.to_string()).expect("a process that runs").own
}

/// CPU seconds of a process and its children, those that have ended and those that run.
pub fn of_family(process: u32) -> f64 {
    let parent = stat(&process.to_string()).expect("a process that runs");
    let running: f64 = fs::read_dir("/proc")
        .expect("Linux")
        .filter_map(|entry| {
            stat(entry.ok()?.file_name().to_str().filter(|name| name.parse::<u32>().is_ok())?)
        })
        .filter(|child| child.parent == process)
        .map(|child| child.own)
        .sum();
    parent.own + parent.children + running
}
