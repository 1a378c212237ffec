//! The guide: what the objects promise, which to choose, which values they take, what they cost, and what to do when
//! something fails or is stuck.

#[doc = include_str!("../docs/choosing.md")]
pub mod choosing {}

#[doc = include_str!("../docs/consistency.md")]
pub mod consistency {}

#[doc = include_str!("../docs/cost.md")]
pub mod cost {}

#[doc = include_str!("../docs/failed.md")]
pub mod failed {}

#[doc = include_str!("../docs/moving.md")]
pub mod moving {}

#[doc = include_str!("../docs/stuck.md")]
pub mod stuck {}

#[doc = include_str!("../docs/values.md")]
pub mod values {}
