//! What the kernel says of a process (Linux).

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result};

/// The most memory that a process has had resident so far, in MB; `self` is this process.
///
/// # Errors
/// Where there is no `/proc`, or no such process.
pub fn peak_mb(process: &str) -> Result<f64> {
    let path = format!("/proc/{process}/status");
    let status = fs::read_to_string(&path).with_context(|| format!("{path} cannot be read"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no peak is told")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().context("the peak is no number")?;
    Ok(kib * 1_024.0 / 1e6)
}

/// How long the threads of a process have been on a processor: what it takes whatever else the machine is doing.
///
/// # Errors
/// Where there is no `/proc`, or no such process.
pub fn processor_time(process: &str) -> Result<Duration> {
    let path = format!("/proc/{process}/task");
    let mut nanos = 0;
    for thread in fs::read_dir(&path).with_context(|| format!("{path} cannot be read"))? {
        let schedule = fs::read_to_string(thread?.path().join("schedstat"))?;
        let first = schedule.split_whitespace().next().context("no processor time is told")?;
        nanos += first.parse::<u64>().context("the processor time is no number")?;
    }
    Ok(Duration::from_nanos(nanos))
}
