//! Processes that share objects, while connections are cut, and the server and they are frozen or killed.

mod client;
mod exactly_once;
mod histories;
