//! The scripts that processes send to the server.

use std::sync::{Arc, LazyLock};

use super::super::script::{Script, Scripts};
use crate::object::ObjectType;
use crate::objects::AtomicState;

/// Those that stand alone.
pub(super) const ALONE: [&str; 8] = [
    concat!(
        include_str!("../../../../src/store/redis/combine/common.lua"),
        include_str!("../../../../src/store/redis/combine/submit.lua")
    ),
    concat!(
        include_str!("../../../../src/store/redis/combine/common.lua"),
        include_str!("../../../../src/store/redis/combine/commit.lua")
    ),
    concat!(
        include_str!("../../../../src/store/redis/combine/common.lua"),
        include_str!("../../../../src/store/redis/combine/abandon.lua")
    ),
    include_str!("../../../../src/store/redis/combine/install.lua"),
    include_str!("../../../../src/store/redis/combine/renew.lua"),
    include_str!("../../../../src/store/redis/destroy.lua"),
    include_str!("../../../../src/store/redis/expire.lua"),
    include_str!("../../../../src/store/redis/forget.lua"),
];

/// What all scripts of methods have in common.
pub(super) const OF_METHODS: &str = include_str!("../../../../src/objects/epilogue.lua");

/// What all scripts begin with.
pub(super) const RECORD: &str = include_str!("../../../../src/store/redis/record.lua");

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
