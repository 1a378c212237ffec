//! Looking after what is stored, on every store.

mod library;

use std::collections::{BTreeMap, HashMap};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Life;
use crate::object::{Handle, Method, Object, Refusal, Value, key_here};
use crate::objects::tests::on_every_store;
use crate::{Atomic, Error, Key, Latch, List, Map, Result, Set, Shared, SortedMap, admin};

on_every_store! {
    objects_are_listed
    objects_are_expired_and_removed
    elements_of_known_types_are_shown
    elements_of_users_types_show_themselves
    large_collections_show_their_beginning
    states_of_users_show_their_fields
    states_of_unknown_types_show_their_fields
    states_that_no_longer_decode_are_shown_with_the_problem
    namespaces_are_listed_and_removed
    what_is_not_there_is_no_error
}

/// A user's object.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Means {
    name: String,
    means: Vec<f64>,
    rounds: BTreeMap<u32, Option<bool>>,
    #[serde(default)]
    tried: u32,
}

#[crucial_macros::shared(crate = crate)]
impl Means {
    pub(crate) fn round(&mut self) -> u32 {
        self.tried += 1;
        self.tried
    }
}

/// An object of code that this program does not have.
macro_rules! foreign {
    ($name:ident = $stored_as:expr, $($field:ident: $type:ty),+) => {
        #[derive(Debug, Serialize, Deserialize)]
        struct $name {
            $($field: $type),+
        }

        impl Object for $name {
            const NAME: &'static str = $stored_as;
            const METHODS: &'static [Method] = &[];

            fn apply(&mut self, method: &str, _: &[Bytes]) -> Result<Poll<Value>, Refusal> {
                Err(Refusal::no_such_method(method))
            }
        }
    };
}

foreign!(Foreign = "elsewhere::Foreign", count: i64, raw: Bytes, by_place: BTreeMap<(u8, u8), f32>);
foreign!(OldMeans = Means::NAME, name: String, means: String, rounds: ());

async fn state(key: &Key) -> Result<serde_json::Value> {
    let inspection = admin::inspect(key).await?.expect("it is there");
    assert_eq!((inspection.complete, inspection.problem), (true, None));
    assert_eq!(&inspection.object.key, key);
    Ok(inspection.state)
}

fn here() -> String {
    let runtime = crate::Runtime::current().expect("it was entered");
    runtime.namespace().to_string()
}

async fn objects_are_listed() -> Result<()> {
    const MANY: usize = 450;
    for n in 0..MANY {
        Atomic::create(&format!("number/{n:03}"), n as u64).await?;
    }
    let list = List::create("list", vec![0_u8; 100]).await?;
    let objects = admin::objects(here()).await?;
    assert!(objects.is_sorted_by(|a, b| a.key < b.key));
    let names = objects.iter().map(|object| object.key.object().to_owned());
    let expected = (0..MANY).map(|n| format!("number/{n:03}"));
    assert!(names.eq(["list".to_owned()].into_iter().chain(expected)));
    let found = &objects[0];
    assert_eq!(
        (found.object.as_str(), found.detail.as_str()),
        ("List", "List<u8>")
    );
    assert_eq!((&found.key, found.expires_in), (list.key(), None));
    assert!(
        objects.iter().all(|object| object.bytes > Some(0)),
        "they take memory"
    );

    let mut pages = admin::pages(here(), 60)?;
    let mut paged = Vec::new();
    while let Some(page) = pages.next().await? {
        paged.extend(page.into_iter().map(|object| object.key));
    }
    paged.sort_unstable();
    paged.dedup();
    assert!(paged.iter().eq(objects.iter().map(|object| &object.key)));
    Ok(())
}

async fn objects_are_expired_and_removed() -> Result<()> {
    let set = Set::create("set", [1, 2].into()).await?;
    assert_eq!(set.expires_in().await?, None);
    let hour = Duration::from_secs(3600);
    assert!(admin::expire(set.key(), Some(hour)).await?);
    let left = set.expires_in().await?.expect("it has been set");
    assert!(left <= hour && left > hour / 2, "{left:?}");
    let listed = &admin::objects(here()).await?[0];
    assert!(listed.expires_in.is_some_and(|left| left <= hour));
    assert!(admin::expire(set.key(), None).await?);
    assert_eq!(set.expires_in().await?, None);
    assert!(admin::remove(set.key()).await?);
    assert!(!admin::remove(set.key()).await?);
    assert_eq!(admin::objects(here()).await?, []);
    assert!(matches!(
        set.expires_in().await,
        Err(Error::NotFound { .. })
    ));
    let means = MeansProxy::create("means", Means::default()).await?;
    assert_eq!(means.expires_in().await?, None);
    means.expire(Some(hour)).await?;
    assert!(means.expires_in().await?.is_some_and(|left| left <= hour));
    assert_eq!(means.round().await?, 1);
    assert!(admin::remove(means.key()).await?);
    assert!(matches!(means.round().await, Err(Error::NotFound { .. })));
    Ok(())
}

async fn elements_of_known_types_are_shown() -> Result<()> {
    let number = Atomic::create("u64", u64::MAX).await?;
    assert_eq!(state(number.key()).await?, json!(u64::MAX));
    let wide = Atomic::create("i128", i128::MIN).await?;
    assert_eq!(state(wide.key()).await?, json!(i128::MIN.to_string()));
    let float = Atomic::create("f64", f64::NAN).await?;
    assert_eq!(state(float.key()).await?, json!("NaN"));
    let flag = Atomic::create("bool", true).await?;
    assert_eq!(state(flag.key()).await?, json!(true));
    let text = Atomic::create("text", "12".to_owned()).await?;
    assert_eq!(state(text.key()).await?, json!("12"));
    let pair = Atomic::create("pair", (Some('x'), None::<u8>)).await?;
    assert_eq!(state(pair.key()).await?, json!(["x", null]));
    let map = Map::create("map", HashMap::from([("a".to_owned(), vec![1.5, -0.5])])).await?;
    assert_eq!(state(map.key()).await?, json!({ "a": [1.5, -0.5] }));
    let by_number = Map::create("by-number", HashMap::from([(-1_i8, true)])).await?;
    assert_eq!(state(by_number.key()).await?, json!({ "-1": true }));
    let sorted = BTreeMap::from([((2_u8, 1_u8), "b".to_owned()), ((1, 9), "a".to_owned())]);
    let sorted = SortedMap::create("sorted", sorted).await?;
    assert_eq!(
        state(sorted.key()).await?,
        json!([[[1, 9], "a"], [[2, 1], "b"]])
    );
    let list = List::create("list", vec![3, 1, 2]).await?;
    assert_eq!(state(list.key()).await?, json!([3, 1, 2]));
    let set = Set::create("set", ["only".to_owned()].into()).await?;
    assert_eq!(state(set.key()).await?, json!(["only"]));
    set.clear().await?;
    assert_eq!(state(set.key()).await?, json!([]));
    Ok(())
}

#[derive(Debug, Serialize, Deserialize)]
struct Own(u8, bool);

async fn elements_of_users_types_show_themselves() -> Result<()> {
    let map = Map::create("map", HashMap::from([("a".to_owned(), Own(255, true))])).await?;
    assert_eq!(state(map.key()).await?, json!({ "a": [255, true] }));
    let own = Atomic::create("own", Own(7, false)).await?;
    assert_eq!(state(own.key()).await?, json!([7, false]));
    Ok(())
}

async fn large_collections_show_their_beginning() -> Result<()> {
    let list = List::create("list", (0..5_000).collect()).await?;
    let sorted = SortedMap::create("sorted", (0..5_000).map(|n| (n, n)).collect()).await?;
    let map = Map::create("map", (0..5_000).map(|n| (n, n)).collect()).await?;
    let set = Set::create("set", (0..5_000).collect()).await?;
    for (key, exactly) in [
        (list.key(), true),
        (sorted.key(), true),
        (map.key(), false),
        (set.key(), false),
    ] {
        let inspection = admin::inspect(key).await?.expect("it is there");
        assert!(!inspection.complete, "{key}");
        let shown = match &inspection.state {
            serde_json::Value::Array(elements) => elements.len(),
            serde_json::Value::Object(entries) => entries.len(),
            other => panic!("{other}"),
        };
        assert!(
            shown == 1_000 || (!exactly && (1_000..2_000).contains(&shown)),
            "{shown}"
        );
    }
    Ok(())
}

async fn states_of_users_show_their_fields() -> Result<()> {
    let means = Means {
        name: "first".to_owned(),
        means: vec![0.5, f64::INFINITY],
        rounds: [(1, Some(true)), (2, None)].into(),
        tried: 6,
    };
    let means = MeansProxy::create("means", means).await?;
    means.round().await?;
    let shown = json!({
        "name": "first",
        "means": [0.5, "inf"],
        "rounds": { "1": true, "2": null },
        "tried": 7,
    });
    assert_eq!(state(means.key()).await?, shown);
    let listed = &admin::objects(here()).await?[0];
    assert_eq!(listed.object, Means::NAME);
    Ok(())
}

async fn states_of_unknown_types_show_their_fields() -> Result<()> {
    let foreign = Foreign {
        count: -3,
        raw: Bytes::from_static(b"\x01\xfe"),
        by_place: [((1, 2), 0.5)].into(),
    };
    let handle = Handle::create_at(key_here("foreign")?, foreign).await?;
    let shown = json!({ "count": -3, "raw": { "hex": "01fe" }, "by_place": [[[1, 2], 0.5]] });
    assert_eq!(state(handle.key()).await?, shown);
    Ok(())
}

async fn states_that_no_longer_decode_are_shown_with_the_problem() -> Result<()> {
    let old = OldMeans {
        name: "old".to_owned(),
        means: "many".to_owned(),
        rounds: (),
    };
    let handle = Handle::create_at(key_here("old")?, old).await?;
    let inspection = admin::inspect(handle.key()).await?.expect("it is there");
    let shown = json!({ "name": "old", "means": "many", "rounds": null });
    assert_eq!(inspection.state, shown);
    let problem = inspection.problem.expect("its means are no list");
    assert!(
        problem.contains("means") && problem.contains("Means"),
        "{problem}"
    );
    Ok(())
}

async fn namespaces_are_listed_and_removed() -> Result<()> {
    let runtime = crate::Runtime::current()?;
    let other = format!("{}-kept", here());
    let elsewhere = crate::Namespace::new(&other)?;
    Latch::create("latch", 1).await?;
    for n in 0..3 {
        Latch::create_at(elsewhere.key(n.to_string())?, 1).await?;
    }
    let found = admin::namespaces().await?;
    assert!(found.is_sorted_by(|a, b| a.namespace < b.namespace));
    let find = |name: &str| {
        let mut found = found
            .iter()
            .filter(|found| found.namespace.as_str() == name);
        let (only, more) = (found.next().expect("it is listed"), found.next());
        assert!(more.is_none(), "{name} is listed twice");
        only.clone()
    };
    let (job, kept) = (find(&here()), find(&other));
    assert_eq!((job.objects, kept.objects), (1, 3));
    if runtime.store().address() == "embedded:" {
        assert_eq!((job.life, kept.life), (Life::Process, Life::Process));
    } else {
        assert!(matches!(job.life, Life::Job { lease } if lease <= Duration::from_secs(60)));
        assert_eq!(kept.life, Life::Application);
    }
    admin::remove_namespace(&other).await?;
    admin::remove_namespace(&other).await?;
    assert_eq!(admin::objects(&other).await?, []);
    let left = admin::namespaces().await?;
    assert!(left.iter().all(|left| left.namespace != elsewhere));
    assert!(Latch::open("latch").await.is_ok(), "others stay");
    Ok(())
}

async fn what_is_not_there_is_no_error() -> Result<()> {
    let key = key_here("nothing")?;
    assert_eq!(admin::inspect(&key).await?, None);
    assert!(!admin::remove(&key).await?);
    assert!(!admin::expire(&key, Some(Duration::ZERO)).await?);
    assert_eq!(admin::objects("nowhere").await?, []);
    assert!(admin::pages("nowhere", 0)?.next().await?.is_none());
    for bad in ["", "a/b"] {
        assert!(
            matches!(admin::objects(bad).await, Err(Error::Name { .. })),
            "{bad:?}"
        );
        assert!(matches!(
            admin::remove_namespace(bad).await,
            Err(Error::Name { .. })
        ));
    }
    Ok(())
}

/// What Crucial did not put there: it is shown as it is, and the rest of the list stays readable.
#[cfg(feature = "redis")]
#[tokio::test]
async fn odd_objects_are_shown_all_the_same() {
    let server = crucial_tests::RedisServer::start(crucial_tests::Options::default()).await;
    let builder = crate::config::Builder::new().store(server.url());
    crate::objects::tests::check(builder, || async {
        let map = Map::create("map", HashMap::from([(1, 1)])).await?;
        let means = MeansProxy::create("means", Means::default()).await?;
        let mut raw = server.connection().await;
        let base = |key: &Key| format!("crucial:{{{key}}}");
        let mut commands = ::redis::Pipeline::new();
        commands.cmd("DEL").arg(base(map.key()));
        commands
            .cmd("LPUSH")
            .arg(base(map.key()))
            .arg("a\0b")
            .arg("text");
        let state = format!("{}:s", base(means.key()));
        commands.cmd("SETRANGE").arg(state).arg(8).arg(b"\xc1");
        let done = commands.exec_async(&mut raw).await;
        assert!(done.is_ok(), "{done:?}");
        let inspection = admin::inspect(map.key()).await?.expect("it is there");
        assert_eq!(inspection.state, json!(["text", { "hex": "610062" }]));
        assert!(
            inspection
                .problem
                .is_some_and(|problem| problem.contains("Map<i32, i32>"))
        );
        let inspection = admin::inspect(means.key()).await?.expect("it is there");
        assert!(
            inspection.state["hex"]
                .as_str()
                .is_some_and(|hex| hex.starts_with("c1"))
        );
        assert!(inspection.problem.is_some());
        assert_eq!(admin::objects(here()).await?.len(), 2);
        Ok(())
    })
    .await;
}
