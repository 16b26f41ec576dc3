//! Making a plan while somebody watches and may interrupt.

use super::interrupt::Interrupts;
use super::progress;
use super::report::{Exit, Failure};
use super::settings::Settings;
use crate::client::Servers;
use crate::compile::Compiled;
use crate::plan::Policy;
use crate::reconcile::{self, Prepared, ReconcileError};

/// Reads the servers and makes the plan.
///
/// # Errors
/// What could not be read, a guard that forbids it, or an interruption.
pub(super) async fn prepare(
    compiled: &Compiled,
    servers: &Servers,
    policy: &Policy,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Prepared, Failure> {
    let work = reconcile::prepare(compiled, servers, settings.environment.as_deref(), policy);
    let watched = progress::watched("reading Kafka and ClickHouse", settings.err, work);
    interrupts.or(watched).await?.map_err(failure)
}

/// Reads the servers again, for a plan that was shown a while ago.
///
/// # Errors
/// It is another plan now; else as [`prepare`].
pub(super) async fn same(
    compiled: &Compiled,
    servers: &Servers,
    policy: &Policy,
    shown: Prepared,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<Prepared, Failure> {
    let now = prepare(compiled, servers, policy, settings, interrupts).await?;
    if now.plan == shown.plan && now.urls == shown.urls {
        return Ok(now);
    }
    let moved = "the servers moved while you were reading: the plan is no longer the one that was shown";
    Err(Failure::new(Exit::Blocked, moved).hint("nothing was changed; apply again and read the new plan"))
}

/// Waits for what an apply that was killed has left running.
///
/// # Errors
/// A host that does not answer, or an interruption.
pub(super) async fn settle(
    compiled: &Compiled,
    servers: &Servers,
    settings: &Settings,
    interrupts: &mut Interrupts,
) -> Result<(), Failure> {
    let work = reconcile::settle(compiled, servers);
    let watched = progress::watched("waiting for statements of an earlier apply that still run", settings.err, work);
    interrupts.or(watched).await?.map_err(failure)
}

fn failure(error: ReconcileError) -> Failure {
    let exit = match error {
        ReconcileError::WrongCluster { .. } => Exit::Blocked,
        ReconcileError::Observe(_) | ReconcileError::Order(_) => Exit::Failed,
    };
    Failure::new(exit, error)
}
