//! Which known word somebody meant.

/// The known word nearest to `word`, if one is near enough to be meant: a third of its letters may differ.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer words are no slips of the finger, and the comparison costs the product of the lengths.
    const LONGEST: usize = 200;
    if word.len() > LONGEST {
        return None;
    }
    let near = |k: &&str| {
        if k.eq_ignore_ascii_case(word) {
            return Some(0);
        }
        let (here, there) = (word.chars().count(), k.chars().count());
        let allowed = here.max(there) / 3;
        // Hundreds of settings are compared with one word: most are told apart by their lengths.
        if k.len() > LONGEST || here.abs_diff(there) > allowed {
            return None;
        }
        let distance = strsim::osa_distance(word, k);
        (distance <= allowed).then_some(distance)
    };
    known.into_iter().filter_map(|k| near(&k).map(|d| (d, k))).min().map(|(_, k)| k)
}

/// Words as a list for a message, at most twenty of them.
pub fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 20;
    let words: Vec<&str> = words.into_iter().collect();
    let mut out = words.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    if words.len() > MOST {
        out.push_str(&format!(", and {} more", words.len() - MOST));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_words_are_not() {
        let known = ["partitions", "topicName", "config"];
        assert_eq!(nearest("partitons", known), Some("partitions"));
        assert_eq!(nearest("topicname", known), Some("topicName"));
        assert_eq!(nearest("replicas", known), None);
        assert_eq!(nearest(&"partitions".repeat(100), known), None);
    }
}
