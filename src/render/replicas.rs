//! How many replicas the partitions of a topic have.

use std::collections::BTreeMap;

/// `3`, or `3, but 2 on partitions 4, 7` where they differ: most of them first. Three in a row are `4 to 6`.
pub(super) fn replicas(of_partitions: &[usize]) -> String {
    let mut partitions: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (partition, replicas) in of_partitions.iter().enumerate() {
        partitions.entry(*replicas).or_default().push(partition);
    }
    // Of several that are as frequent the largest: the others lack something.
    let most = partitions.iter().max_by_key(|(_, p)| p.len()).map_or(0, |(replicas, _)| *replicas);
    let others = partitions.iter().filter(|(replicas, _)| **replicas != most).map(|(replicas, partitions)| {
        let s = if partitions.len() == 1 { "" } else { "s" };
        format!("{replicas} on partition{s} {}", listed(partitions))
    });
    let others: Vec<String> = others.collect();
    if others.is_empty() { most.to_string() } else { format!("{most}, but {}", others.join(" and ")) }
}

fn listed(numbers: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            Some(_) | None => ranges.push((*number, *number)),
        }
    }
    let shown = |(first, last): &(usize, usize)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    };
    ranges.iter().map(shown).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_that_differ_are_named() {
        assert_eq!(replicas(&[1, 1, 1]), "1");
        assert_eq!(replicas(&[3, 3, 3, 3, 2, 3, 3, 2]), "3, but 2 on partitions 4, 7");
        assert_eq!(replicas(&[3, 1]), "3, but 1 on partition 1");
        assert_eq!(replicas(&[3, 2, 2, 2, 3, 3, 3, 1, 1]), "3, but 1 on partitions 7, 8 and 2 on partitions 1 to 3");
    }
}
