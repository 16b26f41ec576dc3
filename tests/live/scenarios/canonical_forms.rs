//! What the server spells otherwise than its authors: the plan is empty all the same.

use super::*;
use crate::fixture::project::{Project, by_hand};
use crate::fixture::unique;

#[tokio::test]
async fn spellings_do_not_matter() {
    let name = unique("spelt");
    let manifests = format!(
        r#"kind: Topic
metadata: {{name: {name}}}
spec: {{partitions: 1, replicationFactor: 1, config: {{cleanup.policy: "compact, delete", retention.ms: "3600000"}}}}
---
kind: KafkaPipeline
metadata: {{name: {name}, description: Odd spellings}}
spec:
  topic: {name}
  source:
    table: {name}.kafka
    columns:
      - {{name: id, type: bigint unsigned}}
      - {{name: label, type: varchar(20)}}
      - {{name: price, type: decimal(10)}}
      - {{name: at, type: timestamp}}
      - {{name: tags, type: "Array(text)"}}
    settings: {{kafka_max_block_size: 1e4, kafka_poll_timeout_ms: "250", kafka_thread_per_consumer: false}}
  targets:
    - table: {name}.one
      columns:
        - {{name: id, type: bigint unsigned}}
        - {{name: label, type: varchar, codec: ZSTD}}
        - {{name: price, type: "DECIMAL( 10 )", codec: "Delta, LZ4"}}
        - {{name: at, type: timestamp}}
        - {{name: small, type: int, expression: "id::int"}}
        - {{name: big, type: double precision, default: 1+1}}
        - {{name: kind, type: "Enum('a', 'b')", expression: "case when id > 5 then 'a' when id>3 then 'b' else 'a' end"}}
        - {{name: words, type: "Array(String)", expression: "arrayMap(x -> upper(x)||'!', tags)"}}
        - {{name: low, type: String, ttl: "at + interval 2 year", expression: "lcase(substr(label, 1, 3))"}}
        - {{name: pair, type: "Tuple(a int, b varchar)", expression: "(1, label)"}}
        - {{name: flag, type: bool, expression: "id in (1,2, 3) and not (label like '%x%' or label is null)"}}
        - {{name: month, type: Date, materialized: "toStartOfMonth( at )"}}
      where: label<>'' and (id between 1 and 1e9) or price>=0
      partitionBy: (toYYYYMM(at))
      orderBy: (id,label, at)
      primaryKey: "( id )"
      ttl: at + INTERVAL '3' YEAR
      settings: {{index_granularity: "1000", min_bytes_for_wide_part: 10485760, ratio_of_defaults_for_sparse_serialization: 0.90}}
      indexes:
        - {{name: ix, expression: "(lcase(label))", type: "set( 100 )"}}
      projections:
        - {{name: p, query: "select label, count(*) , sum(price) group by label"}}
        - {{name: q, orderBy: "label,id"}}
      constraints: [{{name: c, check: "id>0 and label!=''"}}]
      distributed: {{shardingKey: "cityHash64( id )"}}
    - table: {name}.two
      columns:
        - {{name: label, type: String}}
        - {{name: n, type: UInt64}}
      select: |
        with length(tags) as l   -- a comment
        select lcase(label) label, COUNT(*) + sum(l)*0 as n /* another */ from source where 1=1 group by 1
      engine: SummingMergeTree(n)
      orderBy: label
"#
    );
    let project = Project::of(&name, &manifests);
    project.apply().await;
    // A view whose hub does not exist any more is compared over a stand-in.
    by_hand(0, &format!("DROP TABLE {name}.{name}_hub")).await;
    let plan = project.plan().await;
    assert_eq!(attributes(&plan), [""; 0], "{:#?}", plan.resources);
    assert_eq!(made(&plan), [(format!("{name}_hub"), vec![0])]);
    project.apply().await;
    project.clean().await;
}
