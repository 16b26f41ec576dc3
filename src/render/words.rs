//! Marks and words that several formats share.

use crate::plan::Verb;

/// Something is made.
pub const MADE: &str = "+";
/// Something is changed in place.
pub const CHANGED: &str = "~";
/// Something is dropped.
pub const DROPPED: &str = "-";
/// Something is dropped and made again.
pub const REMADE: &str = "-/+";
/// A danger, or something that cannot be done.
pub const DANGER: &str = "!";
/// A value that is not there.
pub const ABSENT: &str = "(none)";
/// Between an old value and a new one.
pub const ARROW: &str = "->";

/// The mark of a resource.
pub fn mark(verb: Verb) -> &'static str {
    match verb {
        Verb::Keep => " ",
        Verb::Create => MADE,
        Verb::Change | Verb::Forget => CHANGED,
        Verb::Rebuild | Verb::Recreate => REMADE,
        Verb::Delete => DROPPED,
        Verb::Blocked => DANGER,
    }
}

/// What the mark alone does not say.
pub fn gist(verb: Verb) -> &'static str {
    match verb {
        Verb::Keep | Verb::Create | Verb::Change | Verb::Rebuild => "",
        Verb::Recreate => "dropped and created again",
        Verb::Delete => "dropped",
        Verb::Forget => "forgotten: the owner mark goes, everything else stays",
        Verb::Blocked => "blocked",
    }
}

/// `1 step`, `2 steps`.
pub fn count(n: usize, one: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{n} {one}{s}")
}

/// `1,204,117`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
