//! What is done with each kind of object: a line a call, one of which is chosen at random.
//!
//! What the calls answer is not looked at here: it is recorded, and checked against the object's own type.

mod workload;

use std::collections::HashMap;
use std::time::Duration;

use crucial::{
    Atomic, Barrier, Condvar, Grid, Latch, List, Map, Matrix, Mutex, Notify, Promise, Queue,
    QueueInit, Rate, RateLimiter, Reduction, RwLock, Semaphore, Set, Shared, SortedMap, Topic,
    TopicInit, Vector,
};

use self::workload::{work, workloads};
use crate::{Ledger, LedgerProxy};

pub use workload::Workload;

/// Which workloads are played, by name, with commas between them; all where it is not set.
pub const CHOSEN: &str = "CRUCIAL_TEST_OBJECTS";

/// The workloads that are played.
pub fn chosen() -> Vec<&'static Workload> {
    let names = std::env::var(CHOSEN).ok();
    let is_chosen = |workload: &&Workload| match &names {
        Some(names) => names.split(',').any(|name| name == workload.name),
        None => true,
    };
    WORKLOADS.iter().filter(is_chosen).collect()
}

/// Longer than a round.
const LEASE: Duration = Duration::from_secs(600);
/// Longer than most pauses of the server: calls that are given up go on in the background, and where their replies tell
/// little, many of them at a time can be put in too many orders.
const PATIENCE: Duration = Duration::from_millis(100);

workloads! {
    "counter": Atomic<i64> = 0, |number, dice| {
        number.load(),
        number.fetch_add(dice.small()),
        number.fetch_add(1),
        number.add_and_get(dice.small()),
        number.fetch_sub(1),
        number.fetch_max(dice.small()),
        number.fetch_min(dice.small() + 40),
        number.swap(dice.small()),
        number.compare_exchange(dice.small(), dice.small()),
        number.fetch_xor(dice.small()),
        number.try_update(|number| (number % 2 == 0).then_some(number + 1)),
        number.checked_fetch_add(dice.small()),
    }
    "small-number": Atomic<u8> = 250, |number, dice| {
        number.load(),
        number.fetch_add(3),
        number.fetch_sub(5),
        number.fetch_or(dice.key() as u8),
        number.fetch_and(!(dice.key() as u8)),
        number.checked_fetch_add(9),
        number.store(dice.key() as u8),
    }
    "float": Atomic<f64> = 0.5, |number, dice| {
        number.load(),
        number.fetch_add(0.1),
        number.fetch_sub(dice.small() as f64),
        number.fetch_max(dice.small() as f64 / 3.0),
        number.swap(f64::NAN),
        number.compare_exchange(f64::NAN, -0.0),
    }
    "flag": Atomic<bool> = false, |flag, dice| {
        flag.load(),
        flag.fetch_not(),
        flag.swap(dice.below(2) == 0),
        flag.compare_exchange(false, true),
    }
    "value": Atomic<Option<String>> = None, |value, dice| {
        value.load(),
        value.store(dice.maybe().map(|number| number.to_string())),
        value.swap(dice.maybe().map(|number| number.to_string())),
        value.take(),
        value.compare_exchange(None, Some("first".to_owned())),
    }
    "map": Map<u32, u64> = HashMap::new(), |map, dice| {
        map.get(&dice.key()),
        map.insert(dice.key(), dice.value()),
        map.remove(&dice.key()),
        map.insert_if_absent(dice.key(), dice.value()),
        map.replace(dice.key(), dice.value()),
        map.merge(dice.key(), 1, u64::wrapping_add),
        map.compare_exchange(&dice.key(), None, dice.maybe()),
        map.extend([(dice.key(), dice.value()), (dice.key(), dice.value())]),
        map.remove_many(&[dice.key(), dice.key()]),
        map.get_many(&[0, 1, 2, 3, 4]),
        map.contains_key(&dice.key()),
        map.len(),
        map.entries(),
        map.drain(),
    }
    "sorted-map": SortedMap<u32, u64> = [(2, 2)].into(), |map, dice| {
        map.get(&dice.key()),
        map.insert(dice.key(), dice.value()),
        map.remove(&dice.key()),
        map.replace(dice.key(), dice.value()),
        map.extend([(dice.key(), dice.value()), (dice.key(), dice.value())]),
        map.first(),
        map.last(),
        map.pop_first(),
        map.pop_last(),
        map.range(1..=dice.key()),
        map.remove_range(..dice.key() / 2),
        map.entries(),
        map.len(),
    }
    "list": List<u64> = vec![1, 2, 3], |list, dice| {
        list.push_back(dice.value()),
        list.push_front(dice.value()),
        list.extend([dice.value(), dice.value()]),
        list.pop_back(),
        list.pop_front(),
        list.pop_front_many(3),
        list.set(dice.key() as usize, dice.value()),
        list.insert(dice.key() as usize, dice.value()),
        list.remove(dice.key() as usize),
        list.swap(0, dice.key() as usize),
        list.truncate(6),
        list.get(dice.key() as usize),
        list.to_vec(),
        list.len(),
    }
    "set": Set<u32> = [1].into(), |set, dice| {
        set.insert(dice.key()),
        set.remove(&dice.key()),
        set.extend([dice.key(), dice.key()]),
        set.remove_many(&[dice.key(), dice.key()]),
        set.contains(&dice.key()),
        set.contains_many(&[0, 1, 2, 3, 4]),
        set.to_hash_set(),
        set.len(),
        set.drain(),
    }
    "bag": Set<u32> = [1].into(), |set, dice| {
        set.insert(dice.key()),
        set.extend([dice.key(), dice.key()]),
        set.pop(),
        set.pop_many(2),
        set.to_hash_set(),
    }
    "latch": Latch = 3, |latch, dice| {
        latch.count_down(),
        latch.count_down_by(dice.below(3)),
        latch.count(),
        latch.wait(),
        latch.try_wait(),
        latch.try_reset(dice.key()),
    }
    "barrier": Barrier = 3, |barrier, _dice| {
        barrier.wait(),
        barrier.wait(),
        barrier.wait(),
        barrier.wait(),
        barrier.is_broken(),
        barrier.waiting(),
        barrier.reset(),
    }
    "promise": Promise<u64> = None, |promise, dice| {
        promise.wait(),
        promise.get(),
        promise.is_done(),
        async { if dice.below(30) == 0 { promise.complete(dice.value()).await } else { Ok(false) } },
        async { if dice.below(90) == 0 { promise.fail("no more").await } else { Ok(false) } },
    }
    "semaphore": Semaphore = 3, |semaphore, dice| {
        async { semaphore.acquire().await?.release().await },
        async { semaphore.acquire_many(1 + dice.below(3)).await?.release().await },
        async { match semaphore.try_acquire().await? {
            Some(permit) => permit.release().await,
            None => Ok(()),
        } },
        semaphore.available_permits(),
        semaphore.permits(),
    }
    "queue": Queue<u64> = QueueInit::bounded(3), |queue, dice| {
        queue.put(dice.value()),
        queue.put(dice.value()),
        queue.try_put(dice.value()),
        queue.put_many([dice.value(), dice.value()]),
        queue.take(),
        queue.take(),
        queue.try_take(),
        queue.take_many(2),
        queue.peek(),
        queue.len(),
        queue.drain(),
    }
    "deliveries": Queue<u64> = QueueInit { max_deliveries: Some(3), ..QueueInit::bounded(3) }, |queue, dice| {
        queue.put(dice.value()),
        queue.put(dice.value()),
        async { queue.take_leased(LEASE).await?.ack().await.map(drop) },
        async { queue.take_leased(LEASE).await?.release().await },
        async { match queue.try_take_leased(LEASE).await? {
            Some(delivery) => delivery.ack().await.map(drop),
            None => Ok(()),
        } },
        queue.len(),
        queue.leased(),
        queue.drain_dead_letters(),
    }
    "mutex": Mutex<u64> = 0, |mutex, dice| {
        mutex.with(|number| *number += 1),
        async { mutex.lock().await?.unlock().await },
        async {
            let mut guard = mutex.lock().await?;
            *guard = dice.value();
            guard.commit().await?;
            guard.discard().await
        },
        async { match mutex.try_lock().await? {
            Some(mut guard) => {
                *guard += 1;
                guard.unlock().await
            }
            None => Ok(()),
        } },
        mutex.snapshot(),
    }
    "rw-lock": RwLock<u64> = 0, |lock, dice| {
        async { lock.read().await?.unlock().await },
        async { lock.read().await?.unlock().await },
        async {
            let mut guard = lock.write().await?;
            *guard = dice.value();
            guard.unlock().await
        },
        async { lock.write().await?.downgrade().await?.unlock().await },
        async { match lock.try_read().await? {
            Some(guard) => guard.unlock().await,
            None => Ok(()),
        } },
    }
    "notify": Notify = (), |notify, _dice| {
        notify.notified().timeout(PATIENCE),
        notify.notified().timeout(PATIENCE),
        notify.notify_one(),
        notify.notify_waiters(),
    }
    "condvar": Condvar = (), |condvar, dice| {
        async {
            let lock = condvar.key().field("lock")?;
            let lock = Mutex::<u32>::open_or_create_at(lock, 0).await?;
            condvar.wait(lock.lock().await?).await?.unlock().await
        },
        condvar.notify_one(),
        async { if dice.below(5) == 0 { condvar.notify_all().await } else { Ok(0) } },
    }
    "topic": Topic<u64> = TopicInit { backlog: 8 }, |topic, dice| {
        topic.publish(dice.value()),
        topic.publish_many([dice.value(), dice.value()]),
        topic.published(),
        async {
            let from = topic.published().await?.saturating_sub(3);
            topic.subscribe_from(from).await?.recv().await
        },
        async { topic.subscribe().await?.recv().await },
        async { topic.subscribe().await?.try_recv().await },
    }
    "rate-limiter": RateLimiter = Rate { permits: 1, per: Duration::from_secs(86_400), burst: 300 }, |limiter, dice| {
        limiter.try_acquire_many(1),
        limiter.try_acquire_many(1 + dice.below(3)),
        limiter.acquire_many(1),
        limiter.available(),
    }
    "vector": Vector<i64> = vec![0; 4], |vector, dice| {
        vector.add(&[1, dice.small(), 0, 2]),
        vector.add_and_get(&[dice.small(), 1, 1, 1]),
        vector.add_sparse([(dice.below(4) as usize, dice.small())]),
        vector.axpy(2, &[0, 1, 0, dice.small()]),
        vector.set(dice.below(4) as usize, dice.small()),
        vector.maximum(&[dice.small(); 4]),
        vector.minimum(&[dice.small() + 50; 4]),
        vector.fill(dice.small()),
        vector.to_vec(),
        vector.sum(),
        vector.dot(&[1, 2, 3, 4]),
        vector.axpy_sparse(2, [(dice.below(4) as usize, dice.small()), (0, 1)]),
        vector.maximum_sparse([(dice.below(4) as usize, dice.small())]),
        vector.minimum_sparse([(dice.below(4) as usize, dice.small() + 50)]),
        vector.dot_sparse([(dice.below(4) as usize, 3), (1, -1)]),
    }
    "reduce": Vector<f64> = vec![0.0; 2], |vector, dice| {
        vector.reduce(2, &[1.0, dice.small() as f64], Reduction::Sum),
        vector.reduce(2, &[1.0, dice.small() as f64], Reduction::Sum),
        vector.reduce(2, &[1.0, dice.small() as f64], Reduction::Sum),
        vector.parties_waiting(),
        vector.reset_rounds(),
    }
    "matrix": Matrix<i64> = Grid::filled(2, 2, 0), |matrix, dice| {
        matrix.set(dice.below(2) as usize, dice.below(2) as usize, dice.small()),
        matrix.add_row(dice.below(2) as usize, &[1, dice.small()]),
        matrix.add_column(dice.below(2) as usize, &[dice.small(), 1]),
        matrix.add(&Grid::filled(2, 2, dice.small())),
        matrix.axpy_sparse(2, [(dice.below(2) as usize, 1, dice.small())]),
        matrix.maximum_sparse([(dice.below(2) as usize, 0, dice.small())]),
        matrix.minimum_sparse([(dice.below(2) as usize, 0, dice.small() + 50)]),
        matrix.scale_row(dice.below(2) as usize, dice.below(2).into()),
        matrix.get_row(dice.below(2) as usize),
        matrix.to_grid(),
        matrix.sum(),
        matrix.dot(&Grid::filled(2, 2, 2)),
        matrix.dot_sparse([(dice.below(2) as usize, 1, 3)]),
    }
    "ledger": LedgerProxy = Ledger::default(), |ledger, dice| {
        ledger.deposit(dice.key(), 1 + i64::from(dice.below(5))),
        ledger.deposit(dice.key(), 2),
        ledger.withdraw(dice.key(), 1 + i64::from(dice.below(5))),
        ledger.transfer(dice.key(), dice.key(), i64::from(dice.below(5))),
        ledger.set(dice.key(), i64::from(dice.below(3))),
        ledger.balance(dice.key()),
        ledger.reached(dice.key(), i64::from(dice.below(9))),
        ledger.snapshot(),
        async { if dice.below(5) == 0 { ledger.embezzle(dice.key()).await } else { Ok(0) } },
    }
    "short-lived": Atomic<u32> = 1, |number, dice| {
        number.fetch_add(1),
        number.fetch_add(1),
        number.load(),
        number.exists(),
        async { if dice.below(4) == 0 { number.destroy().await } else { Ok(false) } },
        Atomic::<u32>::open_or_create_at(number.key().clone(), dice.below(100)),
        Atomic::<u32>::create_at(number.key().clone(), dice.below(100)),
        Atomic::<u32>::open_at(number.key().clone()),
    }
    "short-lived-ledger": LedgerProxy = Ledger::default(), |ledger, dice| {
        ledger.deposit(0, 1),
        ledger.deposit(1, 1),
        ledger.balance(0),
        async { if dice.below(4) == 0 { ledger.destroy().await } else { Ok(false) } },
        LedgerProxy::open_or_create_at(ledger.key().clone(), Ledger::default()),
        LedgerProxy::create_at(ledger.key().clone(), Ledger::default()),
    }
}
