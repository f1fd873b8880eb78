//! The package `garminconnect` from PyPI, pointed at the simulator, can read it: proof by a client that this project did
//! not write. It runs where there are Python 3 with `venv` and `pip` and a package index; elsewhere it says why not.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use garmin_simulator::{Simulator, SimulatorConfig};
use serde_json::{Value, json};

use crate::client::{day, now};

/// The one whose source told where its hosts are written.
const PACKAGE: &str = "garminconnect==0.3.2";

/// Ten days of one month that have everything: nights, activities, weigh-ins, blood pressure.
const FROM: &str = "2026-11-09";
const DAY: &str = "2026-11-18";

/// What a command printed, or why it could not do what it should.
fn run(command: &mut Command) -> Result<Output, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{name}: {}: {}", output.status, said.lines().last().unwrap_or_default()))
}

/// A Python that has the package, made once per target directory.
fn python_with_the_package() -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGE.replace("==", "-"));
    let python = home.join("bin").join("python");
    let has_it = |python: &Path| run(Command::new(python).args(["-c", "import garminconnect"]));
    if has_it(&python).is_ok() {
        return Ok(python);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&home))?;
    let quickly =
        ["--quiet", "--disable-pip-version-check", "--no-input", "--timeout", "10", "--retries", "1"];
    run(Command::new(&python).args(["-m", "pip", "install"]).args(quickly).arg(PACKAGE))?;
    has_it(&python).map(|_| python)
}

/// The script beside this file, with `ask` as its input.
fn read_with(python: &Path, ask: &Value) -> Output {
    let mut script = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulator/garminconnect_reads_it.py"))
        // Whoever runs the tests may have a link or a proxy of their own; neither has a part in this.
        .env_remove("GARMINTOKENS")
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    script.stdin.take().unwrap().write_all(ask.to_string().as_bytes()).unwrap();
    script.wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "a test that does not run says so")]
async fn the_package_garminconnect_reads_what_is_there() {
    let python = match tokio::task::spawn_blocking(python_with_the_package).await.unwrap() {
        Ok(python) => python,
        Err(reason) => {
            eprintln!("skipped: no Python with {PACKAGE} to be had here: {reason}");
            return;
        }
    };
    // The package compares the token's end with the machine's clock, which is not the simulator's.
    let ten_years = std::time::Duration::from_secs(10 * 365 * 24 * 3600);
    let garmin =
        Simulator::start(SimulatorConfig { access_token_lifetime: ten_years, ..SimulatorConfig::at(now()) })
            .await
            .unwrap();
    let (truth, from, until) = (garmin.truth(), day(FROM), day(DAY));
    let ask = json!({
        "base_url": garmin.base_url(),
        "tokens": garmin.demo_tokens().unwrap(),
        "account": "demo",
        "from": from,
        "day": until,
        "weigh_ins": truth.weigh_ins("demo", from, until),
        "blood_pressure": truth.blood_pressure("demo", from, until),
    });
    let output = tokio::task::spawn_blocking(move || read_with(&python, &ask)).await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    let methods = said.lines().filter(|line| line.starts_with("read get_")).count();
    assert!(methods >= 12, "{said}");
    assert!(
        garmin.calls().iter().all(|call| call.status.is_some_and(|status| status < 400)),
        "something was refused"
    );
}
