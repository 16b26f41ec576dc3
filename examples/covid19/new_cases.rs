//! The homework's first producer: eight rows of new cases a minute.
//!
//! `KAFKA_BROKERS=localhost:9092 cargo run --example covid_new_cases -- --rate 8/1m --count 80 --countries US,CZ`

mod feed;

use feed::Stream;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    feed::run(&Stream {
        topic: "covid_new_cases_1min",
        column: "new_",
        field: "new_",
        sums: false,
        batch: 8,
        minutes: 1,
    })
    .await
}
