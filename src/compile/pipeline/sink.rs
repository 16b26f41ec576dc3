//! An outgoing sink: the Kafka table that writes, the Distributed one over it, the views that feed it.

use super::{Build, select, source, table, view};
use crate::compile::topic;
use crate::manifest::Finding;
use crate::model::{Definition, DesiredObject, DesiredPipeline, ObjectName, Role};

impl Build<'_> {
    /// The sink; its own table is the first target, its feeds are the others.
    pub(in crate::compile) fn sink(self, findings: &mut Vec<Finding>) -> Option<DesiredPipeline> {
        let (own, feeds) = self.targets.split_first()?;
        let definition = source::writing(self.kafka_table(), &self.document.spec.source, self.project);
        let mut objects = vec![self.object(Role::Sink, definition, self.source_clusters())];
        if let Some(over) = &own.distributed {
            let made = table::distributed(own, over, self.comment(), &self.document.directory);
            // Types are those of the Kafka table: nothing is converted on the way to it.
            let made = Definition { columns: self.wire.clone(), ..made };
            objects.push(self.object(Role::Distributed, made, self.source_clusters()));
        }
        for feed in feeds {
            let text = feed.spec.select.clone().unwrap_or_default();
            let reads: Vec<ObjectName> = select::tables(&text).into_iter().collect();
            if reads.is_empty() {
                let place = self.document.spans.at(&format!("{}.select", feed.path));
                let message = "the SELECT names no table with its database: nothing would make it publish";
                let finding = Finding::error("sink/feed-reads", message, place).label("reads nothing");
                findings.push(finding.help("write `FROM database.table`"));
            }
            let definition = view::view(&feed.view, &self.kafka, text, self.comment());
            objects.push(DesiredObject { reads, ..self.object(Role::Feed, definition, self.source_clusters()) });
        }
        let lifecycle = topic::lifecycle(self.document.lifecycle);
        self.topics_are_there(lifecycle.state, findings);
        Some(DesiredPipeline {
            id: self.id,
            topics: Vec::new(),
            writes_topics: self.topics,
            group: self.group,
            start_from: None,
            renamed_from: None,
            objects,
            backfills: Vec::new(),
            consumption: None,
            lifecycle,
        })
    }
}
