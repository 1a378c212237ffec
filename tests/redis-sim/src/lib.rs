//! A Redis-compatible server, a network and processes, simulated: the same seed gives the same run.
//!
//! The `server` keeps a `database`, knows `command`s and runs the real `script`s; the runtime's tests hold it against a
//! real server. The `network` delays, cuts and loses what `wire`s send, as the [`Trouble`] asks for. Each process is a
//! `host`, and the [`World`] gives each its turn.

mod command;
mod database;
mod dice;
pub mod doom;
mod host;
mod mutant;
mod network;
mod reply;
mod script;
mod server;
mod trouble;
mod wire;
mod world;

pub use dice::Dice;
pub use host::Clock;
pub use mutant::Mutant;
pub use network::EPOCH_MS;
pub use server::Server;
pub use trouble::{Climate, Trouble};
pub use wire::{Established, Pushes, Socket};
pub use world::World;
