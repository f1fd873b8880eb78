//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::NaiveDate;
use clap::{Args, Parser, Subcommand, ValueEnum};
use garmin_simulator::Fault;
use sync_core::record::RecordKind;
use sync_core::{JobId, UserId};

/// Imports a person's whole Garmin history, in small steps that survive anything. Without a command: the demo.
#[derive(Debug, Parser)]
#[command(name = "garmin-sync", version)]
pub struct Cli {
    /// What to do; the demo when nothing is said.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Where everything that lasts is kept.
    #[arg(long, global = true, value_name = "DIR", default_value = ".local")]
    pub data: PathBuf,

    /// What is logged to standard error: error, warn, info, debug, trace, or a filter as in RUST_LOG (which it beats).
    #[arg(long, global = true, value_name = "FILTER")]
    pub log: Option<String>,

    /// Logs as JSON, one object per line.
    #[arg(long, global = true)]
    pub log_json: bool,

    /// How the system is run, for the commands that run it.
    #[command(flatten)]
    pub system: SystemArgs,
}

/// How the system is run.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "The system (demo, serve, and import when no server runs)")]
pub struct SystemArgs {
    /// Where the API listens. Loopback only; port 0 takes any free one.
    #[arg(long, global = true, value_name = "ADDR", default_value = "127.0.0.1:3000", value_parser = loopback)]
    pub http: SocketAddr,

    /// Where the built page is, which is served beside the API.
    #[arg(long, global = true, value_name = "DIR", default_value = "web/dist")]
    pub page: PathBuf,

    /// Where the embedded DynamoDB listens.
    #[arg(long, global = true, value_name = "ADDR", default_value = "127.0.0.1:3001", value_parser = loopback)]
    pub dynamodb: SocketAddr,

    /// Where the embedded SQS listens.
    #[arg(long, global = true, value_name = "ADDR", default_value = "127.0.0.1:3002", value_parser = loopback)]
    pub sqs: SocketAddr,

    /// Which Garmin: the built-in simulator, or Garmin Connect itself.
    #[arg(long, global = true, value_enum, default_value_t = Garmin::Simulator)]
    pub garmin: Garmin,

    /// Another Garmin, such as a simulator that runs on its own.
    #[arg(long, global = true, value_name = "URL", conflicts_with = "garmin")]
    pub garmin_url: Option<String>,

    /// The pause between two calls to Garmin [default: 0 for a simulator, 1000 for Garmin Connect].
    #[arg(long, global = true, value_name = "MS")]
    pub garmin_gap_ms: Option<u64>,

    /// Imports the series within the day and the timelines of the nights, too, as far back as Garmin has them (180 days):
    /// three calls more per day.
    #[arg(long, global = true)]
    pub intraday: bool,

    /// How long each answer of the built-in simulator takes [default: 10 in the demo, else 0].
    #[arg(long, global = true, value_name = "MS")]
    pub garmin_latency_ms: Option<u64>,

    /// The time budget of one invocation, of which five seconds are kept for its commit; a killed worker's lease lasts
    /// this long and five seconds more [default: 30 for a simulator, 180 for Garmin Connect].
    #[arg(long, global = true, value_name = "S", value_parser = clap::value_parser!(u64).range(8..=900))]
    pub invocation_seconds: Option<u64>,

    /// How often the sweeper looks for jobs that are due.
    #[arg(long, global = true, value_name = "S", default_value_t = 2, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub sweep_seconds: u64,

    /// How many messages are worked on at once.
    #[arg(long, global = true, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=64))]
    pub workers: u32,
}

/// Which Garmin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Garmin {
    /// The built-in simulator, with a demo account.
    Simulator,
    /// Garmin Connect.
    Connect,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start everything, import the last two years of the demo account, show what arrived, and go on serving.
    Demo {
        /// End after the import.
        #[arg(long)]
        exit: bool,
    },
    /// Start everything and serve until Ctrl-C; prints `listening on http://…` when ready, then where the page is.
    Serve,
    /// Import a range of days, with the running server, or with one that lives as long as the import.
    Import {
        /// The first day.
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
        from: NaiveDate,
        /// The last day.
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
        to: NaiveDate,
        /// Whose.
        #[command(flatten)]
        who: Who,
    },
    /// Show where a user's latest job stands, as JSON.
    Status {
        /// Whose.
        #[command(flatten)]
        who: Who,
    },
    /// Pause a job.
    Pause(Control),
    /// Let a paused or failed job go on with what is not done.
    Resume(Control),
    /// Cancel a job.
    Cancel(Control),
    /// Print a token that says who one is; `Authorization: Bearer …` with it.
    Token {
        /// Who.
        #[command(flatten)]
        who: Who,
        /// How long it is valid.
        #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(i64).range(1..=8760))]
        hours: i64,
    },
    /// Print the address of the running server's page that signs one in.
    Page {
        /// Who.
        #[command(flatten)]
        who: Who,
    },
    /// Link a user to a Garmin account with tokens obtained elsewhere, as `--garmin connect` needs.
    Link {
        /// Who.
        #[command(flatten)]
        who: Who,
        /// A file with `{"di_token": …, "di_refresh_token": …, "di_client_id": …}`, as python-garminconnect writes it.
        #[arg(long, value_name = "FILE")]
        tokens: PathBuf,
    },
    /// Sign in at Garmin from this computer and link the account, here or, with --api, at a system in the cloud, whose
    /// network Garmin may refuse. Asks for e-mail, password and code; stores none of them.
    Login {
        /// Who, on this machine.
        #[command(flatten)]
        who: Who,
        /// The address of another system's API, such as https://example.com.
        #[arg(long, value_name = "URL", requires = "token_file")]
        api: Option<String>,
        /// A file with one's access token for that API.
        #[arg(long, value_name = "FILE", requires = "api")]
        token_file: Option<PathBuf>,
    },
    /// End the link to Garmin, with the running server: cancels an unfinished import and deletes the tokens.
    Unlink {
        /// Whose.
        #[command(flatten)]
        who: Who,
        /// Erase what was imported, too.
        #[arg(long)]
        delete_data: bool,
    },
    /// Run the Garmin simulator alone; prints `listening on http://…` when ready.
    Simulator(SimulatorArgs),
    /// Print the OpenAPI description of the API.
    Openapi,
    /// Print what was imported, as the running server's API shows it: JSON, one object per line, or one CSV table.
    History {
        /// Whose.
        #[command(flatten)]
        who: Who,
        /// The first day.
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
        from: NaiveDate,
        /// The last day.
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
        to: NaiveDate,
        /// Of what.
        #[arg(long, value_enum, default_value_t = HistoryKind::Daily)]
        kind: HistoryKind,
        /// Which values, by the API's names, joined by commas [default: all but the long ones].
        #[arg(long, value_name = "NAMES")]
        fields: Option<String>,
        /// In which form.
        #[arg(long, value_enum, default_value_t = HistoryFormat::Json)]
        format: HistoryFormat,
    },
    /// Print what was imported as it is stored, one JSON object per line, sorted.
    Record {
        /// Whose.
        #[command(flatten)]
        who: Who,
        /// Of which kind: day, sleep, activity, weigh_in, blood_pressure, workout, intraday. Every kind when not said.
        #[arg(long, value_parser = kind)]
        kind: Option<RecordKind>,
        /// From this day on. What has no day, such as a saved workout, is always printed.
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
        from: Option<NaiveDate>,
        /// Up to this day.
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = date)]
        to: Option<NaiveDate>,
    },
}

/// Of what a history is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HistoryKind {
    /// Calendar days.
    Daily,
    /// Nights.
    Sleep,
    /// Activities.
    Activities,
    /// Which days were imported, and which not and why.
    Coverage,
}

/// The form of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HistoryFormat {
    /// One JSON object per line.
    Json,
    /// A table with a row of names first.
    Csv,
}

/// Which user.
#[derive(Clone, Debug, Args)]
pub struct Who {
    /// The user.
    #[arg(long, value_name = "NAME", default_value = "demo", value_parser = user)]
    pub user: UserId,
}

/// Which job.
#[derive(Clone, Debug, Args)]
pub struct Control {
    /// Whose.
    #[command(flatten)]
    pub who: Who,
    /// Which job; the user's latest when not said.
    #[arg(long, value_name = "ID", value_parser = job)]
    pub job: Option<JobId>,
}

/// How the simulator is run.
#[derive(Clone, Debug, Args)]
pub struct SimulatorArgs {
    /// Where it listens. Loopback only; port 0 takes any free one.
    #[arg(long, default_value = "127.0.0.1:3003", value_parser = loopback)]
    pub addr: SocketAddr,
    /// Decides every value and signs every token.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How long each answer takes.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency_ms: u64,
    /// What goes wrong: server_error, unavailable, unauthorized, forbidden, not_found, drop_connection,
    /// drop_after_work, truncated_body, cut_json, wrong_shape, too_many_requests[=SECONDS], hidden_too_many_requests,
    /// firewall[=STATUS] (with --fault-path login: the network is refused),
    /// delay=MS, revoke_account. May be given more than once.
    #[arg(long, value_name = "FAULT", value_parser = fault)]
    pub fault: Vec<Fault>,
    /// The password of the demo account [default: any].
    #[arg(long, value_name = "TEXT")]
    pub password: Option<String>,
    /// The code that signing in as the demo account asks for [default: none is asked for].
    #[arg(long, value_name = "TEXT")]
    pub mfa_code: Option<String>,
    /// Signing in as the demo account asks for a captcha.
    #[arg(long)]
    pub captcha: bool,
    /// The demo account is locked.
    #[arg(long)]
    pub locked: bool,
    /// Only calls whose path contains this go wrong.
    #[arg(long, value_name = "TEXT", requires = "fault")]
    pub fault_path: Option<String>,
    /// Only every nth call goes wrong.
    #[arg(long, value_name = "N", requires = "fault", value_parser = clap::value_parser!(u64).range(1..))]
    pub fault_every: Option<u64>,
    /// At most so many calls go wrong, per fault.
    #[arg(long, value_name = "N", requires = "fault")]
    pub fault_times: Option<u32>,
    /// Only calls that touch this day or later ones go wrong.
    #[arg(long, value_name = "YYYY-MM-DD", requires = "fault", value_parser = date)]
    pub fault_from: Option<NaiveDate>,
    /// Only calls that touch this day or earlier ones go wrong.
    #[arg(long, value_name = "YYYY-MM-DD", requires = "fault", value_parser = date)]
    pub fault_to: Option<NaiveDate>,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let addr: SocketAddr = text.parse().map_err(|_| "not an address such as 127.0.0.1:3000".to_owned())?;
    if addr.ip().is_loopback() {
        Ok(addr)
    } else {
        Err("only loopback addresses: whoever reaches this may read health data".to_owned())
    }
}

fn date(text: &str) -> Result<NaiveDate, String> {
    sync_core::dates::parse_date(text).map_err(|_| "not a date in the form YYYY-MM-DD".to_owned())
}

fn user(text: &str) -> Result<UserId, String> {
    UserId::new(text).map_err(|error| error.to_string())
}

fn job(text: &str) -> Result<JobId, String> {
    text.parse().map_err(|error: sync_core::ids::InvalidJobId| error.to_string())
}

fn kind(text: &str) -> Result<RecordKind, String> {
    text.parse().map_err(|_| {
        let names: Vec<_> = RecordKind::ALL.iter().map(|kind| kind.name()).collect();
        format!("one of {}", names.join(", "))
    })
}

/// `name` or `name=number`, as the simulator's own JSON would say it.
fn fault(text: &str) -> Result<Fault, String> {
    let (name, number) = text.split_once('=').map_or((text, None), |(name, number)| (name, Some(number)));
    let number =
        number.map(str::parse::<u64>).transpose().map_err(|_| "not a number after the =".to_owned())?;
    let field = match name {
        "too_many_requests" => "retry_after_seconds",
        "firewall" => "status",
        "delay" => "milliseconds",
        _ if number.is_some() => return Err(format!("{name} takes no number")),
        _ => "",
    };
    let number = number.or_else(|| (name == "firewall").then_some(403));
    let mut described = serde_json::json!({"kind": name});
    if let Some(number) = number {
        described[field] = number.into();
    }
    serde_json::from_value(described).map_err(|_| "not a fault; see --help".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_flags_of_the_system_are_understood() {
        let cli = Cli::try_parse_from(["garmin-sync", "--http", "127.0.0.1:0", "--data", "x"]).unwrap();
        assert!(cli.command.is_none());
        assert_eq!(cli.system.http.port(), 0);
        let cli = Cli::try_parse_from(["garmin-sync", "serve", "--sqs", "[::1]:0"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Serve)));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for wrong in [
            &["--http", "0.0.0.0:3000"][..],
            &["--http", "192.168.1.1:3000"],
            &["--garmin", "connect", "--garmin-url", "http://127.0.0.1:1"],
            &["--workers", "0"],
            &["import", "--from", "2024-1-1", "--to", "2024-01-02"],
            &["record", "--kind", "dreams"],
            &["history", "--from", "2024-01-01"],
            &["history", "--from", "2024-01-01", "--to", "2024-01-02", "--kind", "dreams"],
            &["token", "--user", "a b"],
            &["simulator", "--fault", "bad_luck"],
            &["simulator", "--fault", "server_error=3"],
            &["simulator", "--fault-every", "3"],
        ] {
            assert!(Cli::try_parse_from([&["garmin-sync"], wrong].concat()).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn faults_have_names_and_some_a_number() {
        assert_eq!(fault("server_error"), Ok(Fault::ServerError));
        assert_eq!(fault("delay=5"), Ok(Fault::Delay { milliseconds: 5 }));
        assert_eq!(fault("firewall"), Ok(Fault::Firewall { status: 403 }));
        let throttle = |retry_after_seconds| Ok(Fault::TooManyRequests { retry_after_seconds });
        assert_eq!(fault("too_many_requests"), throttle(None));
        assert_eq!(fault("too_many_requests=60"), throttle(Some(60)));
    }
}
