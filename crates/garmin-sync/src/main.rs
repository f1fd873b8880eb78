//! The whole of garmin-sync on one machine. See `garmin-sync --help`.

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _, error::ErrorKind};
use garmin_sync::cli::Cli;
use garmin_sync::{commands, logging, people};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Err(problem) = logging::start(cli.log.as_deref(), cli.log_json) {
        Cli::command().error(ErrorKind::InvalidValue, format!("--log: {problem}")).exit();
    }
    match commands::run(cli).await {
        Ok(code) => code,
        Err(error) => {
            people::note(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
