//! The demo: everything started, two years imported before one's eyes, and where to look next.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{Days, Months, NaiveDate};
use sync_core::ports::SystemClock;
use sync_core::{Clock as _, UserId};
use tokio::time::Instant;

use crate::cli::SystemArgs;
use crate::client::Client;
use crate::commands::{say_where_the_page_is, start_and_follow, told};
use crate::data_dir::DataDir;
use crate::history::{self, Arrived};
use crate::people;
use crate::progress::{self, Ended};
use crate::signals::StopRequests;
use crate::system::{DEMO_USER, System};

/// Runs the demo; with `exit`, to the end of the import only.
///
/// # Errors
/// When the system cannot be started, or the import cannot.
pub async fn run(data: &DataDir, args: &SystemArgs, latency: Duration, exit: bool) -> Result<ExitCode> {
    let mut requests = StopRequests::listen()?;
    let system = System::start(data, args, latency).await?;
    let endpoints = system.endpoints();
    people::note(format!("Serving on {}, data in {}.", endpoints.http, data.path().display()));
    let user = UserId::new(DEMO_USER)?;
    let client = Client::new(&endpoints.http, &data.issuer()?, &user)?;
    if !exit {
        say_where_the_page_is(&system, data, args)?;
    }
    let begun = Instant::now();
    let imported = tokio::select! {
        imported = import(&client) => imported,
        () = requests.next() => {
            people::note("Interrupted. What is imported stays; start again and it goes on.");
            requests.stop(system).await;
            return Ok(ExitCode::FAILURE);
        }
    };
    let code = match imported {
        Ok(Ended::Completed(job)) => {
            let seconds = begun.elapsed().as_secs_f64();
            people::result(format!("Imported {} to {} in {seconds:.1} s.", job.start_date, job.end_date));
            ExitCode::SUCCESS
        }
        Ok(ended @ Ended::Otherwise(_)) => told(&ended),
        Err(error) => {
            requests.stop(system).await;
            return Err(error);
        }
    };
    for line in history::arrived(system.records(), &user).await?.iter().filter_map(describe) {
        people::result(line);
    }
    if !exit {
        look_next(&endpoints.http, data);
        people::note("Serving until Ctrl-C.");
        requests.next().await;
    }
    requests.stop(system).await;
    Ok(code)
}

/// The last two years; before that, what a run that was killed has left to do.
async fn import(client: &Client) -> Result<Ended> {
    let (from, to) = last_two_years(SystemClock.now().date_naive())?;
    if let Some(job) = client.status().await?.job.filter(|job| job.status.is_unfinished()) {
        people::note(format!(
            "An import of {} to {} is not finished: it comes first.",
            job.start_date, job.end_date
        ));
        let ended = progress::follow(client, &job.id).await?;
        let was_this = (job.start_date, job.end_date) == (from, to);
        if was_this || matches!(ended, Ended::Otherwise(_)) {
            return Ok(ended);
        }
    }
    start_and_follow(client, from, to).await
}

fn last_two_years(today: NaiveDate) -> Result<(NaiveDate, NaiveDate)> {
    let from = today.checked_sub_months(Months::new(24)).and_then(|day| day.checked_add_days(Days::new(1)));
    Ok((from.context("the machine's clock is off")?, today))
}

fn describe(arrived: &Arrived) -> Option<String> {
    let name = history::name_for_people(arrived.kind);
    let days = match (arrived.first, arrived.last) {
        (Some(first), Some(last)) => format!("{first} to {last}"),
        _ => String::new(),
    };
    (arrived.count > 0).then(|| format!("{:>7} {name:<28} {days}", arrived.count).trim_end().to_owned())
}

fn look_next(http: &str, data: &DataDir) {
    let program = std::env::args().next().unwrap_or_else(|| "garmin-sync".to_owned());
    let on = if data.path() == std::path::Path::new(".local") {
        String::new()
    } else {
        format!(" --data {}", data.path().display())
    };
    people::result("");
    people::result("Where to look next, from another terminal:");
    people::result(format!("  TOKEN=$({program} token --user {DEMO_USER}{on})"));
    people::result(format!(
        "  curl -H \"Authorization: Bearer $TOKEN\" {http}/integrations/garmin/sync/status"
    ));
    people::result(format!("  {program} record --user {DEMO_USER} --kind day{on} | tail -3"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_two_years_end_today_and_hold_each_day_of_the_year_twice() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let range = |today| last_two_years(day(today)).unwrap();
        assert_eq!(range("2026-11-22"), (day("2024-11-23"), day("2026-11-22")));
        assert_eq!(range("2024-02-29"), (day("2022-03-01"), day("2024-02-29")));
    }
}
