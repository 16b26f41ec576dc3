//! A piece of SQL stays where it is put: it ends where its field ends, and begins no other clause.

use super::super::view::not_sql;
use super::scene::Scene;
use crate::manifest::{Distribution, Finding, TargetSpec};
use crate::model::token::{Token, TokenKind, closing, tokenize};

/// What may stand in a field at its top level.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// One expression.
    One,
    /// Several, with commas.
    Several,
    /// Several, with words of their own (TTL: `DELETE`, `TO VOLUME`, `RECOMPRESS CODEC(…)`).
    Ttl,
    /// A SELECT.
    Query,
}

/// Two words, or a word and what follows, that begin another clause of a CREATE.
const CLAUSES: [(&str, Next); 9] = [
    ("ORDER", Next::Word("BY")),
    ("PARTITION", Next::Word("BY")),
    ("SAMPLE", Next::Word("BY")),
    ("PRIMARY", Next::Word("KEY")),
    ("ENGINE", Next::Mark("=")),
    ("SETTINGS", Next::Name),
    ("COMMENT", Next::Text),
    ("GRANULARITY", Next::Number),
    ("CODEC", Next::Mark("(")),
];

#[derive(Clone, Copy)]
enum Next {
    Word(&'static str),
    Mark(&'static str),
    Name,
    Text,
    Number,
}

impl Next {
    fn is(self, token: &Token) -> bool {
        match self {
            Next::Word(word) => token.is_word(word),
            Next::Mark(mark) => token.is(mark),
            Next::Name => token.name().is_some(),
            Next::Text => matches!(token.kind, TokenKind::Text(_)),
            Next::Number => matches!(token.kind, TokenKind::Number(_)),
        }
    }
}

/// Every expression, key, codec and SELECT of a pipeline.
pub(super) fn stay_inside(scene: &Scene<'_>, findings: &mut Vec<Finding>) {
    let errors = &scene.source().errors;
    let mut fields = vec![
        ("spec.source.errors.where".to_owned(), &errors.filter, Shape::One),
        ("spec.source.errors.ttl".to_owned(), &errors.ttl, Shape::Ttl),
    ];
    for target in &scene.targets {
        of_target(target.spec, &target.path, &mut fields);
    }
    for (path, text, shape) in fields {
        if let Some(text) = text {
            check(scene, &path, text, shape, findings);
        }
    }
    for target in &scene.targets {
        for (i, index) in target.spec.indexes.iter().enumerate() {
            let path = format!("{}.indexes[{i}]", target.path);
            check(scene, &format!("{path}.expression"), &index.expression, Shape::Several, findings);
            check(scene, &format!("{path}.type"), &index.index_type, Shape::One, findings);
        }
    }
}

fn of_target<'a>(spec: &'a TargetSpec, path: &str, fields: &mut Vec<(String, &'a Option<String>, Shape)>) {
    let mut add = |field: String, text, shape| fields.push((format!("{path}.{field}"), text, shape));
    add("where".into(), &spec.filter, Shape::One);
    add("select".into(), &spec.select, Shape::Query);
    add("partitionBy".into(), &spec.partition_by, Shape::Several);
    add("orderBy".into(), &spec.order_by, Shape::Several);
    add("primaryKey".into(), &spec.primary_key, Shape::Several);
    add("sampleBy".into(), &spec.sample_by, Shape::One);
    add("ttl".into(), &spec.ttl, Shape::Ttl);
    for (i, column) in spec.columns.iter().enumerate() {
        add(format!("columns[{i}].expression"), &column.expression, Shape::One);
        add(format!("columns[{i}].default"), &column.default, Shape::One);
        add(format!("columns[{i}].materialized"), &column.materialized, Shape::One);
        add(format!("columns[{i}].alias"), &column.alias, Shape::One);
        add(format!("columns[{i}].ephemeral"), &column.ephemeral, Shape::One);
        add(format!("columns[{i}].codec"), &column.codec, Shape::Several);
        add(format!("columns[{i}].ttl"), &column.ttl, Shape::Ttl);
    }
    for (i, projection) in spec.projections.iter().enumerate() {
        add(format!("projections[{i}].orderBy"), &projection.order_by, Shape::Several);
        add(format!("projections[{i}].query"), &projection.query, Shape::Query);
    }
    for (i, constraint) in spec.constraints.iter().enumerate() {
        add(format!("constraints[{i}].check"), &constraint.check, Shape::One);
        add(format!("constraints[{i}].assume"), &constraint.assume, Shape::One);
    }
    if let Some(Distribution::Over(over)) = &spec.distributed {
        add("distributed.shardingKey".into(), &over.sharding_key, Shape::One);
    }
}

fn check(scene: &Scene<'_>, path: &str, text: &str, shape: Shape, findings: &mut Vec<Finding>) {
    let document = scene.document;
    let tokens = match tokenize(text) {
        Ok(tokens) => tokens,
        Err(error) => return findings.push(not_sql(document, path, &error)),
    };
    let outside = |start: usize, end: usize, message: &str| {
        Finding::error("pipeline/more-than-one", message, document.spans.within(path, start, end))
    };
    let end = tokens.last().map_or(0, |t| t.end);
    if shape != Shape::Query && !text[end..].trim().is_empty() {
        let finding = outside(end, text.len(), "a comment at the end would hide what follows in the statement");
        findings.push(finding.help("put the comment into the YAML"));
    }
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        if token.is(";") {
            findings.push(outside(token.start, token.end, "a semicolon ends the statement: one is what fits here"));
        } else if token.is(",") && shape == Shape::One {
            findings.push(outside(token.start, token.end, "one expression is what fits here, not several"));
        } else if let Some(next) = tokens.get(at + 1) {
            let begins = CLAUSES.iter().any(|(word, after)| token.is_word(word) && after.is(next));
            let own = shape == Shape::Query || shape == Shape::Ttl && token.is_word("CODEC");
            if begins && !own {
                findings.push(outside(token.start, next.end, "this begins another clause of the statement"));
            }
        }
        let bracket = token.is("(") || token.is("[") || token.is("{");
        at = if bracket { closing(&tokens, at).unwrap_or(at) + 1 } else { at + 1 };
    }
}
