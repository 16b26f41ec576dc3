//! What the compiler tells the one who runs a manual consumer.

use sluice::compile::compile;
use sluice::manifest::{LoadOptions, load};
use sluice::model::{Consumption, DesiredPipeline, EngineArg, Fragment, OnBadMessage, Role, SettingValue};
use std::path::Path;
use std::time::Duration;

fn desired(file: &str) -> DesiredPipeline {
    let project_file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let (compiled, findings) = compile(&load(&LoadOptions { project_file, ..LoadOptions::default() }));
    let pipelines = compiled.unwrap_or_else(|| panic!("{findings:#?}")).desired.pipelines;
    pipelines.into_iter().find(|p| p.consumption.is_some()).expect("a consumer")
}

fn of(file: &str) -> Consumption {
    desired(file).consumption.expect("a consumer")
}

fn columns(consumption: &Consumption) -> Vec<String> {
    let shown = |t: &Option<String>| t.clone().unwrap_or_else(|| "-".into());
    let column = |c: &sluice::model::ConsumedColumn| {
        format!("{} {} <- {} {} ! {}", c.name, c.data_type, shown(&c.wire_type), shown(&c.expression), shown(&c.failed))
    };
    consumption.columns.iter().map(column).collect()
}

#[test]
fn values_are_made_of_the_columns_on_the_wire() {
    let orders = of("examples/manual-consumer/sluice.yaml");
    assert_eq!((orders.id.to_string().as_str(), orders.group.as_str()), ("ManualConsumer/orders", "sluice-orders"));
    assert_eq!(orders.topics, ["orders"]);
    let wire: Vec<String> = orders.wire.iter().map(|w| format!("{} {}", w.name, w.data_type)).collect();
    assert_eq!(wire, ["id UInt64", "at String", "cents Int64", "note String"]);
    let seconds = "parseDateTimeBestEffortOrNull(src.at)";
    let failed = format!("isNull(if({seconds} = parseDateTime64BestEffortOrNull(src.at, 0), {seconds}, NULL))");
    assert_eq!(
        columns(&orders),
        [
            "id UInt64 <- UInt64 - ! -".to_owned(),
            format!("at DateTime <- String parseDateTimeBestEffort(src.at) ! {failed}"),
            "amount Decimal(18, 2) <- - src.cents / 100 ! -".to_owned(),
            "note String <- String - ! -".to_owned(),
        ]
    );
    assert_eq!(orders.filter.as_deref(), Some("src.id != 0"));
    assert_eq!(orders.format, "CSV");
    assert_eq!(orders.format_settings["format_csv_delimiter"], SettingValue::Text(";".into()));
    assert_eq!(
        (orders.table.to_string(), orders.local.to_string()),
        ("orders.orders".into(), "orders.orders_local".into())
    );
    assert_eq!((orders.batch_size, orders.timeout), (1000, Duration::from_secs(5)));
    assert_eq!(orders.on_bad_message, OnBadMessage::DeadLetter);
    assert_eq!(orders.dead_letters.map(|t| t.to_string()).as_deref(), Some("orders.orders_dead_letters"));
}

#[test]
fn the_homework_s_consumer_has_its_names_and_the_project_s_conversions() {
    let manual = of("manifests/sluice.yaml");
    assert_eq!(manual.table.to_string(), "raw.covid_manual_consumption_dist");
    assert_eq!(manual.local.to_string(), "raw.covid_manual_consumption");
    assert_eq!((manual.batch_size, manual.timeout), (100, Duration::from_secs(120)));
    let date = &manual.columns[0];
    assert_eq!((date.wire_type.as_deref(), date.data_type.as_str()), (Some("String"), "Date"));
    assert_eq!(date.expression.as_deref(), Some("toDate(src.date)"));
}

#[test]
fn a_repeated_insert_goes_to_the_shards_it_went_to_before() {
    let pipeline = desired("manifests/sluice.yaml");
    let spread = pipeline.objects.iter().filter(|o| o.role == Role::Distributed);
    let keys: Vec<(&str, &EngineArg)> =
        spread.map(|o| (o.definition.name.table.as_str(), &o.definition.engine.args[3])).collect();
    let key = |text: &str| EngineArg::Expression(Fragment::new(text));
    assert_eq!(
        keys,
        [
            ("covid_manual_consumption_dist", &key("xxHash64(location_key)")),
            ("covid_manual_dead_letters", &key("offset"))
        ]
    );
}
