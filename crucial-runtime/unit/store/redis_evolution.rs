//! States that were stored by other versions of a program.

use std::task::Poll;

use bytes::Bytes;
use crucial_tests::{Options, RedisServer};
use serde::{Deserialize, Serialize};

use crate::config::Builder;
use crate::error::Error;
use crate::object::{Handle, Method, Object, Refusal, Value};

/// A type as it is now.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Model {
    name: String,
    weights: Vec<f64>,
    #[serde(default)]
    rounds: u64,
}

#[crucial_macros::shared(crate = crate)]
impl Model {
    pub(crate) fn round(&mut self) -> u64 {
        self.rounds += 1;
        self.rounds
    }

    pub(crate) fn name(&self) -> String {
        self.name.clone()
    }
}

/// The same type as other versions had it.
macro_rules! version {
    ($version:ident { $($field:ident: $type:ty),+ }) => {
        #[derive(Debug, Serialize, Deserialize)]
        struct $version {
            $($field: $type),+
        }

        impl Object for $version {
            const NAME: &'static str = Model::NAME;
            const METHODS: &'static [Method] = &[];

            fn apply(&mut self, method: &str, _: &[Bytes]) -> Result<Poll<Value>, Refusal> {
                Err(Refusal::no_such_method(method))
            }
        }
    };
}

version!(Earlier { weights: Vec<f32>, dropped: bool, name: String });
version!(Renamed { title: String, weights: Vec<f64> });
version!(Retyped { name: String, weights: Vec<String> });

#[tokio::test]
async fn states_of_other_versions_evolve_or_say_which_field_does_not() {
    let server = RedisServer::start(Options::default()).await;
    let runtime = Builder::new().store(server.url()).build().await.unwrap();
    let _entered = runtime.enter();
    let key = |name: &str| runtime.namespace().key(name).unwrap();
    // Another program, as far as the store can tell.
    let before = Builder::new().store(server.url()).build().await.unwrap();

    let earlier = Earlier {
        weights: vec![0.5],
        dropped: true,
        name: "first".to_owned(),
    };
    let created = before.scope(Handle::create_at(key("earlier"), earlier));
    created.await.unwrap();
    let model = ModelProxy::open("earlier").await.unwrap();
    assert_eq!(model.name().await.unwrap(), "first");
    assert_eq!(
        model.round().await.unwrap(),
        1,
        "a new field begins with its default"
    );
    let now = model.snapshot().await.unwrap();
    assert_eq!((now.weights, now.rounds), (vec![0.5], 1));

    let renamed = Renamed {
        title: "second".to_owned(),
        weights: Vec::new(),
    };
    let created = before.scope(Handle::create_at(key("renamed"), renamed));
    created.await.unwrap();
    let retyped = Retyped {
        name: "third".to_owned(),
        weights: vec!["1".to_owned()],
    };
    let created = before.scope(Handle::create_at(key("retyped"), retyped));
    created.await.unwrap();
    for (name, field) in [
        ("renamed", "missing field `name`"),
        ("retyped", "field `weights[0]`"),
    ] {
        let model = ModelProxy::open(name).await.unwrap();
        let errors = [
            model.round().await.map(drop),
            model.name().await.map(drop),
            model.snapshot().await.map(drop),
        ];
        for error in errors {
            let error = error.unwrap_err();
            assert!(matches!(error, Error::Corrupt { .. }), "{error}");
            let text = error.to_string();
            for part in [
                name,
                field,
                "::Model`",
                "#[serde(default)]",
                "remove the object",
            ] {
                assert!(text.contains(part), "{part:?} is missing in: {text}");
            }
        }
    }
    runtime.shutdown().await.unwrap();
}
