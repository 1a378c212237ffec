//! Names of all kinds, on every store: files, addresses, numbers of a kind, and what means something to a server.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::on_every_store;
use crate::object::key_here;
use crate::{
    Atomic, Error, Map, Mutex, Namespace, Queue, QueueInit, Result, Runtime, Shared, admin, runtime,
};

on_every_store! {
    objects_of_any_name_are_apart
    namespaces_of_any_name_are_apart
}

/// Some of them differ only in what a server could take for something else.
const NAMES: &[&str] = &[
    "plain",
    "with space",
    " with space",
    "C:\\files\\a.txt",
    "/etc/passwd",
    "a/b//c/",
    "https://user@host:80/path?query=1&b=%20#fragment",
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "{",
    "}",
    "{}",
    "{a}",
    "a}:s",
    "a}:s{b",
    "%7B",
    "%7b",
    "%257B",
    "%",
    "*",
    "a*b?[c]",
    "line\nbreak",
    "line\r\nbreak",
    "nul\0",
    "tab\t\"quoted\" 'and' `so`",
    "ü",
    "u\u{308}",
    "数値",
    "😀",
    "\u{202e}rtl",
    ":job",
    ":objects",
    "jobs",
];

/// An object of a user's, whose methods run in the processes.
#[derive(Serialize, Deserialize)]
struct Tally {
    count: usize,
}

#[crate::shared(crate = crate)]
impl Tally {
    pub(crate) fn add(&mut self, count: usize) -> usize {
        self.count += count;
        self.count
    }
}

async fn objects_of_any_name_are_apart() -> Result<()> {
    for (index, name) in NAMES.iter().enumerate() {
        let number = Atomic::create(name, index).await?;
        assert_eq!(number.key().object(), *name);
        TallyProxy::create(&format!("{name}."), Tally { count: index }).await?;
        Map::create(&format!("{name}, a map"), [(index, ())].into()).await?;
        Mutex::create(&format!("{name}, a mutex"), index).await?;
        let queue = QueueInit {
            elements: vec![index],
            ..QueueInit::unbounded()
        };
        Queue::create(&format!("{name}, a queue"), queue).await?;
    }
    for (index, name) in NAMES.iter().enumerate() {
        let number = Atomic::<usize>::open(name).await?;
        assert_eq!(number.fetch_add(1).await?, index, "{name:?}");
        let tally = TallyProxy::open(&format!("{name}.")).await?;
        assert_eq!(tally.add(1).await?, index + 1, "{name:?}");
        let map = Map::<usize, ()>::open(&format!("{name}, a map")).await?;
        let keys: Vec<usize> = map.keys().await?.into_iter().collect();
        assert_eq!(keys, [index], "{name:?}");
        let mutex = Mutex::<usize>::open(&format!("{name}, a mutex")).await?;
        assert_eq!(*mutex.lock().await?, index, "{name:?}");
        let queue = Queue::<usize>::open(&format!("{name}, a queue")).await?;
        assert_eq!(queue.take().await?, index, "{name:?}");
        let inspected = admin::inspect(number.key()).await?.expect("it is there");
        assert_eq!(inspected.state, serde_json::json!(index + 1), "{name:?}");
    }
    let here = runtime::current()?.namespace().clone();
    let listed = admin::objects(here.as_str()).await?;
    let mut paged = Vec::new();
    let mut pages = admin::pages(here.as_str(), 7)?;
    while let Some(page) = pages.next().await? {
        paged.extend(page);
    }
    for listed in [listed, paged] {
        let found: BTreeSet<String> = listed
            .iter()
            .map(|object| object.key.object().to_owned())
            .collect();
        assert_eq!(found.len(), NAMES.len() * 5);
        assert!(NAMES.iter().all(|name| found.contains(*name)));
    }
    for name in NAMES {
        assert!(admin::remove(&key_here(name)?).await?, "{name:?}");
        let gone = Atomic::<usize>::open(name).await;
        assert!(matches!(gone, Err(Error::NotFound { .. })), "{name:?}");
        assert!(
            TallyProxy::open(&format!("{name}.")).await.is_ok(),
            "{name:?}"
        );
    }
    Ok(())
}

async fn namespaces_of_any_name_are_apart() -> Result<()> {
    let store = runtime::current()?.store().address().to_owned();
    let names = || NAMES.iter().filter(|name| !name.contains('/'));
    for (index, name) in names().enumerate() {
        let namespace = Namespace::new(name)?;
        Atomic::open_or_create_at(namespace.key(name)?, index).await?;
    }
    let known: BTreeSet<String> = admin::namespaces()
        .await?
        .iter()
        .filter(|namespace| namespace.objects == 1)
        .map(|namespace| namespace.namespace.as_str().to_owned())
        .collect();
    assert!(names().all(|name| known.contains(*name)), "{known:?}");
    for (index, name) in names().enumerate() {
        let object = Namespace::new(name)?.key(name)?;
        assert_eq!(Atomic::<usize>::open_at(object).await?.load().await?, index);
        assert_eq!(admin::objects(name).await?.len(), 1, "{name:?}");
        admin::remove_namespace(name).await?;
        assert!(admin::objects(name).await?.is_empty(), "{name:?}");
    }
    // A job of such a name begins, and ends with its objects.
    for name in ["{job}", "a job: 100 %"] {
        let job = Runtime::builder()
            .store(&store)
            .namespace(name)
            .build()
            .await?;
        let made = job.scope(Atomic::create("number", 1)).await?;
        assert_eq!(made.key().namespace(), name);
        job.shutdown().await?;
        let left = job.scope(made.exists()).await?;
        assert!(!left, "{name:?}");
    }
    Ok(())
}
