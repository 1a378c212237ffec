//! The tests of this package are the programs in `fail` and `pass`.
