//! What a call costs in the client: to encode it, to route it, and to wake who waits for its reply.
//!
//! ```text
//! cargo bench -p crucial-bench --bench call
//! ```
//!
//! The server is a stub that answers at once, so what is left besides the client's work is one exchange on the loopback
//! interface; the same exchange by the plain client library is measured beside it.
//!
//! * `route`: a counter's call in the process alone (`embedded`: proxy, runtime, dispatch, method), to the stub one
//!   after the other (`alone`, with `plain` beside it), and 64 at a time by one task (`together`, a call).
//! * `wake`: the same 64 by as many tasks, which have to be awakened.
//! * `encode`: putting a value of 8 bytes, and one of 20 KB, into a map.

mod stub;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput};
use crucial::{Atomic, Entered, Map, Runtime};
use futures_util::future::join_all;
use tokio::runtime::Runtime as Tokio;

use stub::Stub;

/// How many calls are under way at a time where many are.
const MANY: u32 = 64;
/// The numbers in a large value.
const NUMBERS: usize = 2_500;

fn main() {
    let tokio = Tokio::new().expect("a tokio runtime starts");
    let stub = tokio.block_on(Stub::start());
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    route(&mut criterion, &tokio, &stub);
    wake(&mut criterion, &tokio, &stub);
    encode(&mut criterion, &tokio, &stub);
    criterion.final_summary();
}

/// A runtime on that store, entered.
async fn runtime(url: &str) -> (Runtime, Entered) {
    let runtime = Runtime::builder().store(url).build().await;
    let runtime = runtime.expect("the stub is a server");
    let entered = runtime.enter();
    (runtime, entered)
}

async fn counter() -> Atomic<u64> {
    Atomic::create("counter", 0)
        .await
        .expect("the name is free")
}

async fn count(counter: &Atomic<u64>) {
    black_box(counter.fetch_add(1).await.expect("the stub answers"));
}

fn route(criterion: &mut Criterion, tokio: &Tokio, stub: &Stub) {
    let mut group = criterion.benchmark_group("route");
    for (name, url) in [("embedded", "embedded:".to_owned()), ("alone", stub.url())] {
        let (_runtime, _entered) = tokio.block_on(runtime(&url));
        let counter = tokio.block_on(counter());
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                tokio.block_on(async {
                    let start = Instant::now();
                    for _ in 0..times {
                        count(&counter).await;
                    }
                    start.elapsed()
                })
            });
        });
    }
    let client = redis::Client::open(stub.url()).expect("the address is one");
    let plain = tokio
        .block_on(client.get_multiplexed_async_connection())
        .expect("the stub listens");
    group.bench_function("plain", |bencher| {
        bencher.iter_custom(|times| {
            let mut plain = plain.clone();
            tokio.block_on(async move {
                let start = Instant::now();
                for _ in 0..times {
                    let reply = redis::cmd("INCR").arg("raw").query_async(&mut plain).await;
                    black_box::<u64>(reply.expect("the stub answers"));
                }
                start.elapsed()
            })
        });
    });
    let (_runtime, _entered) = tokio.block_on(runtime(&stub.url()));
    let counter = tokio.block_on(counter());
    group.throughput(Throughput::Elements(MANY.into()));
    group.bench_function(BenchmarkId::new("together", MANY), |bencher| {
        bencher.iter_custom(|times| {
            tokio.block_on(async {
                let start = Instant::now();
                for _ in 0..times {
                    join_all((0..MANY).map(|_| count(&counter))).await;
                }
                start.elapsed()
            })
        });
    });
    group.finish();
}

fn wake(criterion: &mut Criterion, tokio: &Tokio, stub: &Stub) {
    let mut group = criterion.benchmark_group("wake");
    let (_runtime, _entered) = tokio.block_on(runtime(&stub.url()));
    let counter = tokio.block_on(counter());
    group.throughput(Throughput::Elements(MANY.into()));
    group.bench_function(BenchmarkId::new("tasks", MANY), |bencher| {
        bencher.iter_custom(|times| {
            tokio.block_on(async {
                let start = Instant::now();
                let tasks = (0..MANY).map(|_| {
                    let counter = counter.clone();
                    tokio::spawn(async move {
                        for _ in 0..times {
                            count(&counter).await;
                        }
                    })
                });
                for task in join_all(tasks).await {
                    task.expect("no call panics");
                }
                start.elapsed()
            })
        });
    });
    group.finish();
}

fn encode(criterion: &mut Criterion, tokio: &Tokio, stub: &Stub) {
    let mut group = criterion.benchmark_group("encode");
    let (_runtime, _entered) = tokio.block_on(runtime(&stub.url()));
    let map = tokio
        .block_on(Map::<u32, Vec<f64>>::create("map", [].into()))
        .expect("the name is free");
    for numbers in [1, NUMBERS] {
        let value = vec![0.5; numbers];
        group.throughput(Throughput::Bytes(8 * numbers as u64));
        group.bench_function(BenchmarkId::new("insert", 8 * numbers), |bencher| {
            bencher.iter_custom(|times| {
                tokio.block_on(async {
                    let start = Instant::now();
                    for _ in 0..times {
                        let before = map.insert(1, value.clone()).await;
                        black_box(before.expect("the stub answers"));
                    }
                    start.elapsed()
                })
            });
        });
    }
    group.finish();
}
