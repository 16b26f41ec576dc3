//! How the statement of a step comes to its hosts.

use super::step::TableAction;
use crate::model::{Definition, Engine, EngineArg, LiveClickHouse, LiveHost, LiveObject, ObjectName, Topology};
use crate::sql::AlterCommand;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// How the statement of a step comes to its hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Reach {
    /// It is sent to each of them.
    #[default]
    EachHost,
    /// It is sent to each of them, and the table has one UUID on all: its path in Keeper holds it, and by the path its
    /// replicas find each other.
    EachAlike {
        /// The UUID.
        uuid: String,
    },
    /// It is sent to some, and a replicated table or database passes it on to the others.
    Passed {
        /// Who gets it: one of the replicas of each table, or one host of the database.
        through: BTreeSet<usize>,
    },
    /// It is sent to one, ON CLUSTER.
    OnCluster(OnCluster),
}

/// A statement that goes ON CLUSTER.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnCluster {
    /// The cluster.
    pub cluster: String,
    /// The host that gets it, by index.
    pub through: usize,
    /// All members as that host calls them (name and TCP port), with their indexes: each has to answer.
    #[serde(with = "pairs")]
    pub members: BTreeMap<(String, u16), usize>,
}

/// A map whose keys are no texts, as a list.
mod pairs {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::collections::BTreeMap;

    type Members = BTreeMap<(String, u16), usize>;

    pub(super) fn serialize<S: Serializer>(members: &Members, serializer: S) -> Result<S::Ok, S::Error> {
        members.iter().collect::<Vec<_>>().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Members, D::Error> {
        Ok(Vec::<((String, u16), usize)>::deserialize(deserializer)?.into_iter().collect())
    }
}

impl Reach {
    /// The cluster that the statement names.
    pub fn cluster(&self) -> Option<&str> {
        match self {
            Reach::EachHost | Reach::EachAlike { .. } | Reach::Passed { .. } => None,
            Reach::OnCluster(on) => Some(&on.cluster),
        }
    }

    /// The UUID that the statement gives.
    pub fn uuid(&self) -> Option<&str> {
        match self {
            Reach::EachHost | Reach::Passed { .. } | Reach::OnCluster(_) => None,
            Reach::EachAlike { uuid } => Some(uuid),
        }
    }
}

/// How an action reaches its hosts. ON CLUSTER is for all members of a cluster at once: what is repaired on one host is
/// sent there alone.
pub(super) fn reach(action: &TableAction, on: &BTreeSet<usize>, topology: &Topology, live: &LiveClickHouse) -> Reach {
    let all = || on_cluster(on, topology, live).map_or(Reach::EachHost, Reach::OnCluster);
    match action {
        TableAction::Copy(_) | TableAction::Fill(_) => Reach::EachHost,
        TableAction::CreateDatabase { .. } | TableAction::Flush { .. } | TableAction::StartMerges { .. } => all(),
        TableAction::Comment { name, .. } => passed_by_database(name, on, live).unwrap_or_else(|| {
            // Under ON CLUSTER one replica of a shard would get it, and a table's comment is copied to no other.
            if is_replicated(name, on, live) { Reach::EachHost } else { all() }
        }),
        TableAction::Alter { name, commands } => passed_by_database(name, on, live).unwrap_or_else(|| {
            let replicated = is_replicated(name, on, live);
            if replicated && commands.iter().all(AlterCommand::is_of_one_replica) {
                return Reach::EachHost;
            }
            let reach = all();
            if replicated && reach == Reach::EachHost { passed_by_table(name, on, live) } else { reach }
        }),
        TableAction::Create(definition) => {
            let reach = passed_by_database(&definition.name, on, live).unwrap_or_else(all);
            match path_holds_uuid(&definition.engine) && reach == Reach::EachHost {
                true => Reach::EachAlike { uuid: uuid(definition, on, live) },
                false => reach,
            }
        }
        TableAction::CreateFillingView(filling) => passed_by_database(&filling.view.name, on, live).unwrap_or_else(all),
        TableAction::ModifyQuery { name, .. }
        | TableAction::Drop { name, .. }
        | TableAction::Exchange { left: name, .. } => passed_by_database(name, on, live).unwrap_or_else(all),
        TableAction::Rename { pairs } => {
            pairs.first().and_then(|(from, _)| passed_by_database(from, on, live)).unwrap_or_else(all)
        }
    }
}

/// The first of the project's clusters whose members are these hosts, all of which were read.
fn on_cluster(on: &BTreeSet<usize>, topology: &Topology, live: &LiveClickHouse) -> Option<OnCluster> {
    let Topology::OnCluster { cluster: first } = topology else { return None };
    let through = *on.first()?;
    let host = live.hosts.get(through)?;
    let others = host.clusters.keys().filter(|cluster| *cluster != first);
    let whole = |cluster: &String| {
        let members: Vec<_> = host.members.iter().filter(|m| m.cluster == *cluster).collect();
        let found: BTreeMap<(String, u16), usize> = members
            .iter()
            .filter_map(|m| {
                let at = live.hosts.iter().position(|h| h.clusters.get(cluster) == Some(&m.place))?;
                Some(((m.name.clone(), m.port), at))
            })
            .collect();
        let reached: BTreeSet<usize> = found.values().copied().collect();
        (found.len() == members.len() && reached == *on).then(|| (cluster.clone(), found))
    };
    let (cluster, members) = std::iter::once(first).chain(others).find_map(whole)?;
    Some(OnCluster { cluster, through, members })
}

/// A database of the engine Replicated passes every statement about its tables on, and refuses ON CLUSTER.
fn passed_by_database(name: &ObjectName, on: &BTreeSet<usize>, live: &LiveClickHouse) -> Option<Reach> {
    let replicated = |h: &LiveHost| h.database_engines.get(&name.database).is_some_and(|e| e == "Replicated");
    let all: BTreeSet<usize> = (0..live.hosts.len()).filter(|h| replicated(&live.hosts[*h])).collect();
    (!all.is_empty() && all == *on).then(|| Reach::Passed { through: all.first().copied().into_iter().collect() })
}

/// A replicated table copies an ALTER to its other replicas.
fn passed_by_table(name: &ObjectName, on: &BTreeSet<usize>, live: &LiveClickHouse) -> Reach {
    let mut replicas: BTreeMap<String, usize> = BTreeMap::new();
    for host in on {
        let Some(path) = live.hosts.get(*host).and_then(|server| path(name, server)) else { return Reach::EachHost };
        replicas.entry(path).or_insert(*host);
    }
    let through: BTreeSet<usize> = replicas.into_values().collect();
    if through == *on { Reach::EachHost } else { Reach::Passed { through } }
}

fn is_replicated(name: &ObjectName, on: &BTreeSet<usize>, live: &LiveClickHouse) -> bool {
    let engine = |host: &usize| live.hosts.get(*host)?.objects.get(name).map(|o| &o.definition.engine);
    on.iter().filter_map(engine).any(Engine::is_replicated)
}

/// The path that a server takes where none is given, unless its configuration says otherwise (`default_replica_path`).
const DEFAULT_PATH: &str = "/clickhouse/tables/{uuid}/{shard}";

fn path_holds_uuid(engine: &Engine) -> bool {
    engine.is_replicated() && written_path(engine).contains("{uuid}")
}

fn written_path(engine: &Engine) -> &str {
    match engine.replicated_args().0.first() {
        Some(EngineArg::Text(path)) => path,
        Some(EngineArg::Named(..) | EngineArg::Expression(_)) | None => DEFAULT_PATH,
    }
}

/// The UUID of the replicas that stay, or one that no table of the project has or had when it was read.
fn uuid(definition: &Definition, on: &BTreeSet<usize>, live: &LiveClickHouse) -> String {
    let others = (0..live.hosts.len()).filter(|host| !on.contains(host));
    let stands = |host: usize| live.hosts[host].objects.get(&definition.name);
    let same = |found: &&LiveObject| found.definition.engine.is_replicated();
    if let Some(found) = others.filter_map(stands).find(same) {
        return found.uuid.clone();
    }
    let taken: BTreeSet<&str> = live.hosts.iter().flat_map(|h| h.objects.values()).map(|o| o.uuid.as_str()).collect();
    let mut hash = Sha256::new_with_prefix(definition.name.to_string());
    taken.iter().for_each(|uuid| hash.update(uuid));
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.finalize()).for_each(|(byte, hashed)| *byte = hashed);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The path in Keeper that the replicas of a table share.
fn path(name: &ObjectName, host: &LiveHost) -> Option<String> {
    let found = host.objects.get(name)?;
    let mut path = written_path(&found.definition.engine).to_owned();
    let own = [("uuid", found.uuid.as_str()), ("database", &name.database), ("table", &name.table)];
    let macros = host.macros.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in own.into_iter().chain(macros) {
        path = path.replace(&format!("{{{name}}}"), value);
    }
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::create::parse_create;
    use crate::model::{Census, ClusterMember, LiveObject};

    const ALL: [usize; 4] = [0, 1, 2, 3];

    /// Four hosts, two shards of two replicas; the first two are the cluster `half` as well.
    fn live(engine: &str) -> LiveClickHouse {
        let member = |cluster: &str, n: u32| ClusterMember {
            cluster: cluster.into(),
            place: (n.div_ceil(2), 2 - n % 2),
            name: format!("ch{n}"),
            address: format!("10.0.0.{n}"),
            port: 9000,
        };
        let mut members: Vec<ClusterMember> = (1..=4).map(|n| member("dwh", n)).collect();
        members.extend((1..=2).map(|n| member("half", n)));
        let statement = format!("CREATE TABLE d.t (a Int8) ENGINE = {engine} ORDER BY a");
        let table = LiveObject {
            definition: parse_create(&statement).expect("a statement"),
            uuid: "0-1".into(),
            readers: Vec::new(),
        };
        let host = |n: u32| LiveHost {
            name: format!("ch{n}:8123"),
            clusters: members
                .iter()
                .filter(|m| m.name == format!("ch{n}"))
                .map(|m| (m.cluster.clone(), m.place))
                .collect(),
            members: members.clone(),
            macros: BTreeMap::from([("shard".to_owned(), n.div_ceil(2).to_string())]),
            database_engines: BTreeMap::from([("d".to_owned(), "Atomic".to_owned())]),
            objects: BTreeMap::from([(ObjectName::new("d", "t"), table.clone())]),
            ..LiveHost::default()
        };
        LiveClickHouse { hosts: (1..=4).map(host).collect(), census: Census::default() }
    }

    fn on_cluster() -> Topology {
        Topology::OnCluster { cluster: "dwh".into() }
    }

    fn per_host() -> Topology {
        Topology::PerHost { cluster: "dwh".into() }
    }

    fn drop() -> TableAction {
        TableAction::Drop { name: ObjectName::new("d", "t"), is_view: false, sync: true }
    }

    fn alter(command: AlterCommand) -> TableAction {
        TableAction::Alter { name: ObjectName::new("d", "t"), commands: vec![command] }
    }

    fn column() -> TableAction {
        alter(AlterCommand::DropColumn("b".into()))
    }

    fn settings() -> TableAction {
        alter(AlterCommand::ResetSettings(BTreeSet::from(["merge_max_block_size".to_owned()])))
    }

    fn comment() -> TableAction {
        TableAction::Comment { name: ObjectName::new("d", "t"), comment: "c".into(), adopts: false }
    }

    /// `each`, `by 0,2`, or `dwh through 0 (4)`.
    fn reached(action: &TableAction, on: &[usize], topology: &Topology, live: &LiveClickHouse) -> String {
        match reach(action, &on.iter().copied().collect(), topology, live) {
            Reach::EachHost => "each".into(),
            Reach::EachAlike { uuid } => format!("each as {uuid}"),
            Reach::Passed { through } => {
                format!("by {}", through.iter().map(usize::to_string).collect::<Vec<_>>().join(","))
            }
            Reach::OnCluster(on) => format!("{} through {} ({})", on.cluster, on.through, on.members.len()),
        }
    }

    #[test]
    fn all_members_of_a_cluster_are_reached_through_one_and_some_each_by_itself() {
        let live = live("MergeTree");
        assert_eq!(reached(&drop(), &ALL, &on_cluster(), &live), "dwh through 0 (4)");
        assert_eq!(reached(&drop(), &[0, 1], &on_cluster(), &live), "half through 0 (2)");
        assert_eq!(reached(&drop(), &[2, 3], &on_cluster(), &live), "each");
        assert_eq!(reached(&drop(), &[1], &on_cluster(), &live), "each");
        assert_eq!(reached(&drop(), &ALL, &per_host(), &live), "each");
        assert_eq!(reached(&column(), &ALL, &on_cluster(), &live), "dwh through 0 (4)");
    }

    #[test]
    fn a_cluster_with_a_member_that_was_not_read_is_not_named() {
        let mut three = live("MergeTree");
        three.hosts.pop();
        assert_eq!(reached(&drop(), &[0, 1, 2], &on_cluster(), &three), "each");
        assert_eq!(reached(&drop(), &[0, 1], &on_cluster(), &three), "half through 0 (2)");
    }

    #[test]
    fn a_replicated_table_passes_on_what_its_replicas_share() {
        let sharded = live("ReplicatedMergeTree('/t/{shard}/{database}/{table}', '{replica}')");
        assert_eq!(reached(&column(), &ALL, &per_host(), &sharded), "by 0,2");
        assert_eq!(reached(&column(), &[1, 3], &per_host(), &sharded), "each");
        assert_eq!(reached(&column(), &ALL, &on_cluster(), &sharded), "dwh through 0 (4)");
        assert_eq!(reached(&drop(), &ALL, &per_host(), &sharded), "each");
        // Every host is a replica of one table.
        assert_eq!(reached(&column(), &ALL, &per_host(), &live("ReplicatedMergeTree('/t/all', '{replica}')")), "by 0");
        assert_eq!(reached(&column(), &ALL, &per_host(), &live("ReplicatedMergeTree")), "by 0,2");
    }

    #[test]
    fn what_each_replica_keeps_for_itself_goes_to_each() {
        let live = live("ReplicatedMergeTree('/t/{shard}', '{replica}')");
        for action in [settings(), comment()] {
            assert_eq!(reached(&action, &ALL, &on_cluster(), &live), "each", "{action:?}");
        }
    }

    fn create(name: &str, engine: &str) -> TableAction {
        let statement = format!("CREATE TABLE d.{name} (a Int8) ENGINE = {engine} ORDER BY a");
        TableAction::Create(Box::new(parse_create(&statement).expect("a statement")))
    }

    #[test]
    fn replicas_whose_path_holds_the_uuid_are_made_with_one() {
        const WITH: &str = "ReplicatedMergeTree('/t/{shard}/{uuid}', '{replica}')";
        let mut live = live(WITH);
        let alike = |action: &TableAction, on: &[usize], live: &LiveClickHouse| reached(action, on, &per_host(), live);
        // The table of the other hosts is joined.
        assert_eq!(alike(&create("t", WITH), &[1], &live), "each as 0-1");
        // All are made anew: the old path may still be in use.
        let anew = alike(&create("t", WITH), &ALL, &live);
        assert!(anew.starts_with("each as ") && !anew.contains("0-1"), "{anew}");
        assert_ne!(alike(&create("u", "ReplicatedMergeTree"), &ALL, &live), anew);
        for host in &mut live.hosts {
            host.objects.clear();
        }
        assert_ne!(alike(&create("t", WITH), &ALL, &live), anew);
        assert_eq!(alike(&create("t", "ReplicatedMergeTree('/t/{shard}/t', '{replica}')"), &ALL, &live), "each");
        assert_eq!(alike(&create("t", "MergeTree"), &ALL, &live), "each");
        // ON CLUSTER the server that passes it on gives one.
        assert_eq!(reached(&create("t", WITH), &ALL, &on_cluster(), &live), "dwh through 0 (4)");
    }

    #[test]
    fn a_replicated_database_passes_everything_on_and_is_never_told_of_a_cluster() {
        let mut live = live("ReplicatedMergeTree");
        for host in &mut live.hosts {
            host.database_engines.insert("d".into(), "Replicated".into());
        }
        for action in [drop(), column(), comment()] {
            assert_eq!(reached(&action, &ALL, &on_cluster(), &live), "by 0", "{action:?}");
            assert_eq!(reached(&action, &ALL, &per_host(), &live), "by 0", "{action:?}");
        }
        let flush = TableAction::Flush { name: ObjectName::new("d", "t") };
        assert_eq!(reached(&flush, &ALL, &per_host(), &live), "each");
    }
}
