//! The guide: what the objects promise, which to choose, and what they cost.

#[doc = include_str!("../docs/choosing.md")]
pub mod choosing {}

#[doc = include_str!("../docs/consistency.md")]
pub mod consistency {}

#[doc = include_str!("../docs/cost.md")]
pub mod cost {}
