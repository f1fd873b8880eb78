//! Following a job until it ends: a bar for somebody who watches, lines for a log.

use std::time::Duration;

use anyhow::{Context as _, Result};
use indicatif::{ProgressBar, ProgressStyle};
use sync_core::{JobStatus, PauseReason};

use crate::client::{Client, JobStatusAnswer};
use crate::people;

/// How often the status is asked for. The page waits longer; this is the same machine.
const INTERVAL: Duration = Duration::from_millis(200);

/// How often in a row the status may not be had before following is given up.
const PATIENCE: u32 = 25;

/// How following a job ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Ended {
    /// Everything was imported.
    Completed(JobStatusAnswer),
    /// It ended without that, or waits for somebody.
    Otherwise(JobStatusAnswer),
}

/// Follows a user's job until it ends or waits for a person.
///
/// # Errors
/// When the server does not answer any more.
pub async fn follow(client: &Client, job_id: &str) -> Result<Ended> {
    let mut display = Display::new();
    let mut failures = 0;
    loop {
        match client.status().await {
            Ok(status) => {
                failures = 0;
                let job = status.job.filter(|job| job.id == job_id).context("another job took its place")?;
                display.show(&job);
                match job.status {
                    JobStatus::Completed => return Ok(Ended::Completed(job)),
                    JobStatus::Failed | JobStatus::Cancelled => return Ok(Ended::Otherwise(job)),
                    JobStatus::Paused if job.pause_reason != Some(PauseReason::Throttled) => {
                        return Ok(Ended::Otherwise(job));
                    }
                    JobStatus::Pending | JobStatus::Running | JobStatus::Paused => {}
                }
            }
            Err(error) if failures >= PATIENCE => return Err(error),
            Err(_) => failures += 1,
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// What is going on in a job, in a few words.
#[must_use]
pub fn describe(job: &JobStatusAnswer) -> String {
    match job.status {
        JobStatus::Pending => "Starting...".to_owned(),
        JobStatus::Running if job.retry_at.is_some() => {
            "Garmin does not answer; trying again soon...".to_owned()
        }
        JobStatus::Running => match &job.current_chunk_range {
            Some(range) => format!("Syncing {range}..."),
            None => "Syncing...".to_owned(),
        },
        JobStatus::Paused => match (job.pause_reason, job.retry_at) {
            (Some(PauseReason::Throttled), Some(at)) => {
                format!("Garmin asks for a pause; going on at {} UTC", at.format("%H:%M"))
            }
            (Some(PauseReason::ReauthRequired), _) => "Paused: Garmin wants a new sign-in".to_owned(),
            _ => "Paused".to_owned(),
        },
        JobStatus::Completed => "Sync complete".to_owned(),
        JobStatus::Failed => job.error_message.clone().unwrap_or_else(|| "Sync failed".to_owned()),
        JobStatus::Cancelled => "Cancelled".to_owned(),
    }
}

enum Display {
    Bar(ProgressBar),
    Lines { last: Option<String> },
}

impl Display {
    fn new() -> Self {
        if !people::somebody_watches() {
            return Self::Lines { last: None };
        }
        let bar = ProgressBar::new(100);
        let template = "{spinner:.blue} {bar:30.green/dim} {pos:>3}%  {prefix}  {wide_msg}";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸─"));
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self::Bar(bar)
    }

    fn show(&mut self, job: &JobStatusAnswer) {
        let chunks = format!("{} / {} chunks", job.chunks_completed, job.chunks_total);
        match self {
            Self::Bar(bar) => {
                bar.set_position(u64::from(job.percent_complete));
                bar.set_prefix(chunks);
                let eta = job.eta_seconds.filter(|_| job.status == JobStatus::Running);
                let eta = eta.map(|seconds| format!("  {} left", duration(seconds))).unwrap_or_default();
                bar.set_message(format!("{}{eta}", describe(job)));
                if !matches!(job.status, JobStatus::Pending | JobStatus::Running) {
                    bar.tick();
                }
            }
            Self::Lines { last } => {
                let line = format!("{:>3}%  {chunks}  {}", job.percent_complete, describe(job));
                if last.as_ref() != Some(&line) {
                    people::note(&line);
                    *last = Some(line);
                }
            }
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Self::Bar(bar) = self {
            bar.abandon();
            people::note("");
        }
    }
}

fn duration(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_left_is_said_in_two_units_at_most() {
        assert_eq!(duration(7), "7 s");
        assert_eq!(duration(67), "1 min 07 s");
        assert_eq!(duration(3_667), "1 h 01 min");
    }
}
