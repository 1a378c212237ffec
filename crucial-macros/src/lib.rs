//! The attributes of Crucial. Their documentation stands on their re-exports in the crate `crucial`.
