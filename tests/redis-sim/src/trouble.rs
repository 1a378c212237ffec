//! What may go wrong in a simulation.

/// One thing that goes wrong, for whoever sent the request that is about to be executed. Times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The connection is cut. Of what is on its way to the server, so many parts still arrive, so much later.
    Cut {
        /// How many parts.
        arriving: usize,
        /// How much later.
        late: u64,
    },
    /// The server closes the connection; the client hears of it after so long, and loses what it sends meanwhile.
    Closed {
        /// After how long.
        heard_after: u64,
    },
    /// The server closes the connection of the process that hears announcements; the client hears of it after so long.
    Deaf {
        /// After how long.
        heard_after: u64,
    },
    /// The process stands still for so long; its connection may break meanwhile.
    Freeze {
        /// For how long.
        life: u64,
        /// Whether its connection breaks.
        cut: bool,
    },
    /// The process dies. Of what is on its way to the server, so many parts still arrive, so much later.
    Death {
        /// How many parts.
        arriving: usize,
        /// How much later.
        late: u64,
    },
    /// The server stands still for so long.
    Pause(u64),
    /// Nothing of the process reaches the server or comes back for so long, and nobody is told.
    Silence(u64),
    /// The server has no memory to spare for so long.
    Full(u64),
    /// The server evicts all keys with a time to live.
    Evict,
    /// The server forgets its scripts.
    Forget,
}

/// How rough a simulation is.
#[derive(Debug, Clone, Default)]
pub struct Climate {
    /// What goes wrong, by the number of the part of a request that is about to be executed.
    pub troubles: Vec<(u64, Trouble)>,
    /// Of a thousand messages, how many take 3 to 20 ms instead of one or two.
    pub slow: u64,
    /// How many take up to 800 ms.
    pub very_slow: u64,
    /// How many requests of several commands arrive in two parts.
    pub split: u64,
    /// How many announcements get lost.
    pub lost_pushes: u64,
    /// Whether the server is too old for functions.
    pub without_functions: bool,
    /// Whether the server has no scripts yet.
    pub new_server: bool,
}
