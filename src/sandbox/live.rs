//! The real thing: engines installed, started, used, broken, killed.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use secrecy::SecretString;

use super::process::Process;
use super::shape::Kind;
use super::testing::{Asking, Silent, ask, ask_as, cache};
use super::up::launch;
use super::wait::Wait;
use super::{Condition, Lifetime, Options, Ports, Probe, SandboxError, disk, down, install, shape, state, status, up};

const SOON: Duration = Duration::from_secs(30);
/// Names the folder to the test's own process in its second role.
const HOLD: &str = "SLUICE_TEST_HOLD_SANDBOX";

fn options(dir: &std::path::Path) -> Options {
    Options { lifetime: Lifetime::WithParent, ..Options::new(dir, cache()) }
}

fn create_topic(bootstrap: &str, name: &str) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", bootstrap).create().unwrap();
    let topic = NewTopic::new(name, 2, TopicReplication::Fixed(1));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let created = runtime.block_on(admin.create_topics([&topic], &AdminOptions::new())).unwrap();
    assert_eq!(created, [Ok(name.to_owned())]);
}

fn produce(bootstrap: &str, topic: &str, rows: i32) {
    let producer: BaseProducer = ClientConfig::new().set("bootstrap.servers", bootstrap).create().unwrap();
    for row in 0..rows {
        let payload = format!("{{\"n\": {row}}}");
        producer.send(BaseRecord::<(), _>::to(topic).payload(&payload)).unwrap();
    }
    producer.flush(SOON).unwrap();
}

#[test]
fn engines_work_together_survive_a_kill_and_go_with_their_owner() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("sandbox");
    let heirloom = disk::make_dir(parent.path()).unwrap().join("heirloom");
    let inherited = std::fs::File::create(&heirloom).unwrap();
    rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::empty()).unwrap();
    let sandbox = up(&Options { nodes: 2, ..options(&dir) }, &Asking, &Silent).unwrap();
    let endpoints = sandbox.endpoints().clone();
    let [first, second] = &endpoints.clickhouse_urls[..] else { panic!("two nodes") };

    create_topic(&endpoints.kafka_brokers, "numbers");
    produce(&endpoints.kafka_brokers, "numbers", 100);
    for (node, url) in [first, second].into_iter().enumerate() {
        let shard = node + 1;
        assert_eq!(ask(url, "SELECT getMacro('shard'), getMacro('cluster')"), format!("{shard}\tdwh_test"));
        assert_eq!(ask(url, "CREATE TABLE numbers_local (n Int32) ENGINE = MergeTree ORDER BY n"), "");
        let all = "CREATE TABLE numbers AS numbers_local ENGINE = Distributed(dwh_test, default, numbers_local, n)";
        assert_eq!(ask(url, all), "");
    }
    let kafka = format!(
        "CREATE TABLE numbers_kafka (n Int32) ENGINE = Kafka('{}', 'numbers', 'g', 'JSONEachRow')",
        endpoints.kafka_brokers
    );
    assert_eq!(ask(first, &kafka), "");
    assert_eq!(ask(first, "CREATE MATERIALIZED VIEW numbers_mv TO numbers AS SELECT n FROM numbers_kafka"), "");
    let all_arrived = || ask(second, "SELECT count(), uniqExact(_shard_num) FROM numbers") == "100\t2";
    assert!(Wait::new(SOON).until(all_arrived), "{}", ask(second, "SELECT count() FROM numbers"));
    for (cluster, shards) in [("ingest", "1"), ("storage", "2"), ("dwh_test", "1,2")] {
        let query = format!(
            "SELECT arrayStringConcat(arraySort(groupArray(getMacro('shard'))), ',') FROM clusterAllReplicas({cluster}, system.one)"
        );
        assert_eq!(ask(first, &query), shards, "{cluster}");
    }

    sandbox.kill_node(1).unwrap();
    assert!(Asking.clickhouse(second).is_err());
    assert!(ask(first, "SELECT count() FROM numbers").contains("Code: "));
    sandbox.start_node(1, &Asking).unwrap();
    assert_eq!(ask(first, "SELECT count() FROM numbers"), "100");
    assert!(matches!(sandbox.start_node(1, &Asking), Err(SandboxError::StillRuns { .. })));
    assert!(matches!(sandbox.stop_node(2), Err(SandboxError::NoEngine { .. })));

    sandbox.stop_broker(0).unwrap();
    assert!(Asking.kafka(&endpoints.kafka_brokers, 1).is_err());
    sandbox.start_broker(0, &Asking).unwrap();
    produce(&endpoints.kafka_brokers, "numbers", 10);

    assert!(matches!(up(&options(&dir), &Asking, &Silent), Err(SandboxError::Busy { .. })));
    let processes = pids(&dir);
    assert_eq!(processes.len(), 3);
    for process in &processes {
        assert!(!opened(*process).contains(&heirloom), "engines keep what their owner happens to pass on");
    }
    drop(sandbox);
    assert!(processes.iter().all(|process| !process.runs()));
    assert!(!dir.exists());
}

/// The files that a process has open.
#[expect(clippy::disallowed_methods, reason = "the test looks into the process table")]
fn opened(process: Process) -> Vec<PathBuf> {
    let files = std::fs::read_dir(format!("/proc/{}/fd", process.pid)).unwrap();
    files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok()).collect()
}

fn pids(dir: &std::path::Path) -> Vec<Process> {
    let state = state::State::read(dir).unwrap().unwrap();
    state.running().into_iter().map(|(_, process)| process).collect()
}

/// The test runs itself again as the process that holds the sandbox, to kill that one.
#[test]
#[expect(clippy::disallowed_methods, reason = "the second role is told through the environment")]
fn a_killed_owner_takes_engines_and_data_with_it() {
    if let Some(dir) = std::env::var_os(HOLD) {
        let _sandbox = up(&options(dir.as_ref()), &Asking, &Silent).unwrap();
        println!("holding");
        // Killed long before; the end is there for when the killer fails.
        std::thread::sleep(4 * SOON);
        return;
    }
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("sandbox");
    let orphans = kill_owner(&dir);
    let gone = || orphans.iter().all(|process| !process.runs());
    assert!(Wait::new(SOON).until(gone), "engines outlived their owner");
    assert!(Wait::new(SOON).until(|| !dir.exists()), "the data outlived their owner");

    let orphans = kill_owner(&dir);
    // At once, while the old one is still being cleared away.
    let next = up(&options(&dir), &Asking, &Silent).unwrap();
    assert!(orphans.iter().all(|process| !process.runs()), "engines outlived their owner");
    assert!(status(&dir).unwrap().all_running(), "the old sandbox's end took the new one along");
    drop(next);
    assert!(!dir.exists());
}

/// Starts the second role, kills it once it holds a sandbox, and tells the processes of that one.
fn kill_owner(dir: &std::path::Path) -> Vec<Process> {
    let mut owner = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sandbox::live::a_killed_owner_takes_engines_and_data_with_it", "--nocapture"])
        .env(HOLD, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains("holding")));
    let mut processes = pids(dir);
    let java = children_of(&processes);
    assert_eq!((processes.len(), java.len()), (2, 1), "a node, a broker's supervisor, its java");
    owner.kill().unwrap();
    owner.wait().unwrap();
    processes.extend(java);
    processes
}

fn children_of(processes: &[Process]) -> Vec<Process> {
    let of = |process: &Process| {
        let path = format!("/proc/{0}/task/{0}/children", process.pid);
        let text = disk::read(path.as_ref()).unwrap();
        text.split_whitespace().filter_map(|pid| Process::of(pid.parse().unwrap())).collect::<Vec<_>>()
    };
    processes.iter().flat_map(of).collect()
}

#[test]
fn a_detached_sandbox_is_found_again_mended_and_removed() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("sandbox");
    let password = SecretString::from("p<&ss w\"rd'");
    let options = Options { password: Some(password), ..Options::new(&dir, cache()) };
    let _stopping = Stopping(&dir);
    let first = up(&options, &Asking, &Silent).unwrap();
    let url = first.endpoints().clickhouse_urls[0].clone();
    let guarded = |sql| ask_as(&url, sql, &first.endpoints().user, "p<&ss w\"rd'");
    assert_eq!(guarded("SELECT currentUser()"), "sluice");
    assert_eq!(guarded("SELECT count() FROM clusterAllReplicas(dwh_test, system.one)"), "1");
    for password in ["wrong", ""] {
        assert!(ask_as(&url, "SELECT 1", "sluice", password).contains("Authentication failed"), "{password}");
    }
    assert_eq!(guarded("CREATE TABLE t (n Int32) ENGINE = MergeTree ORDER BY n"), "");
    for statement in ["SELECT * FROM t", "DROP TABLE t", "CREATE USER other"] {
        assert!(ask(&url, statement).contains("ACCESS_DENIED"), "{statement}");
    }
    let before = pids(&dir);
    drop(first);

    let again = up(&options, &Asking, &Silent).unwrap();
    assert_eq!(pids(&dir), before);
    assert_eq!(again.endpoints().clickhouse_urls, std::slice::from_ref(&url));
    let other = Options { nodes: 2, ports: Ports { kafka: Some(1), http: None }, ..options.clone() };
    let error = up(&other, &Asking, &Silent).unwrap_err().to_string();
    assert!(error.contains("2 ClickHouse nodes and 1 Kafka broker on Kafka port 1 was asked for"), "{error}");
    assert!(status(&dir).unwrap().all_running());

    before[0].signal(rustix::process::Signal::KILL);
    assert!(Wait::new(SOON).until(|| !before[0].runs()));
    assert_eq!(status(&dir).unwrap().engines[0].condition, Condition::Dead);
    drop(up(&options, &Asking, &Silent).unwrap());
    let after = pids(&dir);
    assert!(!before[1].runs(), "the other engine was not stopped");
    assert_eq!(after.len(), 2);

    assert_eq!(down(&dir).unwrap().len(), 3);
    assert!(after.iter().all(|process| !process.runs()));
    assert!(!dir.exists());
}

#[test]
fn four_nodes_and_three_brokers_survive_the_loss_of_one_broker() {
    let parent = tempfile::tempdir().unwrap();
    let wanted = Options { nodes: 4, brokers: 3, ..options(&parent.path().join("sandbox")) };
    let sandbox = up(&wanted, &Asking, &Silent).unwrap();
    let endpoints = sandbox.endpoints();
    assert_eq!(endpoints.kafka_brokers.split(',').count(), 3);
    let shards = "SELECT count() FROM clusterAllReplicas(dwh_test, system.one)";
    assert_eq!(ask(&endpoints.clickhouse_urls[3], shards), "4");
    sandbox.kill_broker(2).unwrap();
    let left = || Asking.kafka(&endpoints.kafka_brokers, 2).is_ok();
    assert!(Wait::new(SOON).until(left), "the others do not notice");
    sandbox.start_broker(2, &Asking).unwrap();
}

#[test]
fn a_port_snatched_away_leads_to_another_start() {
    let parent = tempfile::tempdir().unwrap();
    let dir = disk::make_dir(&parent.path().join("sandbox")).unwrap();
    let options = options(&dir);
    let installation = install::ensure(&options.cache, &options.python, &Silent).unwrap();
    let thief = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut layouts = Vec::new();
    let mut lay_out = || {
        let mut engines = shape::lay_out(&options)?;
        if layouts.is_empty()
            && let Kind::ClickHouse { http, .. } = &mut engines[0].kind
        {
            *http = thief.local_addr().unwrap().port();
        }
        layouts.push(engines.clone());
        Ok(engines)
    };
    let inner = launch(&options, &dir, &installation, &Asking, &mut lay_out).unwrap();
    assert_eq!(inner.state.engines(), layouts[1]);
    assert_eq!(layouts.len(), 2);
    drop(inner);
    assert!(!dir.exists());
}

/// Stops a detached sandbox even when the test fails half-way.
struct Stopping<'a>(&'a std::path::Path);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        let _ = down(self.0);
    }
}

/// Takes nothing for an answer.
struct Deaf;

impl Probe for Deaf {
    fn clickhouse(&self, _: &str) -> Result<(), String> {
        Err("I hear nothing".to_owned())
    }

    fn kafka(&self, _: &str, _: usize) -> Result<(), String> {
        Ok(())
    }
}

#[test]
fn what_does_not_answer_in_time_is_stopped_and_told_of() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("sandbox");
    let options = Options { ready_within: Duration::from_secs(4), ..options(&dir) };
    let error = up(&options, &Deaf, &Silent).unwrap_err().to_string();
    assert!(error.starts_with("node-1 does not answer after 4 s: "), "{error}");
    assert!(!dir.exists());
}
