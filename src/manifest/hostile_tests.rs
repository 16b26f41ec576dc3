//! Input that means harm: everything ends soon, in little memory, with a finding that names the limit.

use super::yaml::parse;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

const PROJECT: &str = "apiVersion: sluice/v1\nkind: Project\nmetadata: {name: p}\nspec:\n  manifests: [a.yaml]\n";

/// Loads one manifest; a loader that does not come to an end fails the test instead of hanging it.
fn codes(manifest: impl Into<Vec<u8>>) -> Vec<&'static str> {
    let manifest = manifest.into();
    let (done, result) = mpsc::channel();
    std::thread::spawn(move || {
        let memory = Memory::new([("sluice.yaml", PROJECT.as_bytes()), ("a.yaml", &manifest)]);
        let loaded = load_from(&memory, &LoadOptions { project_file: "sluice.yaml".into(), ..LoadOptions::default() });
        let _ = done.send(loaded.findings.iter().map(|f| f.code).collect());
    });
    result.recv_timeout(Duration::from_secs(20)).expect("loading ends")
}

fn bomb(item: &str, levels: usize) -> String {
    let mut text = format!("a0: &a0 [{}]\n", [item; 10].join(", "));
    for n in 1..levels {
        let aliases = vec![format!("*a{}", n - 1); 10].join(", ");
        text.push_str(&format!("a{n}: &a{n} [{aliases}]\n"));
    }
    text
}

#[test]
fn exploding_aliases_are_stopped() {
    assert_eq!(codes(bomb("x", 12)), ["yaml/alias"]);
    assert_eq!(codes(format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; 1000].join(", "))), ["yaml/alias"]);
    let nested = format!("{}{}x{}\n", "a: ", "&a [".replace('a', "b").repeat(60), "]".repeat(60));
    assert!(codes(nested).iter().all(|c| *c != "yaml/syntax"));
    let merged: String =
        (1..30).map(|n| format!("a{n}: &a{n} {{x: *a{m}, y: *a{m}, <<: *a{m}}}\n", m = n - 1)).collect();
    assert_eq!(codes(format!("a0: &a0 {{k: v}}\n{merged}")), ["yaml/alias"]);
}

#[test]
fn deep_nesting_is_stopped() {
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(100_000)] {
        assert_eq!(codes(text), ["yaml/too-deep"]);
    }
    let block: String = (0..3_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    assert_eq!(codes(block), ["yaml/too-deep"]);
    let alias = format!("a: &a {}{}\nb: {}*a{}\n", "[".repeat(60), "]".repeat(60), "[".repeat(10), "]".repeat(10));
    assert_eq!(codes(alias), ["yaml/too-deep"]);
}

#[test]
fn many_values_are_stopped() {
    assert_eq!(codes("- a\n".repeat(200_000)), ["yaml/too-large"]);
    assert_eq!(codes(format!("[{}]", "a,".repeat(200_000))), ["yaml/too-large"]);
}

#[test]
fn large_files_of_one_thing_end() {
    let size = 2 << 20;
    for piece in [
        "a", "\"", "'", "#", " ", "\t", "\n", "\r", "-", "?", ":", "&", "*", "!", "|", ">", "%", "@", "é", "---\n",
        "a: b\n", "\\", "${", ",", "]",
    ] {
        codes(piece.repeat(size / piece.len()));
    }
    codes(format!("a: |\n{}", "  x\n".repeat(size / 4)));
    codes(format!("a: >\n{}", "  x\n\n".repeat(size / 5)));
    codes(format!("a: {}", "x\n  ".repeat(size / 4)));
    let variables = format!("a: {}", "${X}".repeat(size / 4));
    assert!(codes(variables).len() <= 100);
    let values: String = (0..5_000).map(|n| format!("a{n}: ${{X}} ${{Y\n")).collect();
    assert!(codes(format!("kind: Topic\n{values}")).len() <= 300);
    let names: String = (0..40_000).map(|n| format!("k{n}: v\n")).collect();
    codes(names);
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    assert_eq!(codes(b"kind: \xff\xfe".to_vec()), ["yaml/encoding"]);
    assert_eq!(codes(b"\xff\xfek\0i\0n\0d\0".to_vec()), ["yaml/encoding"]);
    assert_eq!(codes(b"a: b\0c".to_vec()), ["yaml/encoding"]);
    assert_eq!(codes(vec![0x80; 1 << 20]), ["yaml/encoding"]);
}

fn load_all(project: &str, manifest: &str) -> Loaded {
    let options = LoadOptions {
        environment: Some("prod".into()),
        process_env: BTreeMap::from([("A".to_owned(), "x: [".to_owned())]),
        ..LoadOptions::default()
    };
    load_texts(&[("sluice.yaml", project), ("a.yaml", manifest)], &options)
}

/// Every place of every finding can be shown.
fn places_are_sound(loaded: &Loaded) {
    for finding in &loaded.findings {
        for place in finding.place.iter().chain(finding.also.iter().map(|(p, _)| p)) {
            let text = &loaded.files.get(place.file).unwrap().text;
            assert!(text.get(place.start..place.end).is_some(), "{finding:?}");
        }
    }
}

/// Text that is nearly YAML, so that more than the scanner is reached.
fn nearly_yaml() -> impl Strategy<Value = String> {
    let pieces = [
        "a: ",
        "- ",
        "\n",
        "  ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        "\"",
        "'",
        "|\n",
        ">-\n",
        "&a ",
        "*a",
        "<<: ",
        "!!str ",
        "!x ",
        "? ",
        "kind: Topic\n",
        "spec:\n",
        "---\n",
        "...\n",
        "# c\n",
        "\t",
        "\r\n",
        "é",
        "😀",
        "${A}",
        "${B:-1}",
        "${",
        "$$",
        "1",
        "~",
        "\u{feff}",
        "%YAML 1.2\n",
        "\\",
        ":",
        "x",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..60).prop_map(|p| p.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_never_panics(text in any::<String>(), more in nearly_yaml()) {
        places_are_sound(&load_all(PROJECT, &text));
        places_are_sound(&load_all(PROJECT, &more));
        places_are_sound(&load_all(&more, &text));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let memory = Memory::new([("sluice.yaml", bytes)]);
        let options = LoadOptions { project_file: "sluice.yaml".into(), ..LoadOptions::default() };
        places_are_sound(&load_from(&memory, &options));
    }

    #[test]
    fn a_changed_manifest_never_panics_and_always_decodes(at in 0_usize..900, cut in 0_usize..40, put in nearly_yaml()) {
        let mut chars: Vec<char> = FULL.chars().collect();
        let at = at.min(chars.len());
        let end = (at + cut).min(chars.len());
        chars.splice(at..end, put.chars());
        let text: String = chars.into_iter().collect();
        let loaded = load_all(PROJECT, &text);
        places_are_sound(&loaded);
        // The shape lets nothing through that does not decode.
        prop_assert!(!loaded.findings.iter().any(|f| f.message.ends_with("cannot be read")), "{:?}", loaded.findings);
    }

    #[test]
    fn any_range_of_any_value_is_a_place(text in nearly_yaml(), start in 0_usize..20, length in 0_usize..20) {
        for document in parse(&text, FileId(0)).documents {
            let spans = Spans::new(FileId(0), text.as_str().into(), std::sync::Arc::new(document));
            for path in ["a", "a.a", "a[0]", "[0]", "[0].a", "x", "", "a..b", "a[", "é"] {
                for place in [spans.at(path), spans.key(path), spans.within(path, start, start + length)] {
                    prop_assert!(text.get(place.start..place.end).is_some(), "{path} {place:?}");
                }
            }
        }
    }
}

const FULL: &str = "\
apiVersion: sluice/v1
kind: KafkaPipeline
metadata: {name: cases, labels: {a: b}}
lifecycle: {deletion: allow}
spec:
  topics: [a, {external: b}]
  source:
    table: k.cases
    consumers: 2
    errors: {mode: stream, table: k.errors, topic: {external: x}, max: 3}
    settings: {a: 1, b: {fromEnv: B}, c: 1.50}
    collection: {name: n, overrides: {kafka_x: {fromFile: f}}}
    schema: {file: f, message: m}
    registry: {fromEnv: R}
  targets:
    - table: raw.cases
      external: false
      columns:
        - {name: date, type: Date, from: String}
      writes: local
      orderBy: date
      settings: {x: true}
      indexes: [{name: i, expression: date, type: minmax, granularity: 4}]
      projections: [{name: p, orderBy: date}]
      constraints: [{name: c, check: 'date > 0'}]
      distributed: {shardingKey: rand(), settings: {y: 1}}
      names: {view: raw.v, local: raw.l}
";
