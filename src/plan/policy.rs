//! What the user asked for and allowed.

use super::{Hazard, Plan};
use crate::model::ResourceId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The wishes behind a plan.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Policy {
    /// Hazards that are allowed.
    pub allow: Vec<Allowance>,
    /// Resources to drop and make again.
    pub recreate: BTreeSet<ResourceId>,
    /// Only these; empty means all.
    pub only: BTreeSet<ResourceId>,
    /// Resources whose manifest itself allows deletion.
    pub deletion_allowed: BTreeSet<ResourceId>,
    /// Resources whose manifest itself says where their group begins.
    pub start_declared: BTreeSet<ResourceId>,
    /// Hosts that may stay away, as `host:port` or by their name alone.
    pub unreachable: BTreeSet<String>,
    /// Resources that no manifest has any more and that are to go.
    pub pruned: BTreeSet<ResourceId>,
    /// The day of the plan: kept tables carry theirs in their names.
    pub today: jiff::civil::Date,
}

/// `HAZARD` or `HAZARD:KIND/NAME`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    /// What is allowed.
    pub hazard: Hazard,
    /// For which resource; `None` for all.
    pub resource: Option<ResourceId>,
}

impl Allowance {
    /// Reads `HAZARD[:KIND/NAME]`.
    ///
    /// # Errors
    /// In words, naming what is known.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (hazard, resource) = match text.split_once(':') {
            Some((hazard, resource)) => (hazard, Some(resource)),
            None => (text, None),
        };
        let known = || Hazard::ALL.map(Hazard::as_str).join(", ");
        let hazard =
            Hazard::parse(hazard).ok_or_else(|| format!("no hazard is called `{hazard}`; there are: {}", known()))?;
        let resource = match resource {
            Some(r) => Some(ResourceId::parse(r).ok_or_else(|| format!("`{r}` is no KIND/NAME"))?),
            None => None,
        };
        Ok(Self { hazard, resource })
    }
}

impl Policy {
    /// Whether a hazard of a resource may be taken.
    pub fn allows(&self, hazard: Hazard, resource: &ResourceId) -> bool {
        let named = |a: &Allowance| a.hazard == hazard && a.resource.as_ref().is_none_or(|r| r == resource);
        let by_manifest = match hazard {
            Hazard::DeletesData | Hazard::RecreatesTopic => self.deletion_allowed.contains(resource),
            Hazard::ReplaysMessages | Hazard::SkipsMessages => self.start_declared.contains(resource),
            Hazard::ChangesKeyMapping
            | Hazard::ShortensRetention
            | Hazard::PausesIngestion
            | Hazard::BreaksReaders
            | Hazard::MayDuplicate
            | Hazard::CopiesData
            | Hazard::ReshardsNewRowsOnly
            | Hazard::MissesRows => false,
        };
        !hazard.needs_consent() || by_manifest || self.allow.iter().any(named)
    }

    /// Hazards of the plan that nobody allowed.
    pub fn missing(&self, plan: &Plan) -> Vec<(Hazard, ResourceId)> {
        plan.hazards().into_iter().filter(|(h, r)| !self.allows(*h, r)).collect()
    }

    /// Whether a plan goes on without a host that was not read.
    pub fn leaves_out(&self, host: &str) -> bool {
        let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
        [host, name].into_iter().any(|n| self.unreachable.contains(n))
    }

    /// Whether a resource is part of the plan.
    pub fn includes(&self, resource: &ResourceId) -> bool {
        self.only.is_empty() || self.only.contains(resource)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;

    #[test]
    fn a_host_is_left_out_by_its_address_or_its_name() {
        let policy = |host: &str| Policy { unreachable: BTreeSet::from([host.to_owned()]), ..Policy::default() };
        assert!(policy("ch4:8123").leaves_out("ch4:8123"));
        assert!(policy("ch4").leaves_out("ch4:8123"));
        assert!(!policy("ch4:9000").leaves_out("ch4:8123"));
        assert!(!policy("ch").leaves_out("ch4:8123"));
    }

    #[test]
    fn consent_is_by_name_and_may_be_narrowed() {
        let (a, b) = (ResourceId::new(Kind::Topic, "a"), ResourceId::new(Kind::Topic, "b"));
        let narrow = Allowance::parse("changes-key-mapping:Topic/a").unwrap();
        let policy = Policy { allow: vec![narrow], ..Policy::default() };
        assert!(policy.allows(Hazard::ChangesKeyMapping, &a));
        assert!(!policy.allows(Hazard::ChangesKeyMapping, &b));
        assert!(!policy.allows(Hazard::DeletesData, &a));
        assert!(policy.allows(Hazard::PausesIngestion, &b));
        let by_manifest = Policy { deletion_allowed: BTreeSet::from([a.clone()]), ..Policy::default() };
        assert!(by_manifest.allows(Hazard::DeletesData, &a));
        assert!(!by_manifest.allows(Hazard::ShortensRetention, &a));
        assert!(Allowance::parse("deletes-dta").unwrap_err().contains("deletes-data"));
        assert!(Allowance::parse("deletes-data:a").is_err());
    }
}
