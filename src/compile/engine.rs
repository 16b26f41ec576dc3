//! Engines as written: `ReplacingMergeTree(version)`.

use crate::model::token::{TokenKind, closing, split_at_commas, text_of, tokenize};
use crate::model::{Engine, EngineArg, Fragment};

/// Reads a name with its arguments. `None` when it is something else.
pub(super) fn parse(text: &str) -> Option<Engine> {
    let tokens = tokenize(text).ok()?;
    let name = tokens.first()?.name()?.to_owned();
    if tokens.len() == 1 {
        return Some(Engine::plain(name));
    }
    if !tokens[1].is("(") || closing(&tokens, 1)? != tokens.len() - 1 {
        return None;
    }
    let args = split_at_commas(&tokens[2..tokens.len() - 1]);
    let args = args.into_iter().map(|part| match part {
        [single] => match &single.kind {
            TokenKind::Text(t) => EngineArg::Text(t.clone()),
            TokenKind::Word(_) | TokenKind::Quoted(_) | TokenKind::Number(_) | TokenKind::Mark(_) => {
                EngineArg::Expression(Fragment::new(text_of(text, part)))
            }
        },
        _ => EngineArg::Expression(Fragment::new(text_of(text, part))),
    });
    Some(Engine { name, args: args.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_read_with_their_arguments() {
        let shown = |t: &str| parse(t).map(|e| e.to_string());
        assert_eq!(shown("MergeTree"), Some("MergeTree".into()));
        assert_eq!(shown("MergeTree()"), Some("MergeTree".into()));
        let replicated = "ReplicatedReplacingMergeTree('/t/{shard}/{uuid}', '{replica}', tuple(a, b))";
        assert_eq!(shown(replicated), Some(replicated.into()));
        assert_eq!(shown("MergeTree ORDER BY x"), None);
        assert_eq!(shown("Replacing(x"), None);
    }
}
