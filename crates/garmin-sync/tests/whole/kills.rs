//! The real program, killed again and again in the middle of everything.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use embedded_aws::{EmbeddedAws, Options, Storage};
use garmin_simulator::{AccountConfig, Clock, Simulator, SimulatorConfig};
use garmin_sync::client::Client;
use garmin_sync::data_dir::DataDir;
use garmin_sync::garmin::Connection;
use garmin_sync::{cli::Cli, link};
use rand::Rng as _;
use sync_aws::KeyFileVault;
use sync_core::job::ChunkState;
use sync_core::ports::SystemClock;
use sync_core::{Clock as _, Job, JobStatus, UserId};
use tokio::time::Instant;

use crate::process::{ANY_PORTS, Process, garmin_sync};
use crate::seed::chance;
use crate::tables::Tables;
use crate::world::{PATIENCE, started};

const KILLS: u32 = 26;

/// So many that at every kill somebody's chunk is under way, while those that were hit wait for the end of their lease.
const USERS: usize = 12;

/// What a job says of a chunk whose workers died as often as a chunk is tried.
const GIVEN_UP: &str = "given up after 3 tries that ended without a result";

#[tokio::test(flavor = "multi_thread")]
async fn killed_twenty_six_times_in_the_middle_an_import_ends_with_every_day_once_and_nothing_left_behind() {
    let mut chance = chance();
    let directory = tempfile::tempdir().unwrap();
    let data = DataDir::open(directory.path().join("data")).unwrap();
    let users: Vec<_> = (0..USERS).map(|index| format!("runner-{index}")).collect();
    let garmin = simulator(&users).await;
    link_all(&data, &garmin, &users).await;
    let flags = ["serve", "--invocation-seconds=8", "--sweep-seconds=1", "--workers=2"];
    let url = format!("--garmin-url={}", garmin.base_url());
    let flags: Vec<_> = flags.into_iter().chain([&*url]).chain(ANY_PORTS).collect();
    let serve = || garmin_sync(data.path(), &flags);
    let client = |server: &Process, user: &str| {
        Client::new(&server.url, &data.issuer().unwrap(), &UserId::new(user).unwrap()).unwrap()
    };

    let begun = Instant::now();
    let mut server = Process::start(serve());
    for user in &users {
        started(&client(&server, user), "2022-01-01", "2022-04-30").await;
    }
    let (mut kills, mut leases_left, mut seen) = (0, 0, BTreeMap::new());
    loop {
        tokio::time::sleep(Duration::from_millis(chance.random_range(50..1_500))).await;
        server.kill();
        kills += 1;
        let jobs = look_underneath(&data, &users, &mut seen).await;
        assert!(jobs.iter().any(|job| job.status.is_unfinished()), "it was over after {kills} kills");
        leases_left += jobs.iter().filter(|job| Tables::is_leased(job)).count();
        if kills >= KILLS {
            break;
        }
        // Now and then it dies before it listens.
        if chance.random_bool(0.2) {
            let mut child = serve().stdout(Stdio::null()).spawn().unwrap();
            tokio::time::sleep(Duration::from_millis(chance.random_range(0..250))).await;
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
        }
        server = Process::start(serve());
    }
    let killed_for = begun.elapsed();

    // Left alone, it comes to its end; what the kills hit as often as a chunk is tried is resumed, as a person would.
    let server = Process::start(serve());
    let begun = Instant::now();
    let mut resumed = 0;
    for user in &users {
        let client = client(&server, user);
        loop {
            let answer = client.status_as_is().await.unwrap();
            match answer["job"]["status"].as_str().unwrap() {
                "completed" => break,
                "failed" => {
                    let errors = answer["job"]["failedChunks"].as_array().unwrap();
                    assert!(errors.iter().all(|chunk| chunk["error"] == GIVEN_UP), "{answer}");
                    client.control("resume", answer["job"]["id"].as_str().unwrap()).await.unwrap();
                    resumed += 1;
                }
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
            assert!(begun.elapsed() < PATIENCE, "{answer}");
        }
    }
    let healed_in = begun.elapsed();
    assert_eq!(server.terminate(), Some(0));
    eprintln!(
        "{kills} kills in {killed_for:.1?} left {leases_left} leases; healed in {healed_in:.1?}, {resumed} resumed"
    );
    assert!(leases_left > 10, "only {leases_left} claims were hit");

    let (aws, tables) = open(&data).await;
    let truth = garmin.truth();
    for user in &users {
        let id = UserId::new(user.as_str()).unwrap();
        let job = tables.is_complete_and_true(&id, user, &truth).await;
        assert_eq!(job.chunks_completed(), 4, "{job:?}");
        assert_eq!(job.lease_until, None, "{job:?}");
    }
    assert_eq!(tables.due_ever().await, [], "something is due although nothing is unfinished");
    aws.stop().await;
}

async fn simulator(users: &[String]) -> Simulator {
    let mut config = SimulatorConfig::new(Clock::new(|| SystemClock.now()));
    config.accounts = users.iter().map(AccountConfig::new).collect();
    config.latency = Duration::from_millis(2);
    Simulator::start(config).await.unwrap()
}

async fn link_all(data: &DataDir, garmin: &Simulator, users: &[String]) {
    use clap::Parser as _;
    let cli = Cli::try_parse_from(["garmin-sync", "--garmin-url", &garmin.base_url()]).unwrap();
    let connection = Connection::new(&cli.system, None).unwrap();
    let (aws, tables) = open(data).await;
    let vault = KeyFileVault::open_or_create(&data.token_key()).unwrap();
    for user in users {
        let tokens = connection.simulated_tokens(user).await.unwrap();
        let id = UserId::new(user.as_str()).unwrap();
        link::by_tokens(&connection, &tables.links, &vault, &id, &tokens).await.unwrap();
    }
    aws.stop().await;
}

/// The tables, opened while no server runs.
async fn open(data: &DataDir) -> (EmbeddedAws, Tables) {
    let options = Options { storage: Storage::File(data.database()), ..Options::default() };
    let aws = EmbeddedAws::start(options).await.unwrap();
    sync_aws::migrate(&aws.clients().dynamodb, "").await.unwrap();
    let tables = Tables::of(&aws.clients());
    (aws, tables)
}

/// What a kill left is sound, and nothing has gone back since the kill before.
async fn look_underneath(
    data: &DataDir,
    users: &[String],
    seen: &mut BTreeMap<String, (u64, u32)>,
) -> Vec<Job> {
    let (aws, tables) = open(data).await;
    let mut jobs = Vec::new();
    for user in users {
        let job = tables.sound_job(&UserId::new(user.as_str()).unwrap()).await;
        let now = (job.fence, job.chunk_states.count(ChunkState::Done));
        let before = seen.insert(user.clone(), now).unwrap_or_default();
        assert!(now.0 >= before.0 && now.1 >= before.1, "{before:?} became {now:?}: {job:?}");
        assert!(job.status != JobStatus::Cancelled && job.status != JobStatus::Paused, "{job:?}");
        tables.has_every_day_of_what_is_done(&job).await;
        jobs.push(job);
    }
    aws.stop().await;
    jobs
}
