//! The homework's second producer: five rows of cumulative figures every five minutes.
//!
//! `KAFKA_BROKERS=localhost:9092 cargo run --example covid_cumulative -- --simulate --countries US,DE --count 50`

mod feed;

use feed::Stream;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    feed::run(&Stream {
        topic: "covid_cumulative_data_5min",
        column: "total_",
        field: "cumulative_",
        sums: true,
        batch: 5,
        minutes: 5,
    })
    .await
}
