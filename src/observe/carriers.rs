//! Columns that carry the arguments of a Distributed engine through a temporary table: the arguments themselves come
//! back as written, the expressions of columns as a lasting table would show them.

use crate::model::{Column, DefaultKind, Definition, EngineArg, Fragment};

/// How the names of carriers begin: no column of anybody is called so.
const CARRIER: &str = "_sluice_argument_";

/// The definition with its carriers.
pub(super) fn with_carriers(mut asked: Definition) -> Definition {
    if asked.engine.name == "Distributed" {
        let expressions = asked.engine.args.iter().enumerate().filter_map(|(i, arg)| match arg {
            EngineArg::Expression(expression) => Some((i, expression)),
            EngineArg::Text(_) | EngineArg::Named(..) => None,
        });
        let carrier = |(i, expression): (usize, &Fragment)| Column {
            default: Some((DefaultKind::Alias, Some(expression.clone()))),
            ..Column::new(format!("{CARRIER}{i}"), "")
        };
        let carriers: Vec<Column> = expressions.map(carrier).collect();
        asked.columns.extend(carriers);
    }
    asked
}

/// The arguments where they belong.
pub(super) fn without_carriers(mut echoed: Definition) -> Definition {
    let (carriers, columns): (Vec<Column>, Vec<Column>) =
        echoed.columns.into_iter().partition(|c| c.name.starts_with(CARRIER));
    echoed.columns = columns;
    for carrier in carriers {
        let place = carrier.name.strip_prefix(CARRIER).and_then(|i| i.parse::<usize>().ok());
        let argument = place.and_then(|i| echoed.engine.args.get_mut(i));
        if let (Some(argument), Some((_, Some(expression)))) = (argument, carrier.default) {
            *argument = EngineArg::Expression(expression);
        }
    }
    echoed
}
