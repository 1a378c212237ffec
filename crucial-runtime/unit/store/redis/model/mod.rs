//! The model test: many short programs on a simulated network, each of which must keep what the store promises.
//!
//! A seed gives a [`plan`]: processes, what their tasks do, what goes wrong. A [`schedule`] runs it on the simulation and
//! writes a [`history`], which is then held against the final state of the [`ledger`] that the calls were made on. The
//! [`mutants`] are mistakes that the test must find.
//!
//! A schedule that fails is printed with its seed; `CRUCIAL_MODEL_SEED=<seed>` runs it alone and prints its messages.

mod client;
mod history;
mod ledger;
mod mutants;
mod plan;
mod schedule;
mod scripts;
mod tests;
