//! What the kernel says of a process's memory (Linux).

use std::fs;

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
