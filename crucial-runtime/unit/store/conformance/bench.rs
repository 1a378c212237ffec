//! A store under test, and calls on it.

use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;

use super::account::{ADD, Account, BALANCE};
use crate::codec;
use crate::config::Builder;
use crate::error::Result;
use crate::object::{Call, Key, Method, Namespace, Object, ObjectType, Value};
use crate::runtime::Runtime;
use crate::store::{Description, Store};

/// A store under test, with a job in it.
#[derive(Clone)]
pub(in crate::store) struct Bench {
    pub(in crate::store) runtime: Runtime,
}

impl Bench {
    pub(in crate::store) async fn on(url: &str) -> Self {
        Self::with(Builder::new().store(url)).await
    }

    /// Another process of a job.
    pub(in crate::store) async fn joining(url: &str, job: &Namespace) -> Self {
        Self::with(Builder::new().store(url).join(job.clone())).await
    }

    pub(in crate::store) async fn with(builder: Builder) -> Self {
        let runtime = builder.build().await.unwrap();
        Self { runtime }
    }

    pub(in crate::store) fn store(&self) -> Arc<dyn Store> {
        Arc::clone(self.runtime.store())
    }

    pub(in crate::store) fn key(&self, name: &str) -> Key {
        self.runtime.namespace().key(name).unwrap()
    }

    pub(in crate::store) async fn account(&self, name: &str, balance: i64) -> Key {
        let key = self.key(name);
        assert!(self.create(&key, balance).await);
        key
    }

    pub(super) async fn create(&self, key: &Key, balance: i64) -> bool {
        self.try_create(key, balance).await.unwrap()
    }

    pub(in crate::store) async fn try_create(&self, key: &Key, balance: i64) -> Result<bool> {
        let state = codec::encode_own(&Account {
            balance,
            ballast: Vec::new(),
        })
        .unwrap();
        let description = Description {
            object: Account::NAME.to_owned(),
            detail: Account::NAME.to_owned(),
        };
        self.store()
            .create(call::<Account>(key, &ADD, vec![state]), description)
            .await
    }

    pub(in crate::store) async fn add(&self, key: &Key, n: i64) -> Result<i64> {
        self.number(key, &ADD, n).await
    }

    pub(in crate::store) async fn balance(&self, key: &Key) -> i64 {
        self.number(key, &BALANCE, 0).await.unwrap()
    }

    pub(in crate::store) async fn number(
        &self,
        key: &Key,
        method: &'static Method,
        n: i64,
    ) -> Result<i64> {
        match self
            .store()
            .call(call::<Account>(
                key,
                method,
                vec![codec::encode_own(&n).unwrap()],
            ))
            .await?
        {
            Poll::Ready(Value::Int(number)) => Ok(number),
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn poll(&self, key: &Key, method: &'static Method, n: i64) -> Poll<Value> {
        self.store()
            .call(call::<Account>(
                key,
                method,
                vec![codec::encode_own(&n).unwrap()],
            ))
            .await
            .unwrap()
    }
}

pub(super) fn call<O: Object>(key: &Key, method: &'static Method, args: Vec<Bytes>) -> Call {
    Call {
        key: key.clone(),
        object: ObjectType::of::<O>(),
        method,
        args,
    }
}
