//! The message format: known, with the schema it needs, over columns it can fill.

use super::scene::Scene;
use super::words::near;
use crate::manifest::Finding;

/// Input formats of ClickHouse 26.9, with those that only some builds have.
const FORMATS: [&str; 81] = [
    "Arrow",
    "ArrowStream",
    "Avro",
    "AvroConfluent",
    "BSONEachRow",
    "Buffers",
    "CSV",
    "CSVWithNames",
    "CSVWithNamesAndTypes",
    "CapnProto",
    "CustomSeparated",
    "CustomSeparatedIgnoreSpaces",
    "CustomSeparatedIgnoreSpacesWithNames",
    "CustomSeparatedIgnoreSpacesWithNamesAndTypes",
    "CustomSeparatedWithNames",
    "CustomSeparatedWithNamesAndTypes",
    "DWARF",
    "Form",
    "GeoJSON",
    "HiveText",
    "JSON",
    "JSONAsObject",
    "JSONAsString",
    "JSONColumns",
    "JSONColumnsWithMetadata",
    "JSONCompact",
    "JSONCompactColumns",
    "JSONCompactEachRow",
    "JSONCompactEachRowWithNames",
    "JSONCompactEachRowWithNamesAndTypes",
    "JSONCompactStringsEachRow",
    "JSONCompactStringsEachRowWithNames",
    "JSONCompactStringsEachRowWithNamesAndTypes",
    "JSONEachRow",
    "JSONL",
    "JSONLines",
    "JSONObjectEachRow",
    "JSONStringsEachRow",
    "LineAsString",
    "LineAsStringWithNames",
    "LineAsStringWithNamesAndTypes",
    "MsgPack",
    "MySQLDump",
    "NDJSON",
    "Native",
    "Npy",
    "ORC",
    "One",
    "Parquet",
    "ParquetMetadata",
    "Prometheus",
    "Protobuf",
    "ProtobufList",
    "ProtobufSingle",
    "Raw",
    "RawBLOB",
    "RawWithNames",
    "RawWithNamesAndTypes",
    "Regexp",
    "RowBinary",
    "RowBinaryWithDefaults",
    "RowBinaryWithNames",
    "RowBinaryWithNamesAndTypes",
    "RowBinaryWithNamesAndTypesAndDefaults",
    "TSKV",
    "TSV",
    "TSVRaw",
    "TSVRawWithNames",
    "TSVRawWithNamesAndTypes",
    "TSVWithNames",
    "TSVWithNamesAndTypes",
    "TabSeparated",
    "TabSeparatedRaw",
    "TabSeparatedRawWithNames",
    "TabSeparatedRawWithNamesAndTypes",
    "TabSeparatedWithNames",
    "TabSeparatedWithNamesAndTypes",
    "Template",
    "TemplateIgnoreSpaces",
    "Values",
    "Vertical",
];

/// Formats that put the whole message into one column.
const ONE_COLUMN: [&str; 4] = ["JSONAsObject", "JSONAsString", "LineAsString", "RawBLOB"];

/// The server takes any name here and stops at the first message.
pub(super) fn format(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let source = scene.source();
    // A named collection may name the format.
    let written = match (&source.format, &source.collection) {
        (Some(format), _) => format.as_str(),
        (None, None) => "JSONEachRow",
        (None, Some(_)) => return,
    };
    let path = "spec.source.format";
    // Format names are read in any case.
    let Some(format) = FORMATS.into_iter().find(|f| f.eq_ignore_ascii_case(written)) else {
        let message = format!("`{written}` is no input format of ClickHouse 26.9");
        let finding = match near(written, FORMATS) {
            true => Finding::error("pipeline/format", message, scene.at(path)).label("not known"),
            false => Finding::warning("pipeline/format", message, scene.at(path)).label("not known here"),
        };
        let finding = finding.did_you_mean(written, FORMATS);
        let help = "the server takes any name and stops at the first message: check it against its documentation";
        findings.push(if finding.help.is_some() { finding } else { finding.help(help) });
        return;
    };
    with_schema(scene, format, findings);
    if ONE_COLUMN.contains(&format) && scene.wire.len() > 1 {
        let names: Vec<&str> = scene.wire.iter().take(5).map(|c| c.name.as_str()).collect();
        let more = if scene.wire.len() > names.len() { ", …" } else { "" };
        let message =
            format!("{format} fills one column, but {} are on the wire: {}{more}", scene.wire.len(), names.join(", "));
        let finding = Finding::error("pipeline/one-column", message, scene.at(path)).label("one column only");
        findings.push(
            finding.help("declare the one in the columns on the wire and take the others from it by `expression`"),
        );
    }
}

/// A format that is written may be one that nobody can read: what is known of it is the schema it needs.
pub(super) fn schema(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let written = scene.source().format.as_deref().unwrap_or("JSONEachRow");
    let format = FORMATS.into_iter().find(|f| f.eq_ignore_ascii_case(written)).unwrap_or_default();
    with_schema(scene, format, findings);
}

fn with_schema(scene: &Scene<'_>, format: &str, findings: &mut Vec<Finding>) {
    let (source, path) = (scene.source(), "spec.source.format");
    let set = |key: &str| source.settings.contains_key(key) || source.collection.is_some();
    let has_schema = source.schema.is_some() || set("format_schema") || set("kafka_schema");
    match format {
        "CapnProto" if !has_schema => {
            let message = "CapnProto needs a schema";
            let finding = Finding::error("pipeline/format-schema", message, scene.at(path)).label("without `schema`");
            findings.push(finding.help("write `schema: {file: FILE, message: TYPE}`"));
        }
        "Protobuf" | "ProtobufList" | "ProtobufSingle" if !has_schema => {
            let message = format!("{format} without a schema: the server makes one up from the columns");
            let finding = Finding::warning("pipeline/format-schema", message, scene.at(path)).label("without `schema`");
            findings.push(finding.help(
                "field numbers then follow the order of the columns: write `schema: {file: FILE, message: TYPE}`",
            ));
        }
        "AvroConfluent" if source.registry.is_none() && !set("format_avro_schema_registry_url") => {
            let message = "AvroConfluent needs the address of the schema registry";
            let finding =
                Finding::error("pipeline/format-registry", message, scene.at(path)).label("without `registry`");
            findings.push(finding.help("write `registry: URL`, or {fromEnv: NAME} where it holds a password"));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_sorted() {
        assert!(FORMATS.is_sorted());
    }
}
