//! How many instructions a message costs inside the process, counted under valgrind: a number that
//! no load of the machine moves. What is prepared and what is thrown away is not counted.
//!
//! ```text
//! PATH=target/tools/gungraun-runner-VERSION/bin:$PATH cargo bench -p benches --bench instructions
//! ```
//!
//! `gungraun-runner` on the `PATH` has to have the version of the `gungraun` in `Cargo.lock`. Each
//! function in [`counted`] is the metric `instructions.<function>`.

use std::io::{self, Write as _};

fn main() {
    // `cargo test --benches` runs this too, where there need be neither valgrind nor the runner.
    let counting = |argument: String| matches!(argument.as_str(), "--bench" | "--gungraun-run");
    if std::env::args().any(counting) {
        counted::count();
    } else {
        // There is nowhere left to say that this failed.
        drop(writeln!(io::stderr(), "counted by: cargo bench -p benches --bench instructions"));
    }
}

mod counted {
    #![allow(
        missing_docs,
        unused_qualifications,
        clippy::exit,
        reason = "made by gungraun's macros"
    )]

    use std::hint::black_box;

    use benches::framing::{Incoming, Recipient, SHORT};
    use benches::machine::Conversation;
    use benches::wire;
    use claude_assistant::measured;
    use gungraun::prelude::*;

    pub(super) fn count() {
        main();
    }

    fn incoming() -> Incoming {
        Incoming::with(SHORT).expect("the numbers are ordinary ones")
    }

    fn routed() -> (Incoming, Recipient) {
        let incoming = incoming();
        let recipient = incoming.route().expect("the sender is an admin");
        (incoming, recipient)
    }

    // What a function is given comes back from it with what it made, to be dropped where nothing is
    // counted any more.

    #[library_benchmark(setup = incoming)]
    #[bench::short()]
    fn route(incoming: Incoming) -> (Incoming, Option<Recipient>) {
        let recipient = black_box(&incoming).route();
        (incoming, recipient)
    }

    #[library_benchmark(setup = routed)]
    #[bench::short()]
    fn frame(routed: (Incoming, Recipient)) -> ((Incoming, Recipient), String) {
        let framed = black_box(&routed.0).frame(black_box(&routed.1));
        (routed, framed)
    }

    #[library_benchmark(setup = wire::initialize_answer)]
    #[bench::of_18_kb()]
    fn decode_line(line: Vec<u8>) -> (usize, Vec<u8>) {
        (measured::decode(black_box(&line)), line)
    }

    #[library_benchmark(setup = Conversation::awake)]
    #[bench::one_message()]
    fn session_machine(mut conversation: Conversation) -> (u64, Conversation) {
        (black_box(&mut conversation).one_message(), conversation)
    }

    library_benchmark_group!(
        name = instructions,
        benchmarks = [route, frame, decode_line, session_machine]
    );
    main!(library_benchmark_groups = instructions);
}
