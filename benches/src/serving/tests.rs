use std::path::Path;

use harness::binaries::Programs;

use super::*;
use crate::scenario::while_looking;

/// Its values rise by one with each sample; held up, by what it is held.
struct Rising(f64);

impl Scenario for Rising {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        self.0 += 1.0;
        let began = Instant::now();
        slowdown.hold("ms");
        let held = if began.elapsed() < Duration::from_millis(1) { 0.0 } else { 0.5 };
        Ok(Values::from([("ms".to_owned(), self.0 + held), ("kB".to_owned(), -self.0)]))
    }
}

struct Wrong(Values);

impl Scenario for Wrong {
    fn sample(&mut self, _: &Slowdown) -> Result<Values, NoValues> {
        Ok(self.0.clone())
    }

    fn finish(self: Box<Self>) -> Result<(), NoValues> {
        Err(NoValues::failed("take it away"))
    }
}

const RISING: Entry = Entry {
    name: "rising",
    metrics: &["ms", "kB"],
    warm_ups: 2,
    open: |_| Ok(Box::new(Rising(0.0))),
};

/// What happens 3 ms after a stimulus, under a clock that is played: nothing of it depends on what
/// the machine does. Whoever looks does so every half millisecond.
struct Played {
    /// The first look.
    looks_from_ms: f64,
}

impl Scenario for Played {
    fn sample(&mut self, slowdown: &Slowdown) -> Result<Values, NoValues> {
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let stimulus = || {
            let given_ms = crate::scenario::ms(slowdown.delay("ms"));
            tell.send(given_ms + 3.0).map_err(NoValues::failed)
        };
        let look = || {
            let happens_ms = told.recv().map_err(NoValues::failed)?;
            let mut now_ms = self.looks_from_ms;
            while now_ms < happens_ms {
                now_ms += 0.5;
            }
            Ok(now_ms)
        };
        let ((), seen_ms) = while_looking(stimulus, look)?;
        Ok(Values::from([("ms".to_owned(), seen_ms)]))
    }
}

const SEEING: Entry = Entry {
    name: "seeing",
    metrics: &["ms"],
    warm_ups: 0,
    open: |_| Ok(Box::new(Played { looks_from_ms: 0.0 })),
};

/// It waits before it looks, and takes the end of its own wait for what it waited for.
const BLIND: Entry = Entry {
    name: "blind",
    metrics: &["ms"],
    warm_ups: 0,
    open: |_| Ok(Box::new(Played { looks_from_ms: 20.0 })),
};

const LACKING: Entry = Entry {
    name: "lacking",
    metrics: &[],
    warm_ups: 0,
    open: |_| Err(NoValues::Missing("its program".to_owned())),
};

const WRONG: Entry = Entry {
    name: "wrong",
    metrics: &["ms"],
    warm_ups: 0,
    open: |_| Ok(Box::new(Wrong(<_>::default()))),
};

const BUSY: Entry = Entry {
    name: "busy",
    metrics: &[],
    warm_ups: 0,
    open: |_| Ok(Box::new(Wrong(<_>::default()))),
};

/// What is answered to these lines, without the greeting.
#[track_caller]
fn play(asks: &[&str]) -> Vec<String> {
    let programs = Programs::beside(Path::new("/nowhere/debug/bench")).unwrap();
    let place = Place { programs, claude: None, live_bytes: None, pace: Pace::Measured };
    let mut answers = Vec::new();
    let entries = [RISING, LACKING, WRONG, BUSY, SEEING, BLIND];
    serve(&entries, &place, asks.join("\n").as_bytes(), &mut answers).unwrap();
    let answers = String::from_utf8(answers).unwrap();
    answers.lines().skip(1).map(str::to_owned).collect()
}

const PREPARE: &str = r#"{"ask": "prepare", "scenario": "rising"}"#;
const SAMPLE: &str = r#"{"ask": "sample"}"#;
const FINISH: &str = r#"{"ask": "finish"}"#;

#[test]
fn a_scenario_is_prepared_sampled_and_finished() {
    let answers = play(&[PREPARE, SAMPLE, SAMPLE, FINISH, PREPARE]);
    let expected = [
        r#"{"answer":"prepared"}"#,
        r#"{"answer":"values","values":{"kB":-3.0,"ms":3.0}}"#,
        r#"{"answer":"values","values":{"kB":-4.0,"ms":4.0}}"#,
        r#"{"answer":"finished"}"#,
        r#"{"answer":"prepared"}"#,
    ];
    assert_eq!(answers, expected);
}

#[test]
fn the_greeting_names_scenarios_and_metrics() {
    let hello = serde_json::to_string(&hello(&[RISING, LACKING])).unwrap();
    let expected = r#"{"probe":"bench-probe.v1","scenarios":[{"name":"rising","metrics":["ms","kB"]},{"name":"lacking","metrics":[]}]}"#;
    assert_eq!(hello, expected);
}

#[test]
fn a_slowed_scenario_is_held_by_a_part_of_its_own_median() {
    let slowed = r#"{"ask": "prepare", "scenario": "rising", "slowed": 0.2}"#;
    // Two samples to warm up, nine with the median 7 ms: held by 1.4 ms each.
    let expected = r#"{"answer":"values","values":{"kB":-12.0,"ms":12.5}}"#;
    assert_eq!(play(&[slowed, SAMPLE])[1], expected);
}

#[test]
fn a_slowdown_shows_to_who_looks_and_not_to_who_waits_before() {
    let value = |scenario: &str, slowed: &str| {
        let prepare = format!(r#"{{"ask": "prepare", "scenario": "{scenario}"{slowed}}}"#);
        play(&[&prepare, SAMPLE]).swap_remove(1)
    };
    let ms = |value: f64| format!(r#"{{"answer":"values","values":{{"ms":{value:?}}}}}"#);
    let half_more = r#", "slowed": 0.5"#;
    assert_eq!((value("seeing", ""), value("seeing", half_more)), (ms(3.0), ms(4.5)));
    assert_eq!((value("blind", ""), value("blind", half_more)), (ms(20.0), ms(20.0)));
}

#[test]
fn what_a_machine_lacks_is_said() {
    let lacking = r#"{"ask": "prepare", "scenario": "lacking"}"#;
    let unknown = r#"{"ask": "prepare", "scenario": "of the future"}"#;
    let expected = [
        r#"{"answer":"missing","what":"its program"}"#,
        r#"{"answer":"missing","what":"a scenario of the future"}"#,
    ];
    assert_eq!(play(&[lacking, unknown]), expected);
}

#[test]
fn trouble_ends_the_scenario_and_not_the_probe() {
    let wrong = r#"{"ask": "prepare", "scenario": "wrong"}"#;
    let busy = r#"{"ask": "prepare", "scenario": "busy"}"#;
    let expected = [
        r#"{"answer":"prepared"}"#,
        r#"{"answer":"failed","why":"measure wrong: no value of ms"}"#,
        r#"{"answer":"failed","why":"sample nothing prepared"}"#,
        r#"{"answer":"prepared"}"#,
        r#"{"answer":"failed","why":"take it away"}"#,
        r#"{"answer":"failed","why":"finish nothing prepared"}"#,
        r#"{"answer":"prepared"}"#,
    ];
    assert_eq!(play(&[wrong, SAMPLE, SAMPLE, busy, FINISH, FINISH, PREPARE]), expected);
}

#[test]
fn one_scenario_is_prepared_at_a_time() {
    let expected = [
        r#"{"answer":"prepared"}"#,
        r#"{"answer":"failed","why":"prepare rising: rising is prepared"}"#,
        r#"{"answer":"failed","why":"sample nothing prepared"}"#,
    ];
    assert_eq!(play(&[PREPARE, PREPARE, SAMPLE]), expected);
}

#[test]
fn a_line_that_is_no_question_is_refused() {
    let answers = play(&["hello", r#"{"ask": "sing"}"#, PREPARE]);
    let (refused, prepared) = answers.split_at(2);
    let why = r#"{"answer":"failed","why":"read what is asked: "#;
    assert!(refused.iter().all(|answer| answer.starts_with(why)), "{refused:?}");
    assert_eq!(prepared, [r#"{"answer":"prepared"}"#]);
}
