//! The shapes of values: what serde makes of types and attributes.
//!
//! Each has a module of its own with the threads and the object that take it, keep it and give it back, as a program
//! would have them; what can be written once for all types is in `places`.

mod attributes;
mod crates;
mod enums;
mod numbers;
mod pairs;
mod standard;

use std::fmt::Debug;
use std::pin::Pin;

use crate::fate::Fate;
use crate::places::{At, Place};

/// Tries a cell of the table.
pub(crate) type Run = for<'a> fn(&'a At<'a>) -> Pin<Box<dyn Future<Output = Fate> + 'a>>;

/// A row of the table.
pub(crate) struct Row {
    pub(crate) shape: &'static str,
    pub(crate) cells: Vec<(Place, Run)>,
}

/// All rows.
pub(crate) fn rows() -> Vec<Row> {
    let parts = [
        numbers::rows,
        standard::rows,
        attributes::rows,
        enums::rows,
        pairs::rows,
        crates::rows,
    ];
    parts.iter().flat_map(|rows| rows()).collect()
}

/// The values are equal and show themselves alike, which tells zeros apart.
fn exact<V: PartialEq + Debug>(a: &V, b: &V) -> bool {
    a == b && shown(a, b)
}

/// The values are equal; their entries may come in another order.
fn equal<V: PartialEq>(a: &V, b: &V) -> bool {
    a == b
}

/// The values show themselves alike: what is not a number is not equal to itself.
fn shown<V: Debug>(a: &V, b: &V) -> bool {
    format!("{a:?}") == format!("{b:?}")
}

/// Shapes: the name of a module, the name in the table, what a value can be besides (`key`: an element of a set and a
/// key of a map and of a sorted one; `hashed`: of the first two; `ordered`: of the last; `value`: nothing), whether it
/// is tried in further places too (`further`), or in atomics alone of them (`atomic`), how values are compared, the type, and samples.
macro_rules! shapes {
    ($($name:ident, $shape:literal, $keys:ident $($further:ident)?, $same:path, $type:ty, [$($sample:expr),+ $(,)?];)+) => {
        $(
            mod $name {
                #[allow(unused_imports, reason = "most shapes need something of it")]
                use super::*;

                pub(super) type Value = $type;

                pub(super) fn values() -> Vec<Value> {
                    vec![$($sample),+]
                }

                fn is(value: &Value, which: usize) -> bool {
                    $same(value, &values()[which])
                }

                /// Whether that sample has arrived.
                #[crucial::cloud_thread]
                pub(super) fn argument(value: Value, which: usize) -> bool {
                    is(&value, which)
                }

                /// That sample.
                #[crucial::cloud_thread]
                pub(super) fn outcome(which: usize) -> Value {
                    values().swap_remove(which)
                }

                $($crate::shapes::fields!($further);)?

                /// Takes samples, gives them, and keeps them.
                #[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
                pub(super) struct Keeper {
                    calls: usize,
                    kept: Vec<Value>,
                }

                #[crucial::shared]
                impl Keeper {
                    pub fn take(&mut self, value: Value, which: usize) -> bool {
                        self.calls += 1;
                        is(&value, which)
                    }

                    pub fn give(&mut self, which: usize) -> Value {
                        self.calls += 1;
                        values().swap_remove(which)
                    }

                    pub fn keep(&mut self, which: usize) {
                        self.calls += 1;
                        self.kept.push(values().swap_remove(which));
                    }
                }

                /// What the object of that name has, to whoever knows only what is stored.
                pub(super) async fn kept(at: &$crate::places::At<'_>, name: &str) -> $crate::places::Kept<Value> {
                    let read = async { KeeperProxy::open(name).await?.snapshot().await };
                    let keeper = at.stranger.scope(read).await?;
                    Ok((keeper.calls, keeper.kept))
                }

                pub(super) async fn exists(name: &str) -> crucial::Result<bool> {
                    match KeeperProxy::open(name).await {
                        Ok(_) => Ok(true),
                        Err(crucial::Error::NotFound { .. }) => Ok(false),
                        Err(error) => Err(error),
                    }
                }

                /// An object of that name that keeps the value, if there is none yet, and what it keeps.
                pub(super) async fn create(
                    at: &$crate::places::At<'_>,
                    name: &str,
                    value: Value,
                ) -> crucial::Result<Vec<Value>> {
                    let keeper = Keeper { calls: 0, kept: vec![value] };
                    KeeperProxy::open_or_create(name, keeper).await?;
                    Ok(kept(at, name).await?.1)
                }
            }
        )+

        pub(super) fn rows() -> Vec<$crate::shapes::Row> {
            vec![$({
                #[allow(unused_mut, reason = "some have no more cells")]
                let mut cells = $crate::shapes::cells!($name, $same);
                $crate::shapes::key_cells!($keys, cells, $name, $same);
                $($crate::shapes::further_cells!($further, cells, $name, $same);)?
                $crate::shapes::Row { shape: $shape, cells }
            }),+]
        }
    };
}

/// One cell that a function of `places` tries.
macro_rules! cell {
    ($place:ident, $function:ident, $name:ident, $same:path) => {{
        let run: $crate::shapes::Run = |at| {
            Box::pin($crate::places::$function::<$name::Value>(
                at,
                $crate::places::Samples {
                    samples: $name::values(),
                    same: $same,
                },
            ))
        };
        ($crate::places::Place::$place, run)
    }};
}

/// One cell in which a user's own code takes the value.
macro_rules! own_cell {
    ($place:ident, $name:ident, $same:path, |$at:ident, $samples:ident| $fate:expr) => {{
        let run: $crate::shapes::Run = |$at| {
            Box::pin(async move {
                let $samples = $crate::places::Samples {
                    samples: $name::values(),
                    same: $same,
                };
                $fate
            })
        };
        ($crate::places::Place::$place, run)
    }};
}

/// The cells that every shape has.
macro_rules! cells {
    ($name:ident, $same:path) => {
        vec![
            $crate::shapes::own_cell!(Argument, $name, $same, |at, samples| {
                $crate::places::thread_argument(at, &samples, async |value, which| {
                    $name::argument::spawn(value, which).await
                })
                .await
            }),
            $crate::shapes::own_cell!(ThreadResult, $name, $same, |at, samples| {
                $crate::places::thread_result(at, &samples, async |which| {
                    $name::outcome::spawn(which).await
                })
                .await
            }),
            $crate::shapes::own_cell!(MethodArgument, $name, $same, |at, samples| {
                let keeper = $name::KeeperProxy::open_or_create(&at.name, Default::default());
                let keeper = keeper.await.unwrap();
                $crate::places::method_argument(
                    at,
                    &samples,
                    async |value, which| keeper.take(value, which).await,
                    async || $name::kept(at, &at.name).await,
                )
                .await
            }),
            $crate::shapes::own_cell!(MethodReply, $name, $same, |at, samples| {
                let keeper = $name::KeeperProxy::open_or_create(&at.name, Default::default());
                let keeper = keeper.await.unwrap();
                $crate::places::method_reply(
                    at,
                    &samples,
                    async |which| keeper.give(which).await,
                    async || $name::kept(at, &at.name).await,
                )
                .await
            }),
            $crate::shapes::own_cell!(State, $name, $same, |at, samples| {
                let keeper = $name::KeeperProxy::open_or_create(&at.name, Default::default());
                let keeper = keeper.await.unwrap();
                $crate::places::state(
                    at,
                    &samples,
                    async |which| keeper.keep(which).await,
                    async || $name::kept(at, &at.name).await,
                    async |name, value| $name::create(at, name, value).await,
                    async |name| $name::exists(name).await,
                )
                .await
            }),
            $crate::shapes::cell!(MapValue, map_value, $name, $same),
        ]
    };
}

/// The cells of shapes that can be keys.
macro_rules! key_cells {
    (key, $cells:ident, $name:ident, $same:path) => {
        $crate::shapes::key_cells!(hashed, $cells, $name, $same);
        $crate::shapes::key_cells!(ordered, $cells, $name, $same);
    };
    (hashed, $cells:ident, $name:ident, $same:path) => {
        $cells.push($crate::shapes::cell!(MapKey, map_key, $name, $same));
    };
    (ordered, $cells:ident, $name:ident, $same:path) => {
        $cells.push($crate::shapes::cell!(SortedKey, sorted_key, $name, $same));
    };
    (value, $cells:ident, $name:ident, $same:path) => {};
}

/// The cells of some shapes, most of which can be elements of sets.
macro_rules! further_cells {
    (atomic, $cells:ident, $name:ident, $same:path) => {
        $cells.extend([
            $crate::shapes::cell!(Atomic, atomic, $name, $same),
            $crate::shapes::cell!(Operand, operand, $name, $same),
        ]);
    };
    (further, $cells:ident, $name:ident, $same:path) => {
        $crate::shapes::further_cells!(atomic, $cells, $name, $same);
        $cells.extend([
            $crate::shapes::cell!(SortedValue, sorted_value, $name, $same),
            $crate::shapes::cell!(List, list, $name, $same),
            $crate::shapes::cell!(Set, set, $name, $same),
            $crate::shapes::cell!(Queue, queue, $name, $same),
            $crate::shapes::cell!(Topic, topic, $name, $same),
            $crate::shapes::cell!(Promise, promise, $name, $same),
            $crate::shapes::cell!(Mutex, mutex, $name, $same),
            $crate::shapes::cell!(Alike, alike, $name, $same),
            $crate::shapes::own_cell!(Field, $name, $same, |at, samples| {
                $crate::places::field(at, &samples, $name::create_fields, $name::read_fields).await
            }),
        ]);
    };
}

/// A shared struct with the value in each kind of field.
macro_rules! fields {
    (atomic) => {};
    (further) => {
        #[crucial::shared]
        pub(super) struct Holder {
            value: crucial::Atomic<Value>,
            option: Option<Value>,
            list: Vec<Value>,
            map: std::collections::HashMap<String, Value>,
            #[shared(local)]
            copy: Value,
        }

        pub(super) async fn create_fields(name: &str, value: Value) -> crucial::Result<()> {
            let init = HolderInit {
                value: value.clone(),
                option: Some(value.clone()),
                list: vec![value.clone()],
                map: [("it".to_owned(), value.clone())].into(),
                copy: value,
            };
            Holder::create(name, init).await.map(drop)
        }

        #[crucial::cloud_thread]
        async fn hold(holder: Holder) -> crucial::Result<Vec<Value>> {
            let mut values = vec![holder.value.load().await?, holder.copy.clone()];
            values.extend(holder.option.load().await?);
            values.extend(holder.list.first().await?);
            values.extend(holder.map.get("it").await?);
            Ok(values)
        }

        pub(super) async fn read_fields(name: &str) -> crucial::Result<Vec<Value>> {
            Ok(hold::spawn(Holder::open(name).await?).await?)
        }
    };
}

use {cell, cells, fields, further_cells, key_cells, own_cell, shapes};
