//! What nobody may see, looked for wherever it could have got to: every line of the log, every answer of the API, every
//! byte on the disk. Things go wrong on the way on purpose, because it is errors that repeat what they could not use.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;

use garmin_simulator::{AccountConfig, Clock, Fault, FaultRule, Simulator, SimulatorConfig};
use garmin_sync::client::Client;
use garmin_sync::data_dir::DataDir;
use garmin_sync::history;
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sync_aws::{AwsClients, DynamoLinkStore, DynamoRecordStore, Endpoints, KeyFileVault, TableNames};
use sync_core::ports::SystemClock;
use sync_core::record::Attribute;
use sync_core::{Clock as _, JobStatus, LinkStore as _, RecordKind, TokenVault as _, UserId};

use crate::process::{ANY_PORTS, Process, garmin_sync};
use crate::world::job_when_ended;

const PASSWORD: &str = "correct-horse-battery-staple";
const WRONG_PASSWORD: &str = "incorrect-horse-battery-staple";
const CODE: &str = "QX-7741-KV";

/// Everything of ours down to the last detail, and of everybody else what a developer would turn on to look for a fault.
const TALKATIVE: &str = "debug,create_job=trace,read_job=trace,control_job=trace,link_account=trace,process_chunk=trace,\
                         sweep_jobs=trace,read_history=trace,sync_core=trace,sync_aws=trace,sync_garmin=trace,\
                         sync_http=trace,garmin_sync=trace";

/// A value shorter than this is in every text by chance.
const TELLING_CHARS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn no_token_password_or_health_value_gets_where_it_does_not_belong() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data");
    let garmin = garmin().await;
    let log = directory.path().join("log");
    let url = garmin.base_url();
    let flags = ["serve", "--garmin-url", &url, "--log", TALKATIVE, "--log-json", "--sweep-seconds=1"];
    let flags: Vec<_> = flags.into_iter().chain(ANY_PORTS).collect();
    let mut command = garmin_sync(&path, &flags);
    command.stderr(File::create(&log).unwrap());
    let server = Process::start(command);
    let data = DataDir::open(&path).unwrap();
    let user = UserId::new("ann").unwrap();
    let client = Client::new(&server.url, &data.issuer().unwrap(), &user).unwrap();
    let tables = Tables::of(&data);
    let mut answers = Vec::new();

    // A sign-in that fails, one that succeeds, and an import in which everything that can go wrong with an answer does.
    let state = sign_in(&client, &mut answers).await;
    let first = tables.tokens(&user).await;
    for (path, fault) in [
        ("/sleep-service/", Fault::CutJson),
        ("/weight-service/", Fault::WrongShape),
        ("/fitnessage-service/", Fault::TruncatedBody),
        ("/metrics-service/", Fault::ServerError),
    ] {
        garmin.add_fault(FaultRule::on(path, fault).times(1));
    }
    garmin.add_fault(FaultRule::on("/hrv-service/", Fault::Unauthorized).times(1));
    let range = json!({"startDate": "2024-01-01", "endDate": "2024-01-30"});
    answers.push(ask(&client, "/sync/historical", Some(&range)).await);
    let ended = job_when_ended(&client).await;
    assert_eq!(ended.status, JobStatus::Completed, "{ended:?}");
    for path in ["/status", "/sync/status", "/sync/jobs"] {
        answers.push(ask(&client, path, None).await);
    }
    let second = tables.tokens(&user).await;
    let health = tables.health(&user).await;
    let others = tables.all_but_health().await;
    assert!(first.is_disjoint(&second), "the tokens were not refreshed, so no refresh was looked at");
    assert_eq!(server.terminate(), Some(0));

    let log = fs::read_to_string(&log).unwrap();
    assert!(log.contains("window failed"), "nothing was said of what failed");
    let answers = answers.join("\n");
    let secrets: BTreeSet<_> = first.union(&second).map(String::as_str).collect();
    for (what, secret) in secrets.into_iter().map(|token| ("a token", token)).chain([
        ("a password", PASSWORD),
        ("a password", WRONG_PASSWORD),
        ("a code", CODE),
    ]) {
        assert!(!log.contains(secret), "{what} is in the log");
        assert!(!answers.contains(secret), "{what} is in an answer");
        assert!(!on_disk(&path, secret), "{what} is on the disk");
    }
    assert!(!log.contains(&state), "the state of a sign-in is in the log");
    assert!(!log.contains("Bearer "), "a bearer token is in the log");

    let shown = garmin_sync(&path, &["record", "--user=ann"]).output().unwrap();
    let control = seen(&health, &String::from_utf8_lossy(&shown.stdout));
    assert!(control.len() > 200, "{} values are too few to find any", control.len());
    for (place, text) in [("the log", &log), ("an answer", &answers), ("another table", &others)] {
        let found = seen(&health, text);
        assert!(
            found.is_empty(),
            "{} health values are in {place}, such as {:?}",
            found.len(),
            found.first()
        );
    }
}

/// Which of the values stand in the text as words of their own.
fn seen<'v>(values: &'v BTreeSet<String>, text: &str) -> Vec<&'v String> {
    let words: BTreeSet<_> = text.split(|c: char| !(c.is_alphanumeric() || ".-".contains(c))).collect();
    values.iter().filter(|value| words.contains(value.as_str())).collect()
}

/// A Garmin with one account, whose sign-in asks for a code.
async fn garmin() -> Simulator {
    let mut config = SimulatorConfig::new(Clock::new(|| SystemClock.now()));
    let mut account = AccountConfig::new("demo");
    account.password = Some(PASSWORD.to_owned());
    account.mfa_code = Some(CODE.to_owned());
    config.accounts = vec![account];
    Simulator::start(config).await.unwrap()
}

/// Asks, and gives the answer as text.
async fn ask(client: &Client, path: &str, body: Option<&Value>) -> String {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let (status, answer) = client.ask(method, path, body).await.unwrap();
    assert_eq!(status, StatusCode::OK, "{path}: {answer}");
    answer.to_string()
}

/// Signs in with a wrong password, the right one, a wrong code and the right one. Returns the state between them.
async fn sign_in(client: &Client, answers: &mut Vec<String>) -> String {
    let post = async |path: &str, body: Value| client.ask(Method::POST, path, Some(&body)).await.unwrap();
    let (status, refused) = post("/login", json!({"email": "demo", "password": WRONG_PASSWORD})).await;
    assert!(status.is_client_error(), "{status} {refused}");
    let (status, asked) = post("/login", json!({"email": "demo", "password": PASSWORD})).await;
    assert_eq!((status, &asked["status"]), (StatusCode::OK, &json!("needs_mfa")), "{asked}");
    let state = asked["client_state"].as_str().unwrap().to_owned();
    let with_code = |code: &str| json!({"client_state": state, "mfa_code": code});
    let (status, wrong) = post("/resume_login", with_code("QX-0000-KV")).await;
    assert!(status.is_client_error(), "{status} {wrong}");
    let (status, linked) = post("/resume_login", with_code(CODE)).await;
    assert_eq!((status, &linked["status"]), (StatusCode::OK, &json!("success")), "{linked}");
    answers.extend([refused, asked, wrong, linked].map(|answer| answer.to_string()));
    state
}

/// The tables of a running server, as somebody with its files would read them.
struct Tables {
    aws: AwsClients,
    vault: KeyFileVault,
}

impl Tables {
    fn of(data: &DataDir) -> Self {
        let running = data.running().unwrap().unwrap();
        let aws = AwsClients::connect(&Endpoints { dynamodb: running.dynamodb, sqs: running.sqs });
        Self { aws, vault: KeyFileVault::open_or_create(&data.token_key()).unwrap() }
    }

    /// The pair that the user's link holds now.
    async fn tokens(&self, user: &UserId) -> BTreeSet<String> {
        let links = DynamoLinkStore::new(self.aws.dynamodb.clone(), TableNames::default());
        let link = links.link(user).await.unwrap().unwrap();
        let tokens = self.vault.open(user, &link.tokens).await.unwrap();
        [tokens.access, tokens.refresh].iter().map(|token| token.expose_secret().to_owned()).collect()
    }

    /// The values of the user's records that are long enough to be told from anything else.
    async fn health(&self, user: &UserId) -> BTreeSet<String> {
        let records = DynamoRecordStore::new(self.aws.dynamodb.clone(), TableNames::default());
        let mut values = BTreeSet::new();
        for kind in RecordKind::ALL {
            for record in history::records(&records, user, *kind, None, None).await.unwrap() {
                for (name, attribute) in &record.attributes {
                    if let Attribute::Json(value) = attribute {
                        collect(name, value, &mut values);
                    }
                }
            }
        }
        values
    }

    /// Everything in the other tables.
    async fn all_but_health(&self) -> String {
        let mut text = String::new();
        for table in ["garmin_sync_jobs", "external_data_providers", "garmin_accounts"] {
            let scan = self.aws.dynamodb.scan().table_name(table).send().await.unwrap();
            text.push_str(&format!("{:?}", scan.items()));
        }
        text
    }
}

/// Numbers with many digits. Dates, ids, names of states and other words stand in logs with good reason.
fn collect(name: &str, value: &Value, values: &mut BTreeSet<String>) {
    match value {
        Value::Number(number) if !name.ends_with("id") => {
            let text = number.to_string();
            if text.len() >= TELLING_CHARS {
                values.insert(text);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(name, item, values)),
        Value::Object(fields) => fields.iter().for_each(|(name, field)| collect(name, field, values)),
        _ => {}
    }
}

/// Whether any file of the data directory holds this text.
fn on_disk(directory: &Path, text: &str) -> bool {
    fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        path.is_file() && fs::read(path).unwrap().windows(text.len()).any(|window| window == text.as_bytes())
    })
}
