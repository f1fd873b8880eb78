//! The real program, as a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

/// `garmin-sync` with any free ports, on a data directory, hearing nothing of this process's environment.
pub(crate) fn garmin_sync(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_garmin-sync"));
    command.env_remove("RUST_LOG").arg("--data").arg(data).args(arguments).stdin(Stdio::null());
    command
}

/// Flags that take any free ports.
pub(crate) const ANY_PORTS: [&str; 3] = ["--http=127.0.0.1:0", "--dynamodb=127.0.0.1:0", "--sqs=127.0.0.1:0"];

/// A running server; killed when dropped.
pub(crate) struct Process {
    child: Child,
    pub(crate) url: String,
}

impl Process {
    /// Starts it and waits for its `listening on …`.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let url = line.trim().strip_prefix("listening on ").unwrap_or_default().to_owned();
        let process = Self { child, url };
        assert!(process.url.starts_with("http://127.0.0.1:"), "it said {line:?}");
        process
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no chance to tidy up.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and how it ended.
    pub(crate) fn terminate(mut self) -> Option<i32> {
        let sent = Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(crate) fn text(output: &Output) -> (String, String) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

/// A program that is read along; killed when dropped.
pub(crate) struct Spoken {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStderr>>,
}

impl Spoken {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line on standard error that is `wanted`.
    pub(crate) fn line(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        self.lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| wanted(line))
            .expect("it ended without the line")
    }

    /// SIGTERM; how it ends is for [`Self::code`].
    pub(crate) fn ask_to_stop(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    pub(crate) fn code(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Spoken {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
