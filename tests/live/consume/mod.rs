//! `sluice consume` as it is run: each message once, whatever is killed, stopped or refused.

mod bad;
mod killed;
mod restarted;
mod shared_group;
mod world;
