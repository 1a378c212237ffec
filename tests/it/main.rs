//! The tests that span the whole project, in one program.

mod bad_input;
mod fixtures;
mod old_server;
mod readme;
