//! Names of types as the server calls them, as far as letters tell: `int unsigned` is UInt32 to everybody who asks
//! what a column is.

use super::token::{Token, closing, split_at_commas, text_of, tokenize};

/// Names that people bring from other databases, and what the server makes of them. All of them in any case.
const ALIASES: [(&str, &str); 32] = [
    ("BIGINT", "Int64"),
    ("BOOL", "Bool"),
    ("BOOLEAN", "Bool"),
    ("BYTE", "Int8"),
    ("DATE", "Date"),
    ("DATE32", "Date32"),
    ("DATETIME", "DateTime"),
    ("DATETIME32", "DateTime32"),
    ("DATETIME64", "DateTime64"),
    ("DEC", "Decimal"),
    ("DECIMAL", "Decimal"),
    ("DOUBLE", "Float64"),
    ("ENUM", "Enum"),
    ("FIXED", "Decimal"),
    ("FLOAT", "Float32"),
    ("INET4", "IPv4"),
    ("INET6", "IPv6"),
    ("INT", "Int32"),
    ("INT1", "Int8"),
    ("INTEGER", "Int32"),
    ("JSON", "JSON"),
    ("MEDIUMINT", "Int32"),
    ("NUMERIC", "Decimal"),
    ("REAL", "Float32"),
    ("SIGNED", "Int64"),
    ("SINGLE", "Float32"),
    ("SMALLINT", "Int16"),
    ("TIME", "Time"),
    ("TIME64", "Time64"),
    ("TIMESTAMP", "DateTime"),
    ("TINYINT", "Int8"),
    ("UNSIGNED", "UInt64"),
];

/// Decimals by their size, with the digits they have.
const DECIMALS: [(&str, &str); 4] =
    [("DECIMAL32", "9"), ("DECIMAL64", "18"), ("DECIMAL128", "38"), ("DECIMAL256", "76")];

/// Names of texts, whose length the server ignores.
const TEXTS: [&str; 18] = [
    "BLOB",
    "BYTEA",
    "CHAR",
    "CHARACTER",
    "CLOB",
    "LONGBLOB",
    "LONGTEXT",
    "MEDIUMBLOB",
    "MEDIUMTEXT",
    "NATIONAL",
    "NCHAR",
    "NVARCHAR",
    "TEXT",
    "TINYBLOB",
    "TINYTEXT",
    "VARBINARY",
    "VARCHAR",
    "VARCHAR2",
];

/// The type in the server's words. What is none, or none that is known here, stays as it is.
pub fn usual(text: &str) -> String {
    tokenize(text).ok().and_then(|tokens| of_tokens(text, &tokens)).unwrap_or_else(|| text.trim().to_owned())
}

fn of_tokens(text: &str, tokens: &[Token]) -> Option<String> {
    let written = tokens.first()?.name()?;
    let open = tokens.iter().position(|t| t.is("("));
    let close = match open {
        Some(open) => closing(tokens, open)?,
        None => tokens.len(),
    };
    let words = &tokens[1..open.unwrap_or(tokens.len())];
    let rest = tokens.get(close + 1..).unwrap_or_default();
    let follows = |word: &str| words.iter().chain(rest).any(|t| t.is_word(word));
    let arguments = open.map(|open| &tokens[open + 1..close]);
    let upper = written.to_ascii_uppercase();
    let alias = ALIASES.iter().find(|(name, _)| *name == upper).map(|(_, usual)| *usual);
    let name = match alias {
        _ if TEXTS.contains(&upper.as_str()) => return Some(nullable("String".to_owned(), &follows)),
        Some(int) if int.starts_with("Int") => {
            // A width of digits says nothing.
            let sign = if follows("UNSIGNED") { "U" } else { "" };
            return Some(nullable(format!("{sign}{int}"), &follows));
        }
        Some(usual) => usual,
        None => written,
    };
    let inside = arguments.map(|arguments| {
        let parts = split_at_commas(arguments).into_iter();
        parts.map(|part| argument(name, text, part)).collect::<Vec<_>>().join(", ")
    });
    let digits = DECIMALS.iter().find(|(name, _)| *name == upper).map(|(_, digits)| digits);
    let made = match (inside, digits) {
        (Some(scale), Some(digits)) => format!("Decimal({digits}, {scale})"),
        (Some(digits), None) if name == "Decimal" && !digits.contains(',') => format!("Decimal({digits}, 0)"),
        (Some(inside), None) => format!("{name}({inside})"),
        (None, _) if name == "Decimal" => "Decimal(10, 0)".to_owned(),
        (None, _) if name == "DateTime64" => "DateTime64(3)".to_owned(),
        (None, _) => name.to_owned(),
    };
    Some(nullable(made, &follows))
}

fn nullable(made: String, follows: &dyn Fn(&str) -> bool) -> String {
    if follows("NULL") && !follows("NOT") { format!("Nullable({made})") } else { made }
}

/// One argument of a type: a type itself, one with a name, or something else.
fn argument(family: &str, text: &str, part: &[Token]) -> String {
    let whole = || text_of(text, part).to_owned();
    match family {
        "Array" | "LowCardinality" | "Map" | "Nullable" | "SimpleAggregateFunction" | "Variant" => {
            of_tokens(text, part).unwrap_or_else(whole)
        }
        "Tuple" | "Nested" => {
            let named = matches!(part, [_, second, ..] if second.name().is_some() && !continues(second));
            let (name, data_type) = part.split_at(usize::from(named));
            let made = of_tokens(text, data_type).unwrap_or_else(|| text_of(text, data_type).to_owned());
            if named { format!("{} {made}", text_of(text, name)) } else { made }
        }
        _ => whole(),
    }
}

/// Whether a word goes on with the type before it.
fn continues(word: &Token) -> bool {
    ["UNSIGNED", "SIGNED", "PRECISION", "VARYING", "LARGE", "NULL", "NOT"].iter().any(|w| word.is_word(w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_become_the_servers() {
        for (written, expected) in [
            ("int", "Int32"),
            ("INT(11) UNSIGNED", "UInt32"),
            ("bigint unsigned", "UInt64"),
            ("tinyint", "Int8"),
            ("double precision", "Float64"),
            ("varchar(20)", "String"),
            ("CHAR VARYING(5)", "String"),
            ("decimal( 10,2 )", "Decimal(10, 2)"),
            ("decimal(10)", "Decimal(10, 0)"),
            ("Decimal64( 2 )", "Decimal(18, 2)"),
            ("datetime64", "DateTime64(3)"),
            ("datetime64(3,'UTC')", "DateTime64(3, 'UTC')"),
            ("timestamp", "DateTime"),
            ("int null", "Nullable(Int32)"),
            ("text NOT NULL", "String"),
            ("LowCardinality( Nullable(text) )", "LowCardinality(Nullable(String))"),
            ("Map(text,Array( int ))", "Map(String, Array(Int32))"),
            ("Tuple(a int, b text)", "Tuple(a Int32, b String)"),
            ("Tuple(INT UNSIGNED,double precision)", "Tuple(UInt32, Float64)"),
            ("SimpleAggregateFunction( max , datetime )", "SimpleAggregateFunction(max, DateTime)"),
            ("Enum8('int'=1)", "Enum8('int'=1)"),
            ("String", "String"),
            ("it's none", "it's none"),
        ] {
            assert_eq!(usual(written), expected, "{written}");
        }
    }
}
