//! Random expressions over the anchors, and the ways in which people spell one of them.

use super::rng::Rng;

/// What an expression gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gives {
    /// A UInt64 or smaller.
    Int,
    /// A Float64, or a literal beside one.
    Number,
    /// A String.
    Text,
    /// A UInt8 as conditions give it.
    Truth,
    /// A DateTime.
    Time,
}

/// An expression by its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// A column.
    Column(&'static str),
    /// A literal as the server prints it.
    Literal(String),
    /// A call, under the name that the server keeps.
    Call(&'static str, Vec<Expression>),
    /// An operator that stays one.
    Binary(&'static str, Box<Expression>, Box<Expression>),
    /// `x IN (…)` of literals.
    In(Box<Expression>, Vec<String>),
    /// `x + INTERVAL n UNIT`.
    Later(Box<Expression>, usize, &'static str),
}

use Expression::{Binary, Call, Column, In, Later, Literal};

/// Functions with other names for them.
const NAMES: [(&str, &[&str]); 9] = [
    ("lower", &["lcase", "LOWER"]),
    ("upper", &["ucase", "UPPER"]),
    ("substring", &["substr", "SUBSTR", "mid"]),
    ("toStartOfDay", &[]),
    ("length", &["LENGTH", "octet_length"]),
    ("toYear", &["year", "YEAR"]),
    ("toHour", &["hour", "HOUR"]),
    ("coalesce", &["COALESCE"]),
    ("least", &["LEAST"]),
];

/// Units of intervals with the function that the server makes of each.
const UNITS: [(&str, &str); 3] = [("day", "toIntervalDay"), ("hour", "toIntervalHour"), ("month", "toIntervalMonth")];

impl Expression {
    /// A random one, `depth` calls deep at most.
    pub fn random(rng: &mut Rng, gives: Gives, depth: usize) -> Self {
        let leaf = depth == 0;
        let one = |rng: &mut Rng, gives| Self::random(rng, gives, depth.saturating_sub(1));
        match gives {
            Gives::Int => match rng.below(if leaf { 2 } else { 6 }) {
                0 => Column("id"),
                1 => Column("ver"),
                2 => Call("toHour", vec![one(rng, Gives::Time)]),
                3 => Call("length", vec![one(rng, Gives::Text)]),
                4 => Call("cityHash64", vec![one(rng, Gives::Text)]),
                _ => Binary("%", Box::new(one(rng, Gives::Int)), Box::new(Literal((2 + rng.below(9)).to_string()))),
            },
            Gives::Number => match rng.below(if leaf { 2 } else { 6 }) {
                0 => Call("toFloat64", vec![Column("price")]),
                1 => Call("toFloat64", vec![Column("id")]),
                2 => Call("toFloat64", vec![one(rng, Gives::Int)]),
                3 => Call("if", vec![one(rng, Gives::Truth), one(rng, Gives::Number), one(rng, Gives::Number)]),
                4 => Binary(
                    rng.pick(&["+", "-", "*", "/"]),
                    Box::new(one(rng, Gives::Number)),
                    Box::new(Literal(rng.pick(&["2", "0.5", "100", "1000."]).into())),
                ),
                _ => Call("least", vec![one(rng, Gives::Number), one(rng, Gives::Number)]),
            },
            Gives::Text => match rng.below(if leaf { 2 } else { 7 }) {
                0 | 1 => Column("name"),
                2 => Call(rng.pick(&["lower", "upper"]), vec![one(rng, Gives::Text)]),
                3 => Call("substring", vec![one(rng, Gives::Text), Literal("1".into()), Literal("3".into())]),
                4 => Call("concat", vec![Column("name"), Self::text(rng)]),
                5 => Call("toString", vec![one(rng, Gives::Int)]),
                _ => Call("multiIf", vec![one(rng, Gives::Truth), one(rng, Gives::Text), Self::text(rng)]),
            },
            Gives::Truth => match rng.below(if leaf { 2 } else { 7 }) {
                0 => Binary(">", Box::new(Column("id")), Box::new(Literal(rng.below(1000).to_string()))),
                1 => Binary("!=", Box::new(Column("name")), Box::new(Self::text(rng))),
                2 => Binary("AND", Box::new(one(rng, Gives::Truth)), Box::new(one(rng, Gives::Truth))),
                3 => Binary("OR", Box::new(one(rng, Gives::Truth)), Box::new(one(rng, Gives::Truth))),
                4 => Binary("LIKE", Box::new(one(rng, Gives::Text)), Box::new(Literal("'a%'".into()))),
                5 => {
                    let members = rng.some(&["1", "2", "3", "5", "8"].map(str::to_owned), 2);
                    In(Box::new(one(rng, Gives::Int)), members)
                }
                _ => Binary(
                    rng.pick(&["<", ">=", "="]),
                    Box::new(one(rng, Gives::Number)),
                    Box::new(Literal("7".into())),
                ),
            },
            Gives::Time => match rng.below(if leaf { 1 } else { 3 }) {
                0 => Column("at"),
                1 => Call("toStartOfDay", vec![one(rng, Gives::Time)]),
                _ => {
                    let (unit, _) = rng.pick(&UNITS);
                    Later(Box::new(one(rng, Gives::Time)), 1 + rng.below(40), unit)
                }
            },
        }
    }

    /// The text in which the same meaning is always the same.
    pub fn meaning(&self) -> String {
        format!("{self:?}")
    }

    fn text(rng: &mut Rng) -> Self {
        Literal(rng.pick(&["''", "'x'", r"'it\'s'", "'a b'", r"'tab\t'", "'ü'", r"'back\\slash'"]).into())
    }

    /// As somebody might write it.
    pub fn spelled(&self, rng: &mut Rng) -> String {
        match self {
            Column(name) => {
                if rng.percent(10) {
                    format!("`{name}`")
                } else {
                    (*name).to_owned()
                }
            }
            Literal(text) => literal(rng, text),
            Call("multiIf", args) if args.len() == 3 && rng.percent(50) => {
                let [condition, then, other] = [0, 1, 2].map(|i| args[i].spelled(rng));
                let words = if rng.percent(50) {
                    ["case when", "then", "else", "end"]
                } else {
                    ["CASE WHEN", "THEN", "ELSE", "END"]
                };
                format!("{} {condition} {} {then} {} {other} {}", words[0], words[1], words[2], words[3])
            }
            Call("if", args) if rng.percent(30) => {
                let [condition, then, other] = [0, 1, 2].map(|i| args[i].operand(rng));
                format!("{condition} ? {then} : {other}")
            }
            Call("concat", args) if rng.percent(50) => {
                args.iter().map(|a| a.operand(rng)).collect::<Vec<_>>().join("||")
            }
            Call(name, args) => {
                let others = NAMES.iter().find(|(n, _)| n == name).map_or(&[][..], |(_, others)| others);
                let name = if others.is_empty() || rng.percent(50) { name } else { rng.pick(others) };
                let comma = rng.pick(&[",", ", ", " , "]);
                let args: Vec<String> = args.iter().map(|a| a.spelled(rng)).collect();
                format!("{name}({})", args.join(comma))
            }
            Binary(operator, left, right) => {
                let operator = match *operator {
                    "!=" => rng.pick(&["!=", "<>"]),
                    "=" => rng.pick(&["=", "=="]),
                    "AND" => rng.pick(&["AND", "and"]),
                    "OR" => rng.pick(&["OR", "or"]),
                    "LIKE" => rng.pick(&["LIKE", "like"]),
                    other => other,
                };
                let words = operator.starts_with(char::is_alphabetic);
                let space = if words || rng.percent(50) { " " } else { "" };
                let logic = operator.eq_ignore_ascii_case("and") || operator.eq_ignore_ascii_case("or");
                let mut side = |e: &Expression| match e {
                    // Comparisons bind closer than AND and OR.
                    Binary(">" | "<" | ">=" | "=" | "!=" | "LIKE", ..) | In(..) if logic && rng.percent(50) => {
                        e.spelled(rng)
                    }
                    e => e.operand(rng),
                };
                let (left, right) = (side(left), side(right));
                format!("{left}{space}{operator}{space}{right}")
            }
            In(value, members) => {
                let comma = rng.pick(&[",", ", "]);
                format!("{} {} ({})", value.operand(rng), rng.pick(&["in", "IN"]), members.join(comma))
            }
            Later(time, count, unit) => {
                let time = time.operand(rng);
                match rng.below(4) {
                    0 => format!("{time}+interval {count} {unit}"),
                    1 => format!("{time} + INTERVAL {count} {}", unit.to_uppercase()),
                    2 => format!("{time} + interval {count} {unit}s"),
                    _ => {
                        let function = UNITS.iter().find(|(u, _)| u == unit).map_or("", |(_, f)| f);
                        format!("{time}+{function}( {count} )")
                    }
                }
            }
        }
    }

    /// In brackets where an operator stands beside it.
    fn operand(&self, rng: &mut Rng) -> String {
        let text = self.spelled(rng);
        let whole = match self {
            Column(_) | Literal(_) => true,
            Call(..) => text.ends_with(')') && !text.contains('?') && !text.contains("||") && !text.starts_with('`'),
            Binary(..) | In(..) | Later(..) => false,
        };
        if whole { text } else { format!("({text})") }
    }
}

fn literal(rng: &mut Rng, text: &str) -> String {
    match text {
        "1000." => rng.pick(&["1e3", "1000.", "1000.0"]).to_owned(),
        "0.5" => rng.pick(&["0.5", "0.50", "5e-1"]).to_owned(),
        r"'it\'s'" => rng.pick(&[r"'it\'s'", "'it''s'"]).to_owned(),
        other => other.to_owned(),
    }
}

/// A text with what it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spelled {
    /// As it stands in the manifest.
    pub written: String,
    /// The same for all texts of the same meaning.
    pub meaning: String,
}

impl Spelled {
    /// Another text for a meaning.
    pub fn of(written: &str, meaning: &str) -> Self {
        Self { written: written.to_owned(), meaning: meaning.to_owned() }
    }

    /// A random expression in a random spelling.
    pub fn random(rng: &mut Rng, gives: Gives) -> Self {
        let expression = Expression::random(rng, gives, 3);
        let mut written = expression.spelled(rng);
        if rng.percent(5) {
            written = format!("/* why */ {written}");
        }
        Self { written, meaning: expression.meaning() }
    }
}
