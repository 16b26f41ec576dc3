//! Loading as a whole, from texts in memory and from folders on disk.
#![expect(clippy::disallowed_methods, reason = "the tests write the files that are loaded")]

use super::*;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const PROJECT: &str = "apiVersion: sluice/v1\nkind: Project\nmetadata: {name: p}\nspec:\n  manifests: [manifests]\n";

fn topic(name: &str) -> String {
    format!(
        "apiVersion: sluice/v1\nkind: Topic\nmetadata: {{name: {name}}}\nspec: {{partitions: 3, replicationFactor: 1}}\n"
    )
}

fn pairs(list: &[(&str, &str)]) -> BTreeMap<String, String> {
    list.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

fn codes(loaded: &Loaded) -> Vec<&'static str> {
    loaded.findings.iter().map(|f| f.code).collect()
}

/// A project and one manifest.
fn two(project: &str, manifest: &str, options: &LoadOptions) -> Loaded {
    load_texts(&[("sluice.yaml", project), ("manifests/a.yaml", manifest)], options)
}

fn one(manifest: &str) -> Loaded {
    two(PROJECT, manifest, &LoadOptions::default())
}

fn on_disk(dir: &Path) -> Loaded {
    load(&LoadOptions { project_file: dir.join("sluice.yaml"), ..LoadOptions::default() })
}

#[test]
fn a_sound_project_is_loaded_sorted_and_without_findings() {
    let both = format!("{}---\n# nothing\n---\n{}", topic("b"), topic("a"));
    let project = format!("{PROJECT}---\n{}", topic("c"));
    let loaded = load_texts(
        &[
            ("sluice.yaml", &project),
            ("manifests/z/b.yml", &both),
            ("manifests/.hidden.yaml", "x"),
            ("manifests/c.txt", "x"),
        ],
        &LoadOptions::default(),
    );
    assert_eq!(loaded.findings, []);
    let names: Vec<_> = loaded.topics.iter().map(|t| t.metadata.name.as_str()).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert_eq!(loaded.project.unwrap().metadata.name, "p");
    let files: Vec<_> = loaded.files.iter().map(|(_, f)| f.path.as_str()).collect();
    assert_eq!(files, ["sluice.yaml", "manifests/z/b.yml"]);
    assert_eq!(loaded.unread, Unread::default());
}

#[test]
fn the_whole_contract_is_understood() {
    let project = "\
apiVersion: sluice/v1
kind: Project
metadata: {name: covid19}
spec:
  manifests: [manifests/]
  kafka:
    bootstrapServers: ${KAFKA_BROKERS:-localhost:9092}
    clusterId: null
    properties: {}
  clickhouse:
    url: http://localhost:8123
    password: {fromEnv: CLICKHOUSE_PASSWORD}
    cluster: dwh_test
    ddl: onCluster
    hosts: []
  state: {topic: _sluice.covid19, replicationFactor: 1}
  defaults:
    conversions:
      Date: [date, event_date]
  environments:
    prod: {kafka: {bootstrapServers: \"kafka:9092\"}, vars: {replication_factor: 3}, state: none}
";
    let pipeline = "\
apiVersion: sluice/v1
kind: KafkaPipeline
metadata: {name: covid_new_cases}
spec:
  topic: {external: covid}
  source:
    table: otus_kafka.covid_new_cases_kafka
    columns: []
    errors: {mode: skip, max: 1000}
    settings: {}
    collection: null
  targets:
    - table: raw.covid_new_cases
      columns:
        - {name: date, type: Date, from: String}
        - {name: n, type: Int32, default: 0}
      where: \"date != ''\"
      select: null
      writes: distributed
      orderBy: date, location_key
      settings: {index_granularity: 8192, ratio: 0.50, name: '1'}
      indexes: [{name: ix_date, expression: date, type: minmax, granularity: 4}]
      distributed: none
";
    let loaded = two(project, pipeline, &LoadOptions { environment: Some("prod".into()), ..LoadOptions::default() });
    assert_eq!(loaded.findings, []);
    let project = loaded.project.unwrap();
    assert_eq!(project.spec.kafka.bootstrap_servers.as_deref(), Some("kafka:9092"));
    assert_eq!(project.spec.state, Some(ProjectState::None));
    let target = &loaded.pipelines[0].spec.targets[0];
    assert_eq!(target.distributed, Some(Distribution::None));
    assert_eq!(target.columns[1].default.as_deref(), Some("0"));
    let setting = |name: &str, text: &str, bare| {
        assert_eq!(target.settings[name], MaybeSecret::Plain(Scalar { text: text.into(), bare }), "{name}");
    };
    setting("index_granularity", "8192", true);
    setting("ratio", "0.50", true);
    setting("name", "1", false);
}

#[test]
fn numbers_keep_their_letters_where_letters_matter() {
    let config = "  config: {v: 2.10, big: 99999999999999999999, hex: 0x10, on: on, t: true}\n  topicName: 2024\n";
    let manifest = topic("a")
        .replace("spec: {partitions: 3, replicationFactor: 1}\n", "spec:\n  partitions: 3\n  replicationFactor: 1\n");
    let loaded = one(&format!("{manifest}{config}"));
    assert_eq!(loaded.findings, []);
    let spec = &loaded.topics[0].spec;
    let seen: Vec<_> = spec.config.iter().map(|(k, v)| (k.as_str(), v.text.as_str(), v.bare)).collect();
    let expected = [
        ("big", "99999999999999999999", true),
        ("hex", "16", true),
        ("on", "on", false),
        ("t", "true", true),
        ("v", "2.10", true),
    ];
    assert_eq!(seen, expected);
    assert_eq!(spec.topic_name.as_deref(), Some("2024"));
}

#[test]
fn variables_come_from_the_nearest_layer() {
    let project = format!(
        "{PROJECT}  vars: {{a: spec, b: spec, c: spec, n: 6}}\n  environments: {{prod: {{vars: {{a: env, b: env}}}}, other: {{vars: {{c: no}}}}}}\n"
    );
    let manifest = "\
apiVersion: sluice/v1
kind: Topic
metadata: {name: t, description: \"${a} ${b} ${c} ${d} ${e:-default} $${a}\"}
spec:
  partitions: ${n}
  replicationFactor: ${r:-2}
";
    let options = LoadOptions {
        environment: Some("prod".into()),
        vars: pairs(&[("a", "flag")]),
        process_env: pairs(&[("a", "os"), ("b", "os"), ("c", "os"), ("d", "os: [x]")]),
        ..LoadOptions::default()
    };
    let loaded = two(&project, manifest, &options);
    assert_eq!(loaded.findings, []);
    assert_eq!(loaded.topics[0].metadata.description, "flag env spec os: [x] default ${a}");
    assert_eq!((loaded.topics[0].spec.partitions, loaded.topics[0].spec.replication_factor), (6, 2));
    assert_eq!(loaded.environment.as_deref(), Some("prod"));
}

#[test]
fn a_quoted_variable_stays_a_text() {
    let manifest = topic("a").replace("partitions: 3", "partitions: \"${P:-3}\"");
    assert_eq!(codes(&one(&manifest)), ["manifest/wrong-type"]);
}

#[test]
fn an_environment_is_merged_field_by_field_and_keeps_its_places() {
    let project = format!(
        "{PROJECT}  kafka:\n    clusterId: base\n    properties: {{a: 1, b: {{fromEnv: B}}, c: 1}}\n  clickhouse: {{cluster: x, hosts: [a, b]}}\n  environments:\n    prod:\n      kafka:\n        bootstrapServers: prod:9092\n        properties: {{a: 2, b: {{fromFile: b}}}}\n      clickhouse: {{cluster: null, hosts: [c]}}\n"
    );
    let options = LoadOptions { environment: Some("prod".into()), ..LoadOptions::default() };
    let loaded = two(&project, &topic("t"), &options);
    assert_eq!(loaded.findings, []);
    let project_doc = loaded.project.unwrap();
    let kafka = &project_doc.spec.kafka;
    assert_eq!(kafka.cluster_id.as_deref(), Some("base"));
    assert_eq!(kafka.bootstrap_servers.as_deref(), Some("prod:9092"));
    let plain = |t: &str| MaybeSecret::Plain(Scalar { text: t.into(), bare: true });
    assert_eq!(kafka.properties["a"], plain("2"));
    assert_eq!(kafka.properties["b"], MaybeSecret::Secret(SecretSource::FromFile("b".into())));
    assert_eq!(kafka.properties["c"], plain("1"));
    assert_eq!(project_doc.spec.clickhouse.cluster, None);
    assert_eq!(project_doc.spec.clickhouse.hosts.0, ["c"]);
    let place = project_doc.spans.at("spec.kafka.bootstrapServers");
    assert_eq!(&project[place.start..place.end], "prod:9092");
    assert_eq!(loaded.files.line_column(place.file, place.start), Some((13, 27)));
}

#[test]
fn what_an_unselected_environment_lacks_is_no_finding() {
    let project = format!(
        "{PROJECT}  environments:\n    prod:\n      kafka: {{bootstrapServers: \"${{ONLY_THERE}}\"}}\n      vars: {{x: \"${{ALSO}}\"}}\n"
    );
    assert_eq!(two(&project, &topic("t"), &LoadOptions::default()).findings, []);
    let selected = LoadOptions { environment: Some("prod".into()), ..LoadOptions::default() };
    assert_eq!(codes(&two(&project, &topic("t"), &selected)), ["variable/unset", "variable/unset"]);
}

#[test]
fn what_an_environment_replaces_needs_no_variable() {
    let project = format!(
        "{PROJECT}  kafka:\n    bootstrapServers: ${{UNSET}}\n  environments: {{prod: {{kafka: {{bootstrapServers: x}}}}}}\n"
    );
    let selected = LoadOptions { environment: Some("prod".into()), ..LoadOptions::default() };
    assert_eq!(two(&project, &topic("t"), &selected).findings, []);
    assert_eq!(codes(&two(&project, &topic("t"), &LoadOptions::default())), ["variable/unset"]);
}

#[test]
fn a_misspelt_field_is_read_as_the_one_meant() {
    let loaded = one(&topic("a").replace("partitions", "partitons"));
    assert_eq!(codes(&loaded), ["manifest/unknown-field"]);
    let document = &loaded.topics[0];
    assert!(document.flawed);
    assert_eq!(document.spec.partitions, 3);
    assert_eq!(document.spans.key("spec.partitions"), loaded.findings[0].place.unwrap());
}

#[test]
fn what_could_not_be_read_may_be_what_others_refer_to() {
    let broken = topic("a").replace("partitions: 3", "partitions: x");
    let loaded = one(&format!("{broken}---\n{}", topic("b")));
    assert_eq!(loaded.topics.len(), 1);
    assert!(loaded.may_declare(DocumentKind::Topic, "a"));
    assert!(loaded.may_declare(DocumentKind::Topic, "b"));
    assert!(!loaded.may_declare(DocumentKind::Topic, "c"));
    assert!(!loaded.may_declare(DocumentKind::KafkaPipeline, "a"));
    assert!(one("kind: [").may_declare(DocumentKind::Topic, "c"));
}

#[test]
fn documents_before_a_fault_are_kept() {
    let loaded = one(&format!("{}---\na: [b\nc: d\n", topic("a")));
    assert_eq!(codes(&loaded), ["yaml/syntax"]);
    assert_eq!(loaded.topics.len(), 1);
    assert!(loaded.unread.anything);
}

#[test]
fn a_value_from_outside_is_never_repeated() {
    let secret = "hunter2";
    let options = LoadOptions { process_env: pairs(&[("S", secret)]), ..LoadOptions::default() };
    let manifest = "\
apiVersion: ${S}
kind: Topic
metadata: {name: other}
---
apiVersion: sluice/v1
kind: ${S}
---
apiVersion: sluice/v1
kind: Topic
metadata: {name: a, labels: \"${S}\"}
spec:
  partitions: ${S}
  replicationFactor: ${S}
  config: [\"${S}\"]
  topicName: [\"${S}\"]
  unmanagedConfig: ${S}
";
    let loaded = two(PROJECT, manifest, &options);
    assert_eq!(loaded.findings.len(), 8);
    assert!(!format!("{:?}", loaded.findings).contains(secret), "{:?}", loaded.findings);
}

#[test]
fn aliases_and_merges_are_written_out() {
    let manifest = "\
apiVersion: sluice/v1
kind: Topic
metadata: {name: a}
spec:
  partitions: &n 3
  replicationFactor: *n
  config: &base {a: 1, b: 1}
  schemaDescription: {<<: [*base, {c: 3}], b: 2}
";
    let loaded = one(manifest);
    assert_eq!(loaded.findings, []);
    let spec = &loaded.topics[0].spec;
    assert_eq!(spec.replication_factor, 3);
    let fields: Vec<_> = spec.schema_description.iter().map(|(k, v)| format!("{k}{v}")).collect();
    assert_eq!(fields, ["a1", "b2", "c3"]);
}

#[test]
fn findings_are_bounded() {
    let unknown: String = (0..500).map(|n| format!("field_{n}: 1\n")).collect();
    let loaded = one(&format!("{}{unknown}", topic("a")));
    assert_eq!(loaded.findings.len(), 101);
    assert!(codes(&loaded).contains(&"manifest/too-many"));
}

#[test]
fn a_file_is_read_once_however_it_is_listed() {
    let project =
        PROJECT.replace("[manifests]", "[manifests/a.yaml, manifests, ./manifests/../manifests/, '.', sluice.yaml]");
    let loaded = two(&project, &topic("a"), &LoadOptions::default());
    assert_eq!(loaded.findings, []);
    assert_eq!(loaded.files.len(), 2);
}

#[test]
fn files_outside_of_the_project_are_shown_as_listed() {
    let project = PROJECT.replace("[manifests]", "[../shared]");
    let loaded = load_texts(&[("p/sluice.yaml", &project), ("shared/a.yaml", &topic("a"))], &LoadOptions::default());
    assert_eq!(loaded.findings, []);
    let files: Vec<_> = loaded.files.iter().map(|(_, f)| f.path.as_str()).collect();
    assert_eq!(files, ["sluice.yaml", "../shared/a.yaml"]);
}

#[test]
fn a_missing_project_file_is_a_finding() {
    let loaded = load_texts(&[], &LoadOptions { project_file: "sluice.yaml".into(), ..LoadOptions::default() });
    assert_eq!(codes(&loaded), ["project/not-found"]);
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_a_circle_end() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("manifests/inner")).unwrap();
    fs::write(dir.path().join("sluice.yaml"), PROJECT).unwrap();
    fs::write(dir.path().join("manifests/a.yaml"), topic("a")).unwrap();
    std::os::unix::fs::symlink("..", dir.path().join("manifests/inner/up")).unwrap();
    std::os::unix::fs::symlink("self", dir.path().join("manifests/self")).unwrap();
    std::os::unix::fs::symlink("nothing.yaml", dir.path().join("manifests/gone.yaml")).unwrap();
    let loaded = on_disk(dir.path());
    assert_eq!(codes(&loaded), ["project/directory-loop", "project/manifests"]);
    assert_eq!(loaded.topics.len(), 1);
}

#[cfg(unix)]
#[test]
fn pipes_and_devices_are_not_opened() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("manifests")).unwrap();
    fs::write(dir.path().join("sluice.yaml"), PROJECT.replace("[manifests]", "[manifests, /dev/null]")).unwrap();
    fs::write(dir.path().join("manifests/a.yaml"), topic("a")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(dir.path().join("manifests/b.yaml")).unwrap();
    assert_eq!(codes(&on_disk(dir.path())), ["project/manifests"]);
}

#[test]
fn a_huge_file_is_refused_unread() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("manifests")).unwrap();
    fs::write(dir.path().join("sluice.yaml"), PROJECT).unwrap();
    fs::File::create(dir.path().join("manifests/a.yaml")).unwrap().set_len(100 << 20).unwrap();
    let loaded = on_disk(dir.path());
    assert_eq!(codes(&loaded), ["yaml/too-large"]);
    assert!(loaded.files.iter().all(|(_, f)| f.text.len() < 1000));
}

#[test]
fn many_files_are_read_side_by_side_in_order() {
    let texts: Vec<(String, String)> = (0..200)
        .map(|n| {
            (format!("manifests/{n:03}.yaml"), topic(&format!("t{n:03}")).replace("partitions: 3", "partitions: x"))
        })
        .collect();
    let mut files = vec![("sluice.yaml", PROJECT)];
    files.extend(texts.iter().map(|(p, t)| (p.as_str(), t.as_str())));
    let loaded = load_texts(&files, &LoadOptions::default());
    assert_eq!(loaded.findings.len(), 200);
    let places: Vec<_> = loaded.findings.iter().filter_map(|f| f.place.map(|p| p.file.0)).collect();
    assert_eq!(places, (1..=200).collect::<Vec<_>>());
}
