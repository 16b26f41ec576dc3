//! Secrets out of the server's words.

use secrecy::{ExposeSecret, SecretString};

/// Where the server cuts a quotation of the statement off it writes this.
const CUT: &str = "...";

/// A shorter beginning of a secret before a cut tells nothing, and would be found in too many words.
const SHORTEST_BEGINNING: usize = 3;

/// Replaces secrets by references; made once for all texts of an error.
pub(super) struct Redaction<'a> {
    /// Every form of every secret with its reference, longest first, so that a secret which begins with
    /// another one goes as a whole.
    forms: Vec<(String, &'a str)>,
}

impl<'a> Redaction<'a> {
    pub(super) fn new(secrets: &'a [(SecretString, String)]) -> Self {
        let mut forms: Vec<(String, &str)> = secrets
            .iter()
            .filter(|(secret, _)| !secret.expose_secret().is_empty())
            .flat_map(|(secret, shown)| forms(secret.expose_secret()).map(|form| (form, shown.as_str())))
            .collect();
        forms.sort_by(|a, b| b.0.len().cmp(&a.0.len()).then_with(|| a.cmp(b)));
        forms.dedup_by(|a, b| a.0 == b.0);
        Self { forms }
    }

    /// One pass from left to right: what was put in is not searched again.
    pub(super) fn apply(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            match self.at_start_of(rest) {
                Some((length, shown)) => {
                    out.push_str(shown);
                    rest = &rest[length..];
                }
                None => {
                    out.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        out
    }

    fn at_start_of(&self, rest: &str) -> Option<(usize, &'a str)> {
        let whole = self.forms.iter().find(|(form, _)| rest.starts_with(form.as_str()));
        if let Some((form, shown)) = whole {
            return Some((form.len(), *shown));
        }
        self.forms.iter().find_map(|(form, shown)| {
            let common = form.chars().zip(rest.chars()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
            // A character cut in two arrives as replacement characters.
            let after = rest[common..].trim_start_matches('\u{fffd}');
            (form[..common].chars().count() >= SHORTEST_BEGINNING && after.starts_with(CUT)).then_some((common, *shown))
        })
    }
}

/// A value as it can stand in a message: plain, inside a string literal in either way of escaping quotes,
/// and escaped twice, as in a message that quotes a message.
fn forms(secret: &str) -> impl Iterator<Item = String> {
    let once = escaped(secret);
    let twice = escaped(&once);
    let doubled = secret.replace('\'', "''");
    let doubled_escaped = secret.replace('\\', "\\\\").replace('\'', "''");
    [secret.to_owned(), once, twice, doubled, doubled_escaped].into_iter()
}

fn escaped(text: &str) -> String {
    let literal = crate::model::quote::literal(text);
    literal[1..literal.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str, secrets: &[&str]) -> String {
        let secrets: Vec<_> =
            secrets.iter().enumerate().map(|(i, s)| (SecretString::from(*s), format!("<{i}>"))).collect();
        Redaction::new(&secrets).apply(text)
    }

    #[test]
    fn every_form_of_a_secret_goes() {
        let secret = r"p'w\d";
        for form in [r"p'w\d", r"p\'w\\d", r"p\\\'w\\\\d", r"p''w\d", r"p''w\\d"] {
            assert_eq!(redacted(&format!("near '{form}': x"), &[secret]), "near '<0>': x", "{form}");
        }
        assert_eq!(redacted("a\\nb and a\nb", &["a\nb"]), "<0> and <0>");
    }

    #[test]
    fn the_longest_secret_wins_and_what_was_put_in_stays() {
        assert_eq!(redacted("abcd abc", &["abc", "abcd"]), "<1> <0>");
        assert_eq!(redacted("0 x", &["x", "0"]), "<1> <0>");
        assert_eq!(redacted("text", &[""]), "text");
    }

    #[test]
    fn a_quotation_that_ends_inside_a_secret_shows_none_of_it() {
        assert_eq!(redacted("'supersec... . Expected", &["supersecret"]), "'<0>... . Expected");
        assert_eq!(redacted("'geheimn\u{fffd}... .", &["geheimnis"]), "'<0>\u{fffd}... .");
        assert_eq!(redacted("superb", &["supersecret"]), "superb");
    }

    proptest::proptest! {
        #[test]
        fn no_secret_is_left(before in "\\PC*", secret in "\\PC{4,20}", after in "\\PC*") {
            let secrets = [(SecretString::from(secret.as_str()), String::new())];
            let out = Redaction::new(&secrets).apply(&format!("{before}\u{1}{secret}\u{1}{after}"));
            // What stands around must not have become the secret by accident of generation.
            proptest::prop_assume!(!before.contains(&secret) && !after.contains(&secret));
            proptest::prop_assert!(out.contains("\u{1}\u{1}"), "{}", out);
        }
    }
}
