//! The program: settings, wiring, commands. What it does is in the crates beside it.

mod account;
mod answer;
mod audience_import;
mod backing_up;
mod book;
mod caller;
mod campaign_object;
mod check;
mod cli;
mod commands;
mod desk;
mod differences;
mod drafting;
mod erasing;
mod errand;
mod failure;
mod forgetting;
mod holding;
mod incoming;
mod installation;
mod ledger_audit;
mod letters_of;
mod lists;
mod log;
mod mail_set_up;
mod message_files;
mod names;
mod notices;
mod officer;
mod one_message;
mod person_behind;
mod preparation;
mod progress_bar;
mod public_desk;
mod reconciling;
mod relay;
mod relay_log;
mod rendering;
mod retention;
mod safekeeping;
mod sending;
mod settings;
mod sign_on;
mod start_time;
mod subject;
mod submission;
mod tally;
mod warnings;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use crate::cli::{Cli, Command};
use crate::failure::{Exit, Failure};

fn main() -> ExitCode {
    quiet_panics();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let as_json = cli.general.json;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => {
            let result = runtime.block_on(run(cli));
            // A second signal does not wait for tasks that wait for a relay.
            runtime.shutdown_background();
            result
        }
        Err(_) => Err(Failure::unexpected("runtime", "the program cannot start its threads")),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            failure.render(as_json);
            failure.exit.into()
        }
    }
}

/// Wrong usage is exit 2, in words or, where the arguments ask for it, as an object.
fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        return refuse(error, true);
    }
    // Its text quotes arguments, and an argument can be somebody's address.
    if error.use_stderr() && error.render().to_string().contains('@') {
        return refuse(error, false);
    }
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

fn refuse(error: &clap::Error, as_json: bool) -> ExitCode {
    let what = error.kind().as_str().unwrap_or("wrong usage");
    let failure = Failure::usage("usage", format!("{what}; `undisclosed --help` shows how it is used"));
    failure.render(as_json);
    failure.exit.into()
}

async fn run(cli: Cli) -> Result<Exit, Failure> {
    let general = &cli.general;
    match cli.command {
        Command::Init => commands::init::run(general),
        Command::Import(args) => commands::import::run(general, args).await,
        Command::Preview(args) => commands::preview::run(general, args).await,
        Command::Test(args) => commands::test::run(general, args).await,
        Command::CheckSender(args) => commands::check_sender::run(general, args).await,
        Command::CheckCampaign(args) => commands::check_campaign::run(general, args).await,
        Command::Send(args) => commands::send::run(general, args).await,
        Command::Approve(args) => commands::approval::approve(general, args).await,
        Command::Submit(args) => commands::approval::submit(general, args).await,
        Command::TakeBack(args) => commands::approval::take_back_command(general, &args.name).await,
        Command::Status(args) => commands::status::run(general, args).await,
        Command::Pause(args) => commands::control::pause(general, &args.name).await,
        Command::Resume(args) => commands::resume::run(general, args).await,
        Command::Cancel(args) => commands::control::cancel(general, &args.name).await,
        Command::Serve => commands::serve::run(general).await,
        Command::Worker(args) => commands::worker::run(general, args).await,
        Command::Mend(args) => commands::mend::run(general, args).await,
        Command::Reconcile(args) => commands::reconcile::run(general, args).await,
        Command::Forget(args) => commands::forget::run(general, args).await,
        Command::Erase(args) => commands::erase::run(general, args).await,
        Command::Retention(args) => commands::retention::run(general, args).await,
        Command::Backup(args) => commands::backup::run(general, args).await,
        Command::Restore(args) => commands::restore::restore(general, args).await,
        Command::Restored(args) => commands::restore::restored(general, args).await,
        Command::Ledger(command) => commands::ledger::run(general, command).await,
        Command::Demo(args) => commands::demo::run(general, args).await,
        Command::Completions { shell } => commands::completions::completions(shell),
        Command::Man => commands::completions::man(),
    }
}

/// A panic's text can quote what it failed on, and that can be an address: only the place is said.
fn quiet_panics() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(String::new, |l| format!(" at {}:{}", l.file(), l.line()));
        // A closed standard error is no reason to fail within a failure.
        let _ = writeln!(
            std::io::stderr(),
            "undisclosed: something unexpected happened{place}; `undisclosed status` shows where things stand"
        );
    }));
}
