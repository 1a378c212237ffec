//! The simulation as this store sees it: connections of a simulated process are wires.

mod spec;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::BoxFuture;
use redis::{Pipeline, RedisResult, Value};

use super::combine::Keeper;
use super::core::Core;
use super::entry::Greeting;
use super::link::Link;
use super::wire::{Connector, Pushes, Wire};
use super::{Options, RedisStore};
use crate::error::Result;

pub(super) use crucial_tests_redis_sim::{
    Climate, Clock, Dice, EPOCH_MS, Mutant, Socket, Trouble, World, doom,
};
use crucial_tests_redis_sim::{Established, Server};

/// The store of a simulated process. Its keeper would be a thread of its own in real time, so leases are not lengthened.
pub(super) async fn store(socket: Socket) -> Result<RedisStore> {
    let link = Link::over(Box::new(socket), "simulated".to_owned()).await?;
    let core = Core::new(link, Options::default());
    Ok(RedisStore::over(core, Keeper::asleep()))
}

#[async_trait]
impl Connector for Socket {
    async fn connect(&self, pushes: Pushes, patience: Duration) -> RedisResult<Arc<dyn Wire>> {
        Ok(Arc::new(self.open(pushes, patience).await?))
    }

    async fn greeting(&self) -> Option<Greeting> {
        None
    }

    fn is_tls(&self) -> bool {
        false
    }
}

#[async_trait]
impl Wire for Established {
    fn send<'a>(&'a self, commands: &'a Pipeline) -> BoxFuture<'a, RedisResult<Vec<Value>>> {
        Box::pin(self.ask(commands))
    }

    async fn subscribe(&self, channels: &[String]) -> RedisResult<()> {
        self.listen(channels).await
    }

    async fn unsubscribe(&self, channel: &str) -> RedisResult<()> {
        self.ignore(channel).await
    }
}
