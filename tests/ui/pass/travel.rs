//! Types that travel though they are called as others that do not.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

const N: usize = 2;

/// A user's own.
#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
struct Cell<T>(T);

#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
struct Arc {
    radius: f64,
    angle: f64,
}

#[derive(Clone, Default, PartialEq, Debug, Serialize, Deserialize)]
struct AtomicU64(u64);

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Weights<const K: usize>(#[serde(with = "rows")] [f64; K]);

mod rows {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(crate) fn serialize<S: Serializer, const K: usize>(
        rows: &[f64; K],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        rows.as_slice().serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const K: usize>(
        deserializer: D,
    ) -> Result<[f64; K], D::Error> {
        let rows = Vec::deserialize(deserializer)?;
        rows.try_into()
            .map_err(|_| serde::de::Error::custom("as many"))
    }
}

/// A generic type of a user's, whose own bounds stay what they are.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
struct Tagged<T, U: ?Sized> {
    value: T,
    tag: PhantomData<U>,
}

mod text {
    pub(crate) type Owned = std::borrow::Cow<'static, str>;
}

#[crucial::cloud_thread]
fn own(
    cell: Cell<AtomicU64>,
    arc: Vec<Arc>,
    weights: Weights<N>,
    tagged: Tagged<u8, str>,
    text: text::Owned,
    numbers: std::boxed::Box<[u8]>,
) -> Option<(Cell<AtomicU64>, Vec<Arc>, Weights<N>, [u8; N])> {
    let _ = (tagged, text, numbers);
    Some((cell, arc, weights, [1; N]))
}

#[crucial::cloud_thread]
async fn ours(
    mutex: crucial::Mutex<Vec<u8>>,
    condvar: crucial::Condvar,
    barriers: Vec<crucial::Barrier>,
    lock: crucial::RwLock<u8>,
    queue: crucial::Queue<Cell<u8>>,
) -> Result<u8, std::sync::Arc<str>> {
    let _ = (condvar, barriers, lock, queue);
    mutex
        .lock()
        .await
        .map_err(|error| error.to_string().into())
        .map(|guard| guard[0])
}

#[derive(Clone, Default, Serialize, Deserialize)]
struct Tally(u64);

#[crucial::shared]
impl Tally {
    pub fn add(&mut self, cell: Cell<u64>) -> Tagged<Vec<Cell<u64>>, [u8]> {
        self.0 += cell.0;
        Tagged {
            value: vec![Cell(self.0)],
            tag: PhantomData,
        }
    }
}

#[crucial::shared]
struct State {
    cells: Vec<Cell<u8>>,
    mutex: crucial::Mutex<u8>,
    barrier: crucial::Barrier,
    tally: Tally,
    #[shared(local)]
    arc: Arc,
}

/// Closures may stand in generic functions.
fn generic<T: Default>() -> T {
    let _ = crucial::cloud_closure!(|cell: Cell<u8>| -> Cell<u8> { cell });
    let _ = crucial::cloud_closure!(|cell: Cell<u8>| async move { Ok::<_, String>(vec![cell]) });
    T::default()
}

#[crucial::main]
async fn main() -> crucial::Result<()> {
    generic::<u8>();
    let init = StateInit {
        barrier: 1,
        mutex: 7,
        ..StateInit::default()
    };
    let state = State::create("state", init).await?;
    let spawned = own::spawn(
        Cell(AtomicU64(1)),
        vec![Arc::default()],
        Weights([1.0; N]),
        Tagged {
            value: 1,
            tag: PhantomData,
        },
        "text".into(),
        Box::new([1]),
    );
    let (cell, ..) = spawned.await?.expect("some");
    assert_eq!(cell, Cell(AtomicU64(1)));
    assert_eq!(state.tally.add(Cell(2)).await?.value, [Cell(2)]);
    let _ = ours::task;
    Ok(())
}
