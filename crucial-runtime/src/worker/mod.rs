//! The far side: runs tasks.

mod run;

pub(crate) use run::run;
