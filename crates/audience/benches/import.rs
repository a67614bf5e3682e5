//! How fast a spreadsheet is read, and in how much memory: `cargo bench -p audience`.

#![allow(missing_docs, reason = "a program, not a library")]
#![allow(clippy::print_stdout, reason = "the numbers are what it is for")]
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use audience::{ColumnChoice, Options, SharedAddress, Spreadsheet, inspect, people};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

struct OnDisk(PathBuf);

impl Spreadsheet for OnDisk {
    type Reader = File;

    fn open(&self) -> io::Result<File> {
        File::open(&self.0)
    }
}

const FIRST: [&str; 8] = ["Laura", "Jamal", "Hannah", "Fergus", "Imogen", "Callum", "Kwame", "Zoë"];

fn cells(number: u64) -> [String; 6] {
    let first = FIRST[usize::try_from(number % 8).unwrap_or(0)];
    [
        format!("{}.{number}@bigmail.example", first.to_lowercase()),
        first.to_owned(),
        format!("Wilson{number}"),
        format!("{number}/11"),
        "theft".to_owned(),
        "2011-11-07".to_owned(),
    ]
}

fn write_csv(path: &Path, rows: u64) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "email,first_name,last_name,crime_reference,crime_type,reported_on")?;
    for number in 0..rows {
        writeln!(file, "{}", cells(number).join(","))?;
    }
    file.flush()
}

fn write_xlsx(path: &Path, rows: u64) -> io::Result<()> {
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relationship = |of: &str, to: &str| {
        format!(r#"<Relationships><Relationship Id="r" Type="{kind}/{of}" Target="{to}"/></Relationships>"#)
    };
    let mut writer = ZipWriter::new(BufWriter::new(File::create(path)?));
    for (name, text) in [
        ("_rels/.rels", relationship("officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", relationship("worksheet", "sheet.xml")),
        ("xl/workbook.xml", r#"<workbook><sheets><sheet name="S" id="r"/></sheets></workbook>"#.to_owned()),
    ] {
        writer.start_file(name, SimpleFileOptions::default())?;
        writer.write_all(text.as_bytes())?;
    }
    writer.start_file("xl/sheet.xml", SimpleFileOptions::default())?;
    let mut sheet = BufWriter::new(writer);
    write!(sheet, "<worksheet><sheetData>")?;
    let headings = ["email", "first_name", "last_name", "crime_reference", "crime_type", "reported_on"];
    for number in 0..=rows {
        let cells = if number == 0 { headings.map(str::to_owned) } else { cells(number) };
        write!(sheet, "<row r=\"{}\">", number + 1)?;
        for (column, cell) in "ABCDEF".chars().zip(cells) {
            write!(sheet, r#"<c r="{column}{}" t="inlineStr"><is><t>{cell}</t></is></c>"#, number + 1)?;
        }
        write!(sheet, "</row>")?;
    }
    write!(sheet, "</sheetData></worksheet>")?;
    sheet.into_inner()?.finish()?.flush()
}

fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// In a process of its own: the peak is that of this file alone.
fn measure(path: &Path) {
    let options = Options {
        email_column: None,
        language_column: ColumnChoice::Found,
        channel_column: ColumnChoice::Found,
        shared_address: SharedAddress::Refuse,
        today: jiff::civil::Date::constant(2012, 1, 30),
        hash_key: [1; 16],
        digest_key: [2; 32],
    };
    let spreadsheet = OnDisk(path.to_owned());
    let before = peak_kib();
    let start = Instant::now();
    let inspection = inspect(&spreadsheet, &options, &mut |_| {}).expect("a good file");
    let inspected = start.elapsed().as_secs_f64();
    let start = Instant::now();
    let mut seen = 0_u64;
    people::<_, Infallible>(&spreadsheet, &options, &inspection, &mut |_| {
        seen += 1;
        Ok(())
    })
    .expect("the same file");
    let rows = inspection.rows as f64;
    assert_eq!(seen, inspection.people);
    println!(
        "{:>9} rows  {:4}  inspect {:>9.0} rows/s  people {:>9.0} rows/s  peak {:>6} KiB (from {before})",
        inspection.rows,
        path.extension().and_then(|e| e.to_str()).unwrap_or_default(),
        rows / inspected,
        rows / start.elapsed().as_secs_f64(),
        peak_kib()
    );
}

fn main() {
    if let Some(path) = std::env::args().nth(1).filter(|argument| !argument.starts_with('-')) {
        measure(Path::new(&path));
        return;
    }
    let folder = std::env::temp_dir().join(format!("audience-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, rows) in
        [("small.csv", 1_000), ("large.csv", 1_000_000), ("small.xlsx", 1_000), ("large.xlsx", 100_000)]
    {
        let path = folder.join(name);
        let written = if name.ends_with("csv") { write_csv(&path, rows) } else { write_xlsx(&path, rows) };
        written.expect("a file");
        let own = std::env::current_exe().expect("this program");
        Command::new(own).arg(&path).status().expect("it runs");
    }
    std::fs::remove_dir_all(&folder).expect("the folder again");
}
