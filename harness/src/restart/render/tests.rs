use roxmltree::Document;

use super::{junit, markdown, terminal};
use crate::exit_code::ExitCode;
use crate::render::Colour;
use crate::restart::report::{Outcome, Report};
use crate::restart::specimen::{good, rolled_back, untouched};

fn shown(report: &Report) -> String {
    terminal(report, Colour::Plain)
}

#[test]
fn a_terminal_shows_the_steps_of_a_good_restart_and_its_verdict_last() {
    insta::assert_snapshot!(shown(&good()), @r#"
    passed    0 lock           0.94 s of 5 s
    passed    1 preflight      0.94 s of 60 s         pid 100, generation 7
    passed    2 select         0.94 s of 60 s
    passed    3 build          0.94 s of 3600 s
    passed    4 gate           0.94 s of 19800 s
    passed    5 candidate      0.94 s of 300 s
    passed    6 hold and drain 0.94 s of 160 s
    passed    7 back up        0.94 s of 60 s
    passed    8 arm            0.94 s of 10 s
    passed    9 stop           0.94 s of 240 s
    passed    10 start         0.94 s of 240 s
    passed    11 verify        0.94 s of 300 s
    passed    12 bless         0.94 s of 30 s

    decided
      the target runs, is marked good, and delivers

    id                   r1763870478123-9f3c
    target               HEAD, be6e8ec1a2b3, 20260310T115900Z-be6e8ec1a2b3
    standing             marked good
    previous             20260301T080000Z-aaaaaaaaaaaa
    before               pid 100, generation 7
    after                pid 230, generation 8
    no daemon for        0.18 s
    messages held for    4.20 s
    copy of the database backups/r1763870478123-9f3c.db
    took                 93.12 s

    restart: pass, exit code 0
    "#);
}

#[test]
fn a_gate_that_took_hours_stands_apart_from_what_it_says() {
    let mut report = good();
    report.steps[4].elapsed_ms = 19_799_990;
    report.steps[4].says = vec!["42 metrics hold".to_owned()];
    let shown = shown(&report);
    assert!(shown.contains("19799.99 s of 19800 s  42 metrics hold"), "{shown}");
}

#[test]
fn a_terminal_shows_why_it_was_gone_back() {
    insta::assert_snapshot!(shown(&rolled_back()), @r#"
    passed    0 lock           0.94 s of 5 s
    passed    1 preflight      0.94 s of 60 s         pid 100, generation 7
    passed    2 select         0.94 s of 60 s
    passed    3 build          0.94 s of 3600 s
    remarked  4 gate           0.94 s of 19800 s      remark: daemon.ready: cannot be said
    passed    5 candidate      0.94 s of 300 s
    passed    6 hold and drain 0.94 s of 160 s
    passed    7 back up        0.94 s of 60 s
    passed    8 arm            0.94 s of 10 s
    passed    9 stop           0.94 s of 240 s
    passed    10 start         0.94 s of 240 s
    failed    11 verify        0.94 s of 300 s        see the answer within 60s: <none> @ all *came*
    not begun 12 bless
    passed    R roll back      1.50 s of 240 s

    decided
      it is gone back to the previous slot, and the target marked bad: see the answer within 60s: <none> @ all *came*

    id                   r1763870478123-9f3c
    target               HEAD, be6e8ec1a2b3, 20260310T115900Z-be6e8ec1a2b3
    standing             marked bad: not started again
    previous             20260301T080000Z-aaaaaaaaaaaa
    before               pid 100, generation 7
    after                pid 260, generation 9
    no daemon for        0.18 s
    messages held for    4.20 s
    copy of the database backups/r1763870478123-9f3c.db
    took                 93.12 s

      see the answer within 60s: <none> @ all *came*
    restart: rolled back, exit code 25
    "#);
}

#[test]
fn a_terminal_says_that_the_old_daemon_is_untouched() {
    insta::assert_snapshot!(shown(&untouched()), @r#"
    passed    0 lock           0.94 s of 5 s
    passed    1 preflight      0.94 s of 60 s         pid 100, generation 7
    passed    2 select         0.94 s of 60 s
    failed    3 build          0.00 s of 3600 s       error[E0308]: mismatched types
    not begun 4 gate
    not begun 5 candidate
    not begun 6 hold and drain
    not begun 7 back up
    not begun 8 arm
    not begun 9 stop
    not begun 10 start
    not begun 11 verify
    not begun 12 bless

    decided
      untouched: pid 100, generation 7 as before

    id                   r1763870478123-9f3c
    target               HEAD, be6e8ec1a2b3, 20260310T115900Z-be6e8ec1a2b3
    previous             20260301T080000Z-aaaaaaaaaaaa
    before               pid 100, generation 7
    after                pid 100, generation 7
    took                 93.12 s

      error[E0308]: mismatched types
    restart: build failed, exit code 22
    "#);
}

#[test]
fn markdown_folds_the_details_and_says_how_to_repeat_it() {
    insta::assert_snapshot!(markdown(&rolled_back()), @r#"
    ### ❌ restart: rolled back, exit code 25

    - <code>see the answer within 60s: &#60;none&#62; &#64; all &#42;came&#42;</code>

    | outcome | step | time | |
    |---|---|---:|---|
    | remarked | 4 gate | 0.94 s of 19800 s | `remark: daemon.ready: cannot be said` |
    | failed | 11 verify | 0.94 s of 300 s | <code>see the answer within 60s: &#60;none&#62; &#64; all &#42;came&#42;</code> |

    To repeat it: `cargo xtask safe-restart --target HEAD`

    <details><summary>every step</summary>

    | outcome | step | time | |
    |---|---|---:|---|
    | passed | 0 lock | 0.94 s of 5 s |  |
    | passed | 1 preflight | 0.94 s of 60 s | `pid 100, generation 7` |
    | passed | 2 select | 0.94 s of 60 s |  |
    | passed | 3 build | 0.94 s of 3600 s |  |
    | remarked | 4 gate | 0.94 s of 19800 s | `remark: daemon.ready: cannot be said` |
    | passed | 5 candidate | 0.94 s of 300 s |  |
    | passed | 6 hold and drain | 0.94 s of 160 s |  |
    | passed | 7 back up | 0.94 s of 60 s |  |
    | passed | 8 arm | 0.94 s of 10 s |  |
    | passed | 9 stop | 0.94 s of 240 s |  |
    | passed | 10 start | 0.94 s of 240 s |  |
    | failed | 11 verify | 0.94 s of 300 s | <code>see the answer within 60s: &#60;none&#62; &#64; all &#42;came&#42;</code> |
    | not begun | 12 bless |  |  |
    | passed | R roll back | 1.50 s of 240 s |  |

    </details>

    <details><summary>what the steps said</summary>

    1 preflight:

    <pre>pid 100, generation 7</pre>

    4 gate:

    <pre>remark: daemon.ready: cannot be said</pre>

    11 verify:

    <pre>see the answer within 60s: &#60;none&#62; &#64; all &#42;came&#42;</pre>

    </details>

    <details><summary>what was decided</summary>

    - <code>it is gone back to the previous slot, and the target marked bad: see the answer within 60s: &#60;none&#62; &#64; all &#42;came&#42;</code>

    </details>

    <details><summary>what ran and what runs</summary>

    - id: `r1763870478123-9f3c`
    - target: `HEAD, be6e8ec1a2b3, 20260310T115900Z-be6e8ec1a2b3`
    - standing: `marked bad: not started again`
    - previous: `20260301T080000Z-aaaaaaaaaaaa`
    - before: `pid 100, generation 7`
    - after: `pid 260, generation 9`
    - no daemon for: `0.18 s`
    - messages held for: `4.20 s`
    - copy of the database: `backups/r1763870478123-9f3c.db`
    - took: `93.12 s`

    </details>
    "#);
}

#[test]
fn somebody_elses_text_means_nothing_in_markdown() {
    let mut report = untouched();
    let evil = "</pre></details> @everyone **bold** <script> | `x`";
    report.verdict.reasons = vec![evil.to_owned()];
    report.steps[3].says = vec![evil.to_owned(), evil.to_owned()];
    report.decisions = vec![evil.to_owned()];
    let page = markdown(&report);
    for bad in ["</details> @", "@everyone", "**bold**", "<script>"] {
        assert!(!page.contains(bad), "{bad}: {page}");
    }
}

#[test]
fn colours_are_for_terminals_alone() {
    assert!(!shown(&rolled_back()).contains('\u{1b}'));
    assert!(terminal(&rolled_back(), Colour::Ansi).contains("\u{1b}[31mfailed"));
}

#[test]
fn junit_has_a_case_for_each_step() {
    let text = junit(&rolled_back());
    let document = Document::parse(&text).unwrap();
    let cases: Vec<_> = document.descendants().filter(|it| it.has_tag_name("testcase")).collect();
    assert_eq!(cases.len(), 14);
    let of = |tag: &str| -> Vec<&str> {
        let has = |case: &&roxmltree::Node<'_, '_>| case.children().any(|it| it.has_tag_name(tag));
        cases.iter().filter(has).filter_map(|case| case.attribute("name")).collect()
    };
    assert_eq!(of("failure"), ["restart::11 verify"]);
    assert_eq!(of("skipped"), ["restart::12 bless"]);
    assert_eq!(of("error"), [""; 0]);
    assert!(text.contains("<property name=\"exit_code\" value=\"25\"/>"), "{text}");
}

#[test]
fn a_build_server_is_green_only_where_the_exit_code_is_0() {
    let mut report = good();
    report.verdict.exit_code = ExitCode::Inconclusive;
    report.verdict.says = "inconclusive: it was interrupted".to_owned();
    assert!(junit(&report).contains("restart::(run)"));
    report.steps[2].outcome = Outcome::Failed;
    assert!(!junit(&report).contains("restart::(run)"));
    assert!(!junit(&good()).contains("restart::(run)"));
}
