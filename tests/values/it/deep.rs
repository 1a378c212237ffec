//! Values that are nested deeply: the same, or refused; never kept and unreadable, and no stack overflows.

use std::collections::BTreeMap;
use std::collections::HashMap;

use crucial::{Atomic, Map, Portable};
use serde::{Deserialize, Serialize};

use crate::fate::Reason;
use crate::stage::{Stage, Store};

/// So many links every value may have, whatever its type.
const ALWAYS: usize = 100;
/// Each is tried with so many links: also around where formats and servers have their limits.
const LENGTHS: [usize; 13] = [
    1, 99, ALWAYS, 199, 200, 398, 399, 400, 1_000, 1_024, 1_025, 10_000, 100_000,
];
/// So many links of a type that is dropped link within link have room on a small stack.
const DROPPED: usize = 1_025;

/// A value that has the next one in itself.
trait Chain: Portable + Sync {
    fn end() -> Self;
    fn link(self) -> Self;
    /// The next one, taken out.
    fn next(&mut self) -> Option<Self>;

    fn of(links: usize) -> Self {
        (0..links).fold(Self::end(), |chain, _| chain.link())
    }

    /// How many links there are, which are taken off one by one: neither this nor to drop them recurses.
    fn unlink(&mut self) -> usize {
        let mut links = 0;
        let mut next = self.next();
        while let Some(mut chain) = next {
            next = chain.next();
            links += 1;
        }
        links
    }
}

macro_rules! chain {
    ($(#[$attribute:meta])* $chain:ident { $($variant:tt)* } end $end:expr, link |$next:ident| $link:expr, $pattern:pat => $taken:expr) => {
        #[derive(Debug, Serialize, Deserialize)]
        $(#[$attribute])*
        enum $chain { $($variant)* }

        impl Chain for $chain {
            fn end() -> Self {
                $end
            }

            fn link(self) -> Self {
                let $next = self;
                $link
            }

            fn next(&mut self) -> Option<Self> {
                #[allow(unreachable_patterns, reason = "some have one variant")]
                match self {
                    $pattern => $taken,
                    _ => None,
                }
            }
        }

        impl Drop for $chain {
            fn drop(&mut self) {
                self.unlink();
            }
        }
    };
}

#[derive(Debug, Serialize, Deserialize)]
struct Node {
    next: Option<Box<Node>>,
}

impl Chain for Node {
    fn end() -> Self {
        Self { next: None }
    }

    fn link(self) -> Self {
        Self {
            next: Some(Box::new(self)),
        }
    }

    fn next(&mut self) -> Option<Self> {
        self.next.take().map(|next| *next)
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.unlink();
    }
}

chain! {
    Listed { List(Vec<Listed>) }
    end Self::List(vec![]), link |next| Self::List(vec![next]),
    Self::List(list) => list.pop()
}

chain! {
    Mapped { Map(BTreeMap<u8, Mapped>) }
    end Self::Map(BTreeMap::new()), link |next| Self::Map([(1, next)].into()),
    Self::Map(map) => map.remove(&1)
}

chain! {
    Tupled { End, Next(u8, Box<Tupled>) }
    end Self::End, link |next| Self::Next(1, Box::new(next)),
    Self::Next(_, next) => Some(std::mem::replace(&mut **next, Self::End))
}

chain! {
    #[serde(tag = "kind")]
    Tagged { End, Next { next: Box<Tagged> } }
    end Self::End, link |next| Self::Next { next: Box::new(next) },
    Self::Next { next } => Some(std::mem::replace(&mut **next, Self::End))
}

chain! {
    #[serde(tag = "kind", content = "data")]
    Adjacent { End, Next(Box<Adjacent>) }
    end Self::End, link |next| Self::Next(Box::new(next)),
    Self::Next(next) => Some(std::mem::replace(&mut **next, Self::End))
}

chain! {
    #[serde(untagged)]
    Untagged { End(u8), Next { next: Box<Untagged> } }
    end Self::End(0), link |next| Self::Next { next: Box::new(next) },
    Self::Next { next } => Some(std::mem::replace(&mut **next, Self::End(0)))
}

impl Chain for serde_json::Value {
    fn end() -> Self {
        Self::Array(Vec::new())
    }

    fn link(self) -> Self {
        Self::Array(vec![self])
    }

    fn next(&mut self) -> Option<Self> {
        self.as_array_mut().and_then(Vec::pop)
    }
}

/// That chain is kept and read, or refused and nothing has changed; which of them.
async fn kept<C: Chain>(name: &str, links: usize) -> bool {
    let map = Map::<usize, C>::open_or_create(&format!("{name}-map"), HashMap::new())
        .await
        .unwrap();
    let before = map.len().await.unwrap();
    let inserted = map.insert(links, C::of(links)).await;
    let created = Atomic::create(&format!("{name}-{links}"), C::of(links)).await;
    match inserted {
        Ok(_) => {
            let read = [
                map.get(&links).await.unwrap().unwrap(),
                created.unwrap().load().await.unwrap(),
            ];
            assert_eq!(read.map(|mut read| read.unlink()), [links; 2], "{name}");
            true
        }
        Err(error) => {
            for error in [error, created.unwrap_err()] {
                assert_eq!(
                    Reason::of(&error.to_string()),
                    Some(Reason::TooDeep),
                    "{name}, {links}: {error}"
                );
            }
            assert_eq!(map.len().await.unwrap(), before, "{name}");
            assert!(
                Atomic::<C>::open(&format!("{name}-{links}")).await.is_err(),
                "{name}"
            );
            false
        }
    }
}

async fn check<C: Chain>(name: &str, longest: usize) {
    for links in LENGTHS.into_iter().filter(|links| *links <= longest) {
        let kept = kept::<C>(name, links).await;
        assert!(kept || links > ALWAYS, "{name}: {links} links are refused");
        assert!(
            !kept || links < 1_000,
            "{name}: {links} links are kept, which nobody has stack for"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_are_kept_or_refused() {
    for store in Store::ALL {
        let stage = Stage::on(store).await;
        let runtime = stage.runtime.clone();
        // On a worker of tokio's, whose stack is as small as that of a cloud thread.
        let checked = tokio::spawn(async move {
            let _entered = runtime.enter();
            check::<Node>("node", usize::MAX).await;
            check::<Listed>("listed", usize::MAX).await;
            check::<Mapped>("mapped", usize::MAX).await;
            check::<Tupled>("tupled", usize::MAX).await;
            check::<Tagged>("tagged", usize::MAX).await;
            check::<Adjacent>("adjacent", usize::MAX).await;
            check::<Untagged>("untagged", usize::MAX).await;
            check::<serde_json::Value>("json", DROPPED).await;
        });
        checked.await.unwrap();
    }
}

/// A state that becomes deeper with each call.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Stack {
    top: Option<Box<Link>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Link {
    below: Option<Box<Link>>,
}

#[crucial::shared]
impl Stack {
    pub fn push(&mut self) {
        let below = self.top.take();
        self.top = Some(Box::new(Link { below }));
    }

    pub fn pop(&mut self) -> bool {
        match self.top.take() {
            Some(top) => {
                self.top = top.below;
                true
            }
            None => false,
        }
    }

    pub fn height(&self) -> usize {
        std::iter::successors(self.top.as_deref(), |link| link.below.as_deref()).count()
    }
}

/// As deep as it gets it can be read, by others too, and goes on.
async fn check_stack(stage: &Stage) {
    let stack = StackProxy::create("stack", Stack::default()).await.unwrap();
    let mut height = 0;
    let error = loop {
        match stack.push().await {
            Ok(()) => height += 1,
            Err(error) => break error.to_string(),
        }
        assert!(height < 1_000, "nobody has stack for that many");
    };
    assert_eq!(Reason::of(&error), Some(Reason::TooDeep), "{error}");
    assert!(height >= ALWAYS, "{height}: {error}");
    let stranger = stage.stranger().await;
    let seen = stranger.scope(async { StackProxy::open("stack").await?.snapshot().await });
    let heights = [
        stack.height().await.unwrap(),
        stack.snapshot().await.unwrap().height(),
        seen.await.unwrap().height(),
    ];
    assert_eq!(heights, [height; 3]);
    assert!(stack.pop().await.unwrap());
    stack.push().await.unwrap();
    assert!(stack.push().await.is_err());
    assert_eq!(stack.height().await.unwrap(), height);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_grows_deep_is_refused_while_it_can_be_read() {
    for store in Store::ALL {
        let stage = Stage::on(store).await;
        stage.runtime.scope(check_stack(&stage)).await;
    }
}
