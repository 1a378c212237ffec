//! The tests that span the whole project, in one program.

mod fixtures;
