//! `sluice consume` as it is run: each message once, whatever is killed, stopped or refused.

mod bad;
mod ends;
mod killed;
mod options;
mod restarted;
mod shared_group;
mod world;
