//! A Redis-compatible server, a network and processes, simulated: the same seed gives the same run.
//!
//! The [`server`] keeps a [`database`], knows [`command`]s and runs the real [`script`]s; `spec` holds it against a real
//! server. The [`network`] delays, cuts and loses what [`wire`]s send, as the [`trouble`] asks for. Each process is a
//! [`host`], and the [`world`] gives each its turn.

mod command;
mod database;
mod dice;
pub(super) mod doom;
mod host;
mod mutant;
mod network;
mod reply;
mod script;
mod server;
mod spec;
mod trouble;
mod wire;
mod world;

pub(super) use dice::Dice;
pub(super) use host::Clock;
pub(super) use mutant::Mutant;
pub(super) use network::EPOCH_MS;
pub(super) use trouble::{Climate, Trouble};
pub(super) use wire::Socket;
pub(super) use world::World;
