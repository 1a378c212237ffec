//! The checker: histories known to be good or bad, any small histories, and recorded ones.

mod brute;
mod busy;
mod clock;
mod doubt;
mod known;
mod recorded;
