//! What the commands say, and how they end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::process::{ANY_PORTS, Process, garmin_sync, text};

#[test]
fn the_demo_in_a_pipe_prints_lines_and_ends_well_and_importing_the_same_again_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let ports = if arguments[0] == "record" { &[] } else { &ANY_PORTS[..] };
        let output = garmin_sync(directory.path(), &[arguments, ports].concat()).output().unwrap();
        let (stdout, stderr) = text(&output);
        assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
        (stdout, stderr)
    };
    let (stdout, stderr) = run(&["demo", "--exit", "--garmin-latency-ms=0"]);
    assert!(stderr.contains("100%  25 / 25 chunks  Sync complete"), "{stderr}");
    assert!(!stderr.contains('\u{1b}'), "a bar in a pipe: {stderr}");
    assert!(stdout.starts_with("Imported "), "{stdout}");
    for kind in ["days", "nights", "activities", "weigh-ins"] {
        assert!(stdout.contains(&format!(" {kind} ")), "no {kind} in {stdout}");
    }
    assert!(stdout.contains("token --user demo"), "{stdout}");

    let (records, _) = run(&["record"]);
    let today = stdout.split_whitespace().nth(3).unwrap();
    let from = today.parse::<chrono::NaiveDate>().unwrap() - chrono::TimeDelta::days(40);
    let (from, to) = (from.to_string(), (from + chrono::TimeDelta::days(20)).to_string());
    let (stdout, _) = run(&["import", "--from", &from, "--to", &to]);
    assert!(stdout.starts_with("completed: "), "{stdout}");
    assert_eq!(run(&["record"]).0, records);
}

#[test]
fn a_demo_that_was_stopped_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let arguments: Vec<_> = ["demo", "--garmin-latency-ms=5"].into_iter().chain(ANY_PORTS).collect();
    let mut first = garmin_sync(directory.path(), &arguments).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(first.stderr.take().unwrap()).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains(" / 25 chunks") && !line.contains("  0 / 25")));
    let stopped = Command::new("kill").args(["-TERM", &first.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert!(lines.any(|line| line.contains("Interrupted")));
    assert_eq!(first.wait().unwrap().code(), Some(1));

    let arguments: Vec<_> =
        ["demo", "--exit", "--garmin-latency-ms=0"].into_iter().chain(ANY_PORTS).collect();
    let output = garmin_sync(directory.path(), &arguments).output().unwrap();
    let (stdout, stderr) = text(&output);
    assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
    assert!(stderr.contains("is not finished: it comes first"), "{stderr}");
    assert!(!stderr.contains("  0 / 25 chunks"), "it began anew: {stderr}");
}

#[test]
fn a_second_server_on_a_directory_is_refused_and_commands_find_the_first() {
    let directory = tempfile::tempdir().unwrap();
    let serve: Vec<_> = ["serve"].into_iter().chain(ANY_PORTS).collect();
    let run = |arguments: &[&str]| garmin_sync(directory.path(), arguments).output().unwrap();

    let output = run(&["status"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).1.contains("no server runs"), "{output:?}");

    let server = Process::start(garmin_sync(directory.path(), &serve));
    let output = run(&serve);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).1.contains("another garmin-sync uses"), "{output:?}");

    let output = run(&["import", "--from=2024-01-01", "--to=2024-02-29"]);
    let (stdout, stderr) = text(&output);
    assert_eq!(output.status.code(), Some(0), "{stderr}");
    assert_eq!(stdout.trim(), "completed: 2024-01-01 to 2024-02-29, 2 chunks");
    let status: Value = serde_json::from_slice(&run(&["status"]).stdout).unwrap();
    assert_eq!(status["job"]["percentComplete"], 100);
    let output = run(&["cancel"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).1.contains("Cannot cancel job with status: completed"), "{output:?}");
    let output = run(&["import", "--user=stranger", "--from=2024-01-01", "--to=2024-02-29"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).1.contains("Garmin not connected"), "{output:?}");
    assert_eq!(server.terminate(), Some(0));

    // Without a server one lives as long as the import; tokens need none.
    let arguments: Vec<_> =
        ["import", "--from=2024-03-01", "--to=2024-03-10"].into_iter().chain(ANY_PORTS).collect();
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(text(&run(&["token", "--user=ann"])).0.trim().split('.').count(), 3);
    assert!(!directory.path().join("endpoints.json").exists());
}

#[test]
fn what_cannot_be_meant_ends_with_2() {
    let directory = tempfile::tempdir().unwrap();
    for arguments in
        [&["import"][..], &["serve", "--http=0.0.0.0:3000"], &["--log=[", "status"], &["nonsense"]]
    {
        let output = garmin_sync(directory.path(), arguments).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?} {output:?}");
    }
}
