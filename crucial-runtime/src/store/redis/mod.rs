//! Objects on a Redis-compatible server.
//!
//! Data flow: the [`store`] finds the object's [`lane`]; the lane batches the calls of this process that one [`engine`]
//! serves; the batch is sent as [commands](native) of the server, as one [script](scripted) call, or as one commit of the
//! [combining](combine) engine; [`core`] sends it until the server has answered; [`link`] keeps the connection that calls
//! share, and [`subscriptions`] one of their own, each [renewed] when it breaks; a [`wire`] is such a connection.

mod acquaintance;
mod admin;
mod answer;
mod capabilities;
mod clock;
mod combine;
mod core;
mod description;
mod engine;
mod entry;
mod fault;
mod folding;
mod gather;
mod jobs;
mod lane;
mod limits;
mod link;
mod loss;
#[cfg(test)]
#[path = "../../../unit/store/redis/model/mod.rs"]
mod model;
mod names;
mod native;
mod objects;
mod operation;
mod options;
mod process;
mod queue;
mod records;
mod registration;
mod removal;
mod renewed;
mod scan;
mod script;
mod scripted;
mod sent;
#[cfg(test)]
#[path = "../../../unit/store/redis/sim/mod.rs"]
mod sim;
mod store;
mod subscriptions;
mod terms;
mod times;
mod value;
mod wire;

pub(crate) use self::options::Options;
pub(crate) use self::store::RedisStore;
