//! Seals: what the mark of an object says of the secrets it was made with, so that a changed one is noticed.
//!
//! A seal is read by everybody who may see the table, so it must not be a way to find the secret. Of a long random
//! secret twelve bits give away nothing of use. A weak one can be guessed anyway; the seal divides a list of guesses by
//! 4,096 at the most, whatever the number of tables (it depends on the value and the project alone, so that many
//! tables say no more than one), and trying each costs what a slow function costs. The price: one change in 4,096
//! goes unnoticed.

use crate::model::{Desired, SecretRef, Secrets, owner};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// What OWASP asks of PBKDF2 with HMAC-SHA256.
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).unwrap();

/// The project with the seals of its secrets in the marks, of tables whose secrets all have a value.
pub(super) fn sealed(desired: &Desired, secrets: &Secrets) -> Desired {
    let mut sealed = desired.clone();
    let mut known: BTreeMap<SecretRef, String> = BTreeMap::new();
    let objects = sealed.pipelines.iter_mut().flat_map(|p| &mut p.objects);
    for object in objects {
        let mut one = |secret: &SecretRef| {
            if !known.contains_key(secret) {
                known.insert(secret.clone(), seal(&desired.project, secrets.get(secret)?.expose_secret()));
            }
            known.get(secret).cloned()
        };
        let definition = &object.definition;
        let parts: Option<Vec<String>> = definition.secrets().into_iter().map(|(_, secret)| one(secret)).collect();
        let comment = match parts {
            Some(parts) if !parts.is_empty() => owner::sealed(&definition.comment, Some(&parts.concat())),
            Some(_) | None => continue,
        };
        object.definition.comment = comment;
    }
    sealed
}

/// Twelve bits as three digits.
fn seal(project: &str, value: &str) -> String {
    let mut hash = [0; 32];
    let salt = format!("sluice seal 1 {project}");
    ring::pbkdf2::derive(ring::pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt.as_bytes(), value.as_bytes(), &mut hash);
    format!("{:03x}", u16::from_be_bytes([hash[0], hash[1]]) >> 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_short_and_of_the_value_and_the_project() {
        let of = |project, value| seal(project, value);
        assert_eq!(of("p", "one"), of("p", "one"));
        assert_eq!(of("p", "one").len(), 3);
        assert_ne!(of("p", "one"), of("p", "two"));
        assert_ne!(of("p", "one"), of("q", "one"));
    }
}
