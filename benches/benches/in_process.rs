//! What a message costs inside the process, timed by criterion.
//!
//! ```text
//! cargo bench -p benches --bench in_process
//! ```

use std::cell::RefCell;
use std::hint::black_box;
use std::time::Duration;

use benches::framing::{Incoming, SHORT, long_text};
use benches::machine::Conversation;
use benches::registry::Sandboxed;
use benches::wire;
use claude_assistant::measured::decode;
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};

fn framing(criterion: &mut Criterion) {
    let short = Incoming::with(SHORT).expect("the numbers are ordinary ones");
    criterion.bench_function("route_and_frame", |bencher| {
        bencher.iter(|| black_box(&short).route_and_frame());
    });
    let text = long_text(1 << 20);
    let long = Incoming::with(&text).expect("the numbers are ordinary ones");
    let mut group = criterion.benchmark_group("frame_1_mib");
    group.throughput(Throughput::Bytes(text.len() as u64)).sample_size(30);
    group.bench_function("hostile", |bencher| {
        bencher.iter(|| black_box(&long).route_and_frame());
    });
    let text = "a line of plain words, as most of them are\n".repeat((1 << 20) / 43 + 1);
    let plain = Incoming::with(&text).expect("the numbers are ordinary ones");
    group.bench_function("plain", |bencher| {
        bencher.iter(|| black_box(&plain).route_and_frame());
    });
    group.finish();
}

fn machine(criterion: &mut Criterion) {
    let mut conversation = Conversation::awake();
    criterion.bench_function("session_machine", |bencher| {
        bencher.iter(|| conversation.one_message());
    });
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode_line");
    let lines = [
        ("assistant", wire::assistant()),
        ("initialize_18_kb", wire::initialize_answer()),
        ("result_1_mib", wire::result(1 << 20)),
    ];
    for (name, line) in lines {
        group.throughput(Throughput::Bytes(line.len() as u64));
        group.bench_function(name, |bencher| bencher.iter(|| decode(black_box(&line))));
    }
    group.finish();
}

fn registry(criterion: &mut Criterion) {
    let registry = Sandboxed::new().expect("a temporary folder can be written");
    let registry = RefCell::new(registry);
    let update = || registry.borrow_mut().update();
    let flush = || registry.borrow().flush().expect("the disk takes it");
    let mut group = criterion.benchmark_group("registry_2000_updates");
    // Before each measured part of a few microseconds stands a sync of milliseconds.
    group.sample_size(30).warm_up_time(Duration::from_millis(500));
    group.measurement_time(Duration::from_millis(100));
    group.bench_function("updates", |bencher| {
        bencher.iter_batched(flush, |()| update(), BatchSize::PerIteration);
    });
    group.measurement_time(Duration::from_secs(5));
    group.bench_function("flush", |bencher| {
        bencher.iter_batched(update, |()| flush(), BatchSize::PerIteration);
    });
    group.finish();
}

criterion_group!(in_process, framing, machine, reading, registry);
criterion_main!(in_process);
