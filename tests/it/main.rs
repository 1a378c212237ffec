//! The tests that span the whole project, in one program.

mod bad_input;
mod dead_threads;
mod exactly_once;
mod examples;
mod fixtures;
mod invariants;
mod old_server;
mod parties;
mod persistent;
mod poison;
mod quiet;
mod readme;
mod stores;
mod walks;
mod ways;
