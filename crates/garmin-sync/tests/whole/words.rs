//! What the commands say, and how they end.

use std::process::Stdio;

use garmin_sync::data_dir::DataDir;
use serde_json::Value;

use crate::process::{ANY_PORTS, Process, Spoken, garmin_sync, text};

#[test]
fn the_demo_in_a_pipe_prints_lines_and_ends_well() {
    let directory = tempfile::tempdir().unwrap();
    let arguments: Vec<_> =
        ["demo", "--exit", "--garmin-latency-ms=0"].into_iter().chain(ANY_PORTS).collect();
    let output = garmin_sync(directory.path(), &arguments).output().unwrap();
    let (stdout, stderr) = text(&output);
    assert_eq!(output.status.code(), Some(0), "{stdout}\n{stderr}");
    assert!(stderr.contains("100%  25 / 25 chunks  Sync complete"), "{stderr}");
    assert!(!stderr.contains('\u{1b}'), "a bar in a pipe: {stderr}");
    assert!(stdout.starts_with("Imported "), "{stdout}");
    for kind in ["days", "nights", "activities", "weigh-ins"] {
        assert!(stdout.contains(&format!(" {kind} ")), "no {kind} in {stdout}");
    }
    assert!(!stdout.contains("curl"), "it shows the way to a server that is gone: {stdout}");
}

#[test]
fn a_demo_that_was_stopped_goes_on_where_it_was() {
    let directory = tempfile::tempdir().unwrap();
    let arguments: Vec<_> = ["demo", "--garmin-latency-ms=5"].into_iter().chain(ANY_PORTS).collect();
    let mut first = Spoken::start(garmin_sync(directory.path(), &arguments));
    first.line(|line| line.contains(" / 25 chunks") && !line.contains("  0 / 25"));
    first.ask_to_stop();
    first.line(|line| line.contains("Interrupted"));
    assert_eq!(first.code(), Some(1));

    let mut second = Spoken::start(garmin_sync(directory.path(), &arguments));
    second.line(|line| line.contains("is not finished: it comes first"));
    let progress = second.line(|line| line.contains(" / 25 chunks"));
    assert!(!progress.contains("  0 / 25"), "it began anew: {progress}");
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
    let imported = text(&run(&["record"])).0;
    assert!(imported.lines().count() > 60, "{imported}");
    assert_eq!(server.terminate(), Some(0));

    // Without a server one lives as long as the import; importing the same again changes nothing; tokens need no server.
    let arguments: Vec<_> =
        ["import", "--from=2024-01-01", "--to=2024-02-29"].into_iter().chain(ANY_PORTS).collect();
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&run(&["record"])).0 == imported, "importing again changed something");
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

#[tokio::test(flavor = "multi_thread")]
async fn a_second_user_is_linked_by_tokens_and_has_a_history_of_its_own() {
    let directory = tempfile::tempdir().unwrap();
    let serve: Vec<_> = ["serve"].into_iter().chain(ANY_PORTS).collect();
    let run = |arguments: &[&str]| garmin_sync(directory.path(), arguments).output().unwrap();
    let _server = Process::start(garmin_sync(directory.path(), &serve));
    let endpoints = DataDir::open(directory.path()).unwrap().running().unwrap().unwrap();

    let url = format!("{}/__simulator/tokens/demo", endpoints.simulator.unwrap());
    let tokens = reqwest::get(url).await.unwrap().text().await.unwrap();
    let file = directory.path().join("tokens.json");
    std::fs::write(&file, &tokens).unwrap();
    let output = run(&["link", "--user=ann", "--tokens", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(text(&output).0.starts_with("ann is linked to "), "{output:?}");

    let output = run(&["import", "--user=ann", "--from=2024-01-01", "--to=2024-01-05"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(text(&run(&["record", "--user=ann", "--kind=day"])).0.lines().count(), 5);
    assert_eq!(text(&run(&["record", "--kind=day"])).0, "");

    std::fs::write(&file, "{}").unwrap();
    let output = run(&["link", "--user=ann", "--tokens", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
}
