//! What may go wrong in a simulation.

/// One thing that goes wrong, for whoever sent the request that is about to be executed. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::redis) enum Trouble {
    /// The connection is cut. Of what is on its way to the server, so many parts still arrive, so much later.
    Cut { arriving: usize, late: u64 },
    /// The server closes the connection; the client hears of it after so long, and loses what it sends meanwhile.
    Closed { heard_after: u64 },
    /// The process stands still for so long; its connection may break meanwhile.
    Freeze { life: u64, cut: bool },
    /// The process dies. Of what is on its way to the server, so many parts still arrive, so much later.
    Death { arriving: usize, late: u64 },
    /// The server stands still for so long.
    Pause(u64),
    /// Nothing of the process reaches the server or comes back for so long, and nobody is told.
    Silence(u64),
    /// The server has no memory to spare for so long.
    Full(u64),
    /// The server forgets its scripts.
    Forget,
}

/// How rough a simulation is.
#[derive(Debug, Clone, Default)]
pub(in crate::store::redis) struct Climate {
    /// What goes wrong, by the number of the part of a request that is about to be executed.
    pub(in crate::store::redis) troubles: Vec<(u64, Trouble)>,
    /// Of a thousand messages, how many take 3 to 20 ms instead of one or two.
    pub(in crate::store::redis) slow: u64,
    /// How many take up to 800 ms.
    pub(in crate::store::redis) very_slow: u64,
    /// How many requests of several commands arrive in two parts.
    pub(in crate::store::redis) split: u64,
    /// How many announcements get lost.
    pub(in crate::store::redis) lost_pushes: u64,
    /// Whether the server is too old for functions.
    pub(in crate::store::redis) without_functions: bool,
    /// Whether the server has no scripts yet.
    pub(in crate::store::redis) new_server: bool,
}
