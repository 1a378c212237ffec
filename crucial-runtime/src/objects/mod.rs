//! The library of shared objects: one file an object, its server script beside it.
