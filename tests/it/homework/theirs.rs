//! The statements of the homework, as its text gives them, with what we do differently and why.

/// One object: the homework's statement and the differences of ours.
pub struct Theirs {
    /// `database.table`, or a database alone.
    pub object: &'static str,
    /// Their statement.
    pub statement: &'static str,
    /// Each deliberate difference with its reason.
    pub differences: &'static [&'static str],
}

/// Differences that every statement has.
pub const EVERYWHERE: [&str; 3] = [
    "`IF NOT EXISTS` is left out: the plan has read every host and knows what is missing; should somebody be faster, \
     the step says so instead of passing over a table that is not ours.",
    "`COMMENT` carries the description and the owner: what another project owns is never touched, and people see \
     where a table comes from.",
    "Names in column lists are quoted: any legal name survives.",
];

/// The statements of the pipeline `covid_new_cases`, of the alerts and of the consumer.
pub const STATEMENTS: [Theirs; 9] = [
    Theirs {
        object: "raw",
        statement: "CREATE DATABASE IF NOT EXISTS otus_kafka ON CLUSTER dwh_test;
CREATE DATABASE IF NOT EXISTS raw ON CLUSTER dwh_test;
CREATE DATABASE IF NOT EXISTS ods ON CLUSTER dwh_test;
CREATE DATABASE IF NOT EXISTS dds ON CLUSTER dwh_test;
CREATE DATABASE IF NOT EXISTS cdm ON CLUSTER dwh_test;",
        differences: &[
            "Only databases that objects live in are made (`otus_kafka`, `raw`, `ods`): nothing is ever put into \
             `dds` and `cdm`.",
            "`IF NOT EXISTS` stays here alone: databases are shared with others and never dropped.",
        ],
    },
    Theirs {
        object: "otus_kafka.covid_new_cases_kafka",
        statement: r"CREATE TABLE IF NOT EXISTS otus_kafka.covid_new_cases_kafka ON CLUSTER dwh_test (
    date String,
    location_key String,
    new_confirmed Int32,
    new_deceased Int32,
    new_recovered Int32,
    new_tested Int32
) ENGINE = Kafka
SETTINGS
    kafka_broker_list = 'kafka:9092',
    kafka_topic_list = 'covid_new_cases_1min',
    kafka_group_name = 'clickhouse-covid_new_cases-consumer',
    kafka_format = 'JSONEachRow',
    kafka_num_consumers = 1,
    kafka_skip_broken_messages = 1000,
    kafka_row_delimiter = '\n';",
        differences: &[
            "`kafka_row_delimiter` is left out: JSONEachRow needs none, and between a message and its end there is \
             nothing to delimit.",
            "Settings stand in the order of their names, so that the same manifest always gives the same text.",
        ],
    },
    Theirs {
        object: "raw.covid_new_cases_local",
        statement: "CREATE TABLE IF NOT EXISTS raw.covid_new_cases_local ON CLUSTER dwh_test (
    date Date,
    location_key LowCardinality(String),
    new_confirmed Int32,
    new_deceased Int32,
    new_recovered Int32,
    new_tested Int32
) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/raw/covid_new_cases_local/{uuid}/', '{replica}')
PARTITION BY toYYYYMM(date)
ORDER BY (date, location_key)
PRIMARY KEY (date, location_key);",
        differences: &[
            "The Keeper path is written once for all tables, with the macros `{database}` and `{table}`; the server \
             unfolds them to the same path (without the empty last part behind the homework's final slash).",
            "`PRIMARY KEY` is left out where it equals the sorting key: that is its default.",
            "Indexes and the projection are part of the CREATE: the homework adds them by ALTERs afterwards, whose \
             failures it skips (`skip_alter_on_error`), and rows that came before have neither.",
        ],
    },
    Theirs {
        object: "raw.covid_new_cases",
        statement: "CREATE TABLE IF NOT EXISTS raw.covid_new_cases ON CLUSTER dwh_test (
    date Date,
    location_key LowCardinality(String),
    new_confirmed Int32,
    new_deceased Int32,
    new_recovered Int32,
    new_tested Int32
) ENGINE = Distributed('dwh_test', 'raw', 'covid_new_cases_local', xxHash64(location_key));",
        differences: &[],
    },
    Theirs {
        object: "raw.covid_new_cases_mv",
        statement: "CREATE MATERIALIZED VIEW IF NOT EXISTS raw.covid_new_cases_mv ON CLUSTER dwh_test
TO raw.covid_new_cases AS
SELECT
    parseDateTimeBestEffort(date) AS date,
    location_key,
    new_confirmed,
    new_deceased,
    new_recovered,
    new_tested
FROM otus_kafka.covid_new_cases_kafka
WHERE date != '';",
        differences: &[
            "Theirs does not even create (code 41, on every version tried): the alias `date` hides the column `date`, \
             so `WHERE date != ''` compares a DateTime with a text. Ours names the source (`src.date`) everywhere, so \
             that no alias can hide a column.",
            "`toDate` instead of `parseDateTimeBestEffort`: the column is a Date, and the text is one.",
            "Every column has its name written out (`AS`): the view does not depend on what the server infers.",
        ],
    },
    Theirs {
        object: "raw.covid_alerts_outgoing",
        statement: r"CREATE TABLE IF NOT EXISTS raw.covid_alerts_outgoing ON CLUSTER dwh_test (
    alert_time DateTime,
    location_key LowCardinality(String),
    alert_type LowCardinality(String),
    threshold_value Int32,
    actual_value Int32,
    message String
) ENGINE = Kafka
SETTINGS
    kafka_broker_list = 'kafka:9092',
    kafka_topic_list = 'covid_alerts',
    kafka_group_name = 'clickhouse-covid-alerts-outgoing',
    kafka_format = 'JSONEachRow',
    kafka_row_delimiter = '\n';",
        differences: &[
            "`kafka_row_delimiter` is left out: each row is a message of its own, and with the delimiter every message \
             would end in an empty line.",
        ],
    },
    Theirs {
        object: "raw.covid_alerts_outgoing_dist",
        statement: "CREATE TABLE raw.covid_alerts_outgoing_dist ON CLUSTER dwh_test
AS raw.covid_alerts_outgoing
ENGINE = Distributed('dwh_test', 'raw', 'covid_alerts_outgoing', rand());",
        differences: &["The columns are written out: `AS` would copy whatever the table has at that moment."],
    },
    Theirs {
        object: "raw.covid_manual_consumption",
        statement: "CREATE TABLE IF NOT EXISTS raw.covid_manual_consumption ON CLUSTER dwh_test (
    date Date,
    location_key LowCardinality(String),
    new_confirmed Int32,
    new_deceased Int32,
    new_recovered Int32,
    new_tested Int32,
    batch_id String,
    kafka_partition Int32,
    kafka_offset Int64,
    processing_time DateTime DEFAULT now(),
    consumer_group_id String
) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/raw/covid_manual_consumption/{uuid}', '{replica}')
PARTITION BY toYYYYMM(date)
ORDER BY (date, location_key)
SETTINGS index_granularity = 8192;",
        differences: &[
            "The last five columns and the index are not in the manifest: every ManualConsumer has them. By the index a start finds the rows behind what the group has committed.",
            "`index_granularity = 8192` is left out: it is the server's default.",
        ],
    },
    Theirs {
        object: "raw.covid_manual_consumption_dist",
        statement: "CREATE TABLE IF NOT EXISTS raw.covid_manual_consumption_dist ON CLUSTER dwh_test
AS raw.covid_manual_consumption
ENGINE = Distributed('dwh_test', 'raw', 'covid_manual_consumption', xxHash64(location_key));",
        differences: &[],
    },
];
