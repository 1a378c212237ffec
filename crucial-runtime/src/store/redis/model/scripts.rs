//! The scripts that processes send to the server.

use std::sync::{Arc, LazyLock};

use super::super::script::{Script, Scripts};
use crate::object::ObjectType;
use crate::objects::AtomicState;

/// Those that stand alone.
pub(super) const ALONE: [&str; 7] = [
    concat!(
        include_str!("../combine/common.lua"),
        include_str!("../combine/submit.lua")
    ),
    concat!(
        include_str!("../combine/common.lua"),
        include_str!("../combine/commit.lua")
    ),
    concat!(
        include_str!("../combine/common.lua"),
        include_str!("../combine/abandon.lua")
    ),
    include_str!("../combine/install.lua"),
    include_str!("../combine/renew.lua"),
    include_str!("../destroy.lua"),
    include_str!("../forget.lua"),
];

/// What all scripts of methods have in common.
pub(super) const OF_METHODS: &str = include_str!("../../../objects/epilogue.lua");

/// All of them, as a server knows them that has been in use.
pub(super) fn all() -> &'static [Arc<Script>] {
    static ALL: LazyLock<Vec<Arc<Script>>> = LazyLock::new(|| {
        let scripts = Scripts::default();
        let counter = ObjectType::of::<AtomicState>().script;
        let of_methods = counter.map(|methods| scripts.of(methods));
        let alone = ALONE.iter().map(|source| scripts.alone(source));
        alone.chain(of_methods).collect()
    });
    &ALL
}
