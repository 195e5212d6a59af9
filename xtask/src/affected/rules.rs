//! Which paths ask for which checks. The first rule that matches a path holds for it.

use harness::tier::Tier;

use super::Check::{self, Bench, Comparison, Everything, Tests, Tidy};

/// What a change of some paths needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Beginnings of paths (`docs/`, `daemon/src/store`), or ends of them (`*.md`).
    pub(crate) paths: &'static [&'static str],
    /// What to run.
    pub(crate) checks: &'static [Check],
    /// Why.
    pub(crate) why: &'static str,
}

const CORE: &str = "assistant-core";
const DAEMON: &str = "claude-assistant";

const TIER_1: Check = Check::Tier(Tier::InProcess);
const TIER_2: Check = Check::Tier(Tier::RealBinaries);
const TIER_3: Check = Check::Tier(Tier::RealAgent);

const fn core(prefix: &'static str) -> Check {
    Tests { package: CORE, prefix }
}

const fn daemon(prefix: &'static str) -> Check {
    Tests { package: DAEMON, prefix }
}

/// All of them, in the order in which they are tried.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        paths: &["docs/", "*.md", "LICENSE-", ".gitignore"],
        checks: &[Tidy],
        why: "text for people, whose links and tables tidy checks",
    },
    Rule {
        paths: &["baselines/"],
        checks: &[
            Tidy,
            Tests { package: "benches", prefix: "" },
            Tests { package: "harness", prefix: "bench::" },
            Tests { package: "xtask", prefix: "bench::" },
        ],
        why: "what is promised, and the tests that read it",
    },
    Rule {
        paths: &[
            "Cargo.lock",
            "*Cargo.toml",
            "*clippy.toml",
            "deny.toml",
            "rustfmt.toml",
            ".cargo/",
            ".ci/",
            ".github/",
            ".config/",
        ],
        checks: &[Everything],
        why: "the build itself",
    },
    Rule {
        paths: &["harness/", "xtask/"],
        checks: &[Everything],
        why: "what judges the rest has to be judged by all of it",
    },
    Rule {
        paths: &["smoke/src/tier2", "smoke/tests/tier2"],
        checks: &[Tidy, TIER_2],
        why: "cases of that tier",
    },
    Rule {
        paths: &["smoke/src/tier3", "smoke/tests/tier3"],
        checks: &[Tidy, TIER_3],
        why: "cases of that tier",
    },
    Rule {
        paths: &["smoke/"],
        checks: &[Tidy, TIER_1, TIER_2, TIER_3],
        why: "under the cases of every tier",
    },
    Rule {
        paths: &["fakes/"],
        checks: &[Tests { package: "fakes", prefix: "" }, Tidy, TIER_1, TIER_2, TIER_3],
        why: "a stand-in that drifts makes every other test worthless",
    },
    Rule {
        paths: &["benches/"],
        checks: &[Tests { package: "benches", prefix: "" }, Tidy, TIER_1, Comparison],
        why: "what is measured",
    },
    Rule {
        paths: &["daemon/core/src/session"],
        checks: &[
            core("session::"),
            daemon("session::"),
            daemon("app::"),
            Tidy,
            TIER_1,
            TIER_2,
            TIER_3,
            Bench { target: "in_process", filter: "session_machine" },
        ],
        why: "decides what is delivered, when, and what an end means",
    },
    Rule {
        paths: &["daemon/core/src/framing", "daemon/core/src/prompt"],
        checks: &[
            core("framing::"),
            core("prompt::"),
            Tidy,
            TIER_1,
            TIER_2,
            TIER_3,
            Bench { target: "in_process", filter: "frame" },
            Comparison,
        ],
        why: "what the agent reads, which nobody may forge",
    },
    Rule {
        paths: &["daemon/core/src/access", "daemon/core/src/routing", "daemon/core/src/chat"],
        checks: &[
            core("access::"),
            core("routing::"),
            core("chat::"),
            daemon("router::"),
            Tidy,
            TIER_1,
            TIER_2,
            Bench { target: "in_process", filter: "route_and_frame" },
            Comparison,
        ],
        why: "who reaches a session, and with which rights",
    },
    Rule {
        paths: &["daemon/core/src/roster", "daemon/core/src/backoff", "daemon/core/src/debounce"],
        checks: &[core(""), daemon("supervisor::"), Tidy, TIER_1, TIER_2],
        why: "when something is started, tried again, or written",
    },
    Rule {
        paths: &["daemon/core/src/keeper", "daemon/core/src/storm"],
        checks: &[core("keeper::"), core("storm::"), daemon("launcher::"), Tidy, TIER_1, TIER_2],
        why: "which build runs, and when it is given up",
    },
    Rule {
        paths: &["daemon/core/"],
        checks: &[core(""), daemon(""), Tidy, TIER_1, TIER_2, TIER_3],
        why: "under every decision",
    },
    Rule {
        paths: &["daemon/src/claude", "daemon/src/session"],
        checks: &[
            daemon("claude::"),
            daemon("session::"),
            daemon("app::"),
            Tidy,
            TIER_1,
            TIER_2,
            TIER_3,
            Bench { target: "in_process", filter: "decode_line" },
            Comparison,
        ],
        why: "speaks with the agent program",
    },
    Rule {
        paths: &["daemon/src/store", "daemon/src/intake"],
        checks: &[
            daemon("store::"),
            daemon("intake::"),
            daemon("app::lives"),
            Tidy,
            TIER_1,
            TIER_2,
            Bench { target: "in_process", filter: "registry" },
            Comparison,
        ],
        why: "accepted means durable",
    },
    Rule {
        paths: &["daemon/src/source", "daemon/src/router", "daemon/src/sender"],
        checks: &[
            daemon("source::"),
            daemon("router::"),
            daemon("sender::"),
            Tidy,
            TIER_1,
            TIER_2,
            Comparison,
        ],
        why: "on the way of every message",
    },
    Rule {
        paths: &["daemon/src/supervisor", "daemon/src/app", "daemon/src/processes"],
        checks: &[
            daemon("supervisor::"),
            daemon("app::"),
            daemon("processes::"),
            Tidy,
            TIER_1,
            TIER_2,
            TIER_3,
            Comparison,
        ],
        why: "starts and ends everything; the most dangerous place",
    },
    Rule {
        paths: &["daemon/src/tools"],
        checks: &[daemon("tools::"), Tidy, TIER_1, TIER_2, TIER_3],
        why: "what an agent may do to people",
    },
    Rule {
        paths: &["daemon/src/control", "daemon/src/cli", "daemon/src/typed"],
        checks: &[daemon("control::"), daemon("cli::"), Tidy, TIER_1, TIER_2, Comparison],
        why: "what the owner types, and who may",
    },
    Rule {
        paths: &[
            "daemon/src/launcher",
            "daemon/src/slots",
            "daemon/src/durable",
            "daemon/src/notify",
            "daemon/src/ready",
        ],
        checks: &[
            daemon("launcher::"),
            daemon("slots::"),
            daemon("durable::"),
            daemon("notify::"),
            daemon("ready::"),
            Tidy,
            TIER_1,
            TIER_2,
            Comparison,
        ],
        why: "keeps a daemon running, and goes back to the one before",
    },
    Rule {
        paths: &["daemon/src/service"],
        checks: &[daemon("service::"), Tidy, TIER_1, TIER_2],
        why: "what the system is told of the launcher",
    },
    Rule {
        paths: &["daemon/src/faults"],
        checks: &[daemon("faults::"), Tidy, TIER_1],
        why: "builds that go wrong on purpose, and are never installed",
    },
    Rule {
        paths: &["daemon/tests/"],
        checks: &[daemon("cli::"), Tidy, TIER_1],
        why: "the program from outside",
    },
    Rule {
        paths: &["daemon/src/measured"],
        checks: &[Tests { package: "benches", prefix: "" }, Tidy, TIER_1, Comparison],
        why: "what scenarios stand on",
    },
    Rule { paths: &["daemon/src/scene"], checks: &[Tidy, TIER_1], why: "seen by tests alone" },
    Rule {
        paths: &["daemon/"],
        checks: &[daemon(""), Tidy, TIER_1, TIER_2, TIER_3],
        why: "the daemon",
    },
];

/// The rule that holds for a path.
pub(super) fn rule_of(path: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.paths.iter().any(|pattern| matches(pattern, path)))
}

/// Whether a path begins as a rule says; `*` at its beginning asks for the end.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => path.ends_with(end),
        None => path.starts_with(pattern),
    }
}
