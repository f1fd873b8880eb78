use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::process::{ANY_PORTS, Process};

/// A server whose umask lets everybody read what it makes.
fn careless(data: &Path) -> Process {
    let mut command = Command::new("sh");
    command.args(["-c", "umask 022; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_garmin-sync")]);
    command.env_remove("RUST_LOG").arg("--data").arg(data).args(ANY_PORTS).arg("serve");
    Process::start(command)
}

fn names_closed_to_others(data: &Path) -> BTreeSet<String> {
    assert_eq!(fs::metadata(data).unwrap().permissions().mode() & 0o777, 0o700);
    let files = fs::read_dir(data).unwrap().map(|file| {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        name
    });
    files.collect()
}

#[test]
fn the_data_directory_and_every_file_in_it_are_for_their_owner_alone() {
    let temporary = tempfile::tempdir().unwrap();
    let data = temporary.path().join("data");
    fs::create_dir(&data).unwrap();
    let open = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    open(&data, 0o755);
    let server = careless(&data);
    let expected = [
        "dynamodb.sqlite",
        "dynamodb.sqlite-shm",
        "dynamodb.sqlite-wal",
        "endpoints.json",
        "issuer.key",
        "lock",
        "token.key",
    ];
    assert_eq!(names_closed_to_others(&data), expected.map(str::to_owned).into());
    server.kill();

    // What a release before this one left behind.
    open(&data, 0o755);
    for name in ["dynamodb.sqlite", "dynamodb.sqlite-shm", "dynamodb.sqlite-wal", "endpoints.json"] {
        open(&data.join(name), 0o644);
    }
    let _server = careless(&data);
    assert_eq!(names_closed_to_others(&data), expected.map(str::to_owned).into());
}
