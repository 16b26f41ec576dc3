//! Names and marks of what a rebuild leaves on the servers: all that a later run needs to finish an earlier one.

use super::name::ObjectName;
use jiff::civil::Date;
use std::collections::BTreeSet;

const NEXT: &str = "__sluice_next";
const THROUGH: &str = "__sluice_through";
const OLD: &str = "__old_";
const COPY: &str = "sluice copy of ";
const FORM: &str = ", form ";
const RESHARD: &str = "reshard ";
const PLACED: &str = "sluice rows by key ";

/// The name of a table that is built to take the place of `name`.
pub fn next(name: &ObjectName) -> ObjectName {
    name.with_suffix(NEXT)
}

/// The name of the Distributed table that spreads old rows over the tables that are to replace `name`.
pub fn through(name: &ObjectName) -> ObjectName {
    name.with_suffix(THROUGH)
}

/// A name for the replaced table `name` that is not `taken`.
pub fn kept(name: &ObjectName, day: Date, taken: &BTreeSet<ObjectName>) -> ObjectName {
    let dated = name.with_suffix(&format!("{OLD}{}", day.strftime("%Y%m%d")));
    let numbered = (2u32..).map(|n| dated.with_suffix(&format!("_{n}")));
    std::iter::once(dated.clone()).chain(numbered).find(|n| !taken.contains(n)).unwrap_or(dated)
}

/// The day on which `table` became a kept table of `name`; `None` when it is none.
pub fn kept_since(name: &ObjectName, table: &ObjectName) -> Option<Date> {
    let rest = table.table.strip_prefix(&name.table)?.strip_prefix(OLD).filter(|_| table.database == name.database)?;
    let (day, number) = rest.split_at_checked(8)?;
    let counts = number.is_empty() || number.strip_prefix('_').is_some_and(|n| n.parse::<u32>().is_ok());
    counts.then(|| Date::strptime("%Y%m%d", day).ok()).flatten()
}

/// Whether it is a name that a replaced table gets, whatever its name was.
pub fn is_kept(table: &ObjectName) -> bool {
    kept_day(table).is_some()
}

/// The day on which `table` became a kept table, whatever its name was.
pub fn kept_day(table: &ObjectName) -> Option<Date> {
    let base = ObjectName::new(table.database.clone(), table.table.get(..table.table.rfind(OLD)?)?);
    kept_since(&base, table)
}

/// The name of a kept table without the number that tells several of a day apart; `None` for any other table.
pub fn kept_first(table: &ObjectName) -> Option<ObjectName> {
    let day = kept_day(table)?;
    let base = ObjectName::new(table.database.clone(), table.table.get(..table.table.rfind(OLD)?)?);
    Some(kept(&base, day, &BTreeSet::new()))
}

/// The text of the comment of a copy that is not finished or not yet told from the table it replaced.
pub fn copy_mark(of: &ObjectName, form: &str) -> String {
    format!("{COPY}{of}{FORM}{form}")
}

/// The form in the mark of a copy; `None` for any other comment.
pub fn copy_form(comment: &str) -> Option<&str> {
    Some(comment.strip_prefix(COPY)?.rsplit_once(FORM)?.1)
}

/// The form of a copy that brings rows to where a sharding key looks for them.
pub fn reshard_form(key: &str, form: &str) -> String {
    format!("{RESHARD}{key} {form}")
}

/// The key of such a form; `None` for any other form.
pub fn reshard_key(form: &str) -> Option<&str> {
    Some(form.strip_prefix(RESHARD)?.split_once(' ')?.0)
}

/// The text of the comment of a table whose rows lie where a key looks for them that the Distributed table does not
/// have yet, or no longer.
pub fn placed_mark(key: &str) -> String {
    format!("{PLACED}{key}")
}

/// The key by which the rows of a table lie, where its comment tells.
pub fn placed_key(comment: &str) -> Option<&str> {
    comment.strip_prefix(PLACED).or_else(|| reshard_key(copy_form(comment)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_tables_are_known_by_their_names() {
        let name = ObjectName::new("raw", "x_local");
        let day = jiff::civil::date(2026, 11, 25);
        let first = kept(&name, day, &BTreeSet::new());
        assert_eq!(first.to_string(), "raw.x_local__old_20261125");
        let second = kept(&name, day, &BTreeSet::from([first.clone()]));
        assert_eq!(second.to_string(), "raw.x_local__old_20261125_2");
        for table in [first, second] {
            assert_eq!((kept_since(&name, &table), kept_day(&table)), (Some(day), Some(day)));
            assert!(is_kept(&table));
            assert_eq!(kept_first(&table), Some(name.with_suffix("__old_20261125")));
        }
        for other in ["x_local", "x_local__old_", "x_local__old_20261301", "x_local__old_20261125_b", "x__old_20261125"]
        {
            assert_eq!(kept_since(&name, &ObjectName::new("raw", other)), None, "{other}");
        }
        assert_eq!(kept_since(&name, &ObjectName::new("ods", "x_local__old_20261125")), None);
        assert_eq!(copy_form(&copy_mark(&name, "1f")), Some("1f"));
        assert_eq!(copy_form("Numbers"), None);
    }

    #[test]
    fn marks_tell_where_rows_lie() {
        let name = ObjectName::new("raw", "x_local");
        let form = reshard_form("ab12", "1f");
        assert_eq!(reshard_key(&form), Some("ab12"));
        assert_eq!(reshard_key("1f"), None);
        assert_eq!(placed_key(&copy_mark(&name, &form)), Some("ab12"));
        assert_eq!(placed_key(&placed_mark("ab12")), Some("ab12"));
        assert_eq!(copy_form(&placed_mark("ab12")), None);
        for other in [copy_mark(&name, "1f"), "Numbers".to_owned()] {
            assert_eq!(placed_key(&other), None, "{other}");
        }
    }
}
