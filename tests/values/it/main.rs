//! Which values travel and are kept: the same, or refused with a reason; nowhere another one.

mod corpus;
mod deep;
mod evolution;
mod fate;
mod places;
mod property;
mod refusals;
mod shapes;
mod stage;
mod table;
