//! Which messages of a refused batch are bad. The server is the judge: it gets the same insert into nothing, for half of
//! the messages, for a quarter, and so on. What it says does not depend on when it is asked.

use super::Sink;
use super::again::Patience;
use crate::client::clickhouse::ClickHouseError;
use crate::consume::batch::Batch;
use crate::consume::error::ConsumeError;
use crate::consume::framing::Framing;
use crate::sql::consume;
use std::ops::Range;

/// Longest reason that is kept, in characters: the server repeats the message in it.
const REASON: usize = 500;

/// Nothing remembers it. Without a token an insert from a SELECT is refused where it must be deduplicated.
const TOKEN: &str = "sluice-judge";

impl Sink {
    /// The bad messages of a batch that was refused with these words, by entry, in order.
    pub(super) async fn find_bad(
        &self,
        batch: &Batch,
        refusal: ClickHouseError,
    ) -> Result<Vec<(usize, String)>, ConsumeError> {
        if refusal.code().is_none() {
            return Err(self.gave_up(batch, refusal));
        }
        // Where not even no message is taken, no message is to blame.
        if self.verdict(batch, 0..0).await.map_err(|e| self.gave_up(batch, e))?.is_some() {
            return Err(self.refused(batch, refusal));
        }
        let mut bad = Vec::new();
        let mut open: Vec<Range<usize>> = std::iter::once(0..batch.entries.len()).collect();
        // The last of the stack is the leftmost range, so the bad ones come in order.
        while let Some(range) = open.pop() {
            let Some(reason) = self.verdict(batch, range.clone()).await.map_err(|e| self.gave_up(batch, e))? else {
                continue;
            };
            if range.len() <= 1 {
                bad.push((range.start, reason));
                continue;
            }
            let middle = range.start + range.len() / 2;
            open.push(middle..range.end);
            open.push(range.start..middle);
        }
        match bad.is_empty() {
            // It is the table that refuses, not the form of a message.
            true => Err(self.refused(batch, refusal)),
            false => Ok(bad),
        }
    }

    /// Why the server refuses these messages, if it does.
    async fn verdict(&self, batch: &Batch, entries: Range<usize>) -> Result<Option<String>, ClickHouseError> {
        let (sql, body) = match batch.framing {
            Framing::Whole if entries.is_empty() => return Ok(None),
            Framing::Whole => {
                let entries: Vec<usize> = entries.collect();
                (consume::judge_each(&self.consumption, batch.messages_of(&entries).into_iter()), None)
            }
            Framing::JsonObjects | Framing::JsonArrays | Framing::Csv(_) | Framing::Tsv | Framing::TsvRaw => {
                (consume::judge(&self.consumption), Some(batch.slice(entries)))
            }
        };
        let mut patience = Patience::new(self.give_up);
        loop {
            let Err(error) = self.attempt(&sql, body.clone(), TOKEN).await else { return Ok(None) };
            if let ClickHouseError::Refused { code, message, .. } = &error
                && !patience.bears(&error)
            {
                let words: String = message.chars().take(REASON).collect();
                return Ok(Some(format!("{} (code {code})", words.trim())));
            }
            if !patience.bears(&error) {
                return Err(error);
            }
            patience.wait(&*self.events, "looking for bad messages", &error).await;
        }
    }

    fn gave_up(&self, batch: &Batch, error: ClickHouseError) -> ConsumeError {
        match (&error, self.give_up) {
            (ClickHouseError::Unreachable { .. } | ClickHouseError::Timeout { .. }, Some(after)) => {
                ConsumeError::GaveUp { after, source: Box::new(self.refused(batch, error)) }
            }
            _ => self.refused(batch, error),
        }
    }
}
