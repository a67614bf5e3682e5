//! `undisclosed completions` and `undisclosed man`.

use std::io::Write;

use clap::CommandFactory;

use crate::cli::Cli;
use crate::failure::{Exit, Failure};

fn written(_: std::io::Error) -> Failure {
    Failure::unexpected("output", "the output cannot be written")
}

pub(crate) fn completions(shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "undisclosed", &mut script);
    let _ = std::io::stdout().write_all(&script);
    Ok(Exit::Done)
}

pub(crate) fn man() -> Result<Exit, Failure> {
    clap_mangen::Man::new(Cli::command()).render(&mut std::io::stdout()).map_err(written)?;
    Ok(Exit::Done)
}
