//! Objects on a Redis-compatible server.
