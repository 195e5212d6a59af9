use std::cell::RefCell;

use super::*;

/// An agent that says that the nth step took n seconds, so that the moments that pass here do not
/// count beside it, and tells what it was asked.
struct Scripted<'a>(&'a RefCell<Vec<String>>);

impl Scripted<'_> {
    fn step(&self, what: String) -> Duration {
        self.0.borrow_mut().push(what);
        Duration::from_secs(u64::try_from(self.0.borrow().len()).unwrap())
    }
}

impl Driven for Scripted<'_> {
    fn query(&mut self, text: &str) -> Result<Asked, NoValues> {
        let first_message = self.step(format!("query {text}"));
        Ok(Asked { first_message, result: 2 * first_message })
    }

    fn begin(&mut self, text: &str) -> Result<(), NoValues> {
        self.step(format!("begin {text}"));
        Ok(())
    }

    fn interrupt(&mut self) -> Result<Duration, NoValues> {
        Ok(self.step("interrupt".to_owned()))
    }

    fn session_id(&self) -> String {
        "its-id".to_owned()
    }

    fn disconnect(self) -> Result<Duration, NoValues> {
        Ok(self.step("disconnect".to_owned()))
    }
}

/// The values of a course, and what the agents were asked.
fn run(lives: usize, rounds: usize, held: Duration) -> (Values, String) {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings::new("/bin/agent".as_ref(), dir.path()).unwrap();
    let asked = RefCell::default();
    let connect = |_: &str, settings: &Settings| {
        let command = settings.command();
        let resumes = command.get_args().any(|word| word == "--resume=its-id");
        let agent = Scripted(&asked);
        agent.step(if resumes { "resume" } else { "connect" }.to_owned());
        Ok(agent)
    };
    let hold = |_: &str| {
        let began = Instant::now();
        while began.elapsed() < held {}
    };
    let mut runner = Runner::new(&settings, &connect, &hold);
    for stage in stages(lives, rounds) {
        runner.take(stage).unwrap();
    }
    let values = values(&runner.times, ".x");
    (values, asked.into_inner().join(", "))
}

#[test]
fn a_life_is_asked_interrupted_ended_and_taken_up_again() {
    let (values, asked) = run(1, 2, Duration::ZERO);
    assert_eq!(
        asked,
        "connect, query good morning, query good morning, query good morning, begin hang, \
         interrupt, begin hang, interrupt, disconnect, resume, disconnect"
    );
    let names: Vec<_> = values.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "agent.connect.x",
            "agent.disconnect.x",
            "agent.first_response.x",
            "agent.full_query.x",
            "agent.interrupt.x",
            "agent.resume_connect.x"
        ]
    );
}

/// What the agent says of its own steps, in milliseconds: the first question does not count.
const TOLD: [(&str, f64); 4] = [
    ("first_response", 3500.0),
    ("full_query", 7000.0),
    ("interrupt", 7000.0),
    ("disconnect", 9000.0),
];

#[test]
fn what_is_told_is_what_counts_and_the_first_question_does_not() {
    let (values, _) = run(1, 2, Duration::ZERO);
    for (step, ms) in TOLD {
        let value = values[&metric(step, ".x")];
        assert!((ms..ms + 400.0).contains(&value), "{step}: {value} instead of {ms}");
    }
}

#[test]
fn each_life_is_a_new_one_with_an_odd_number_of_stages() {
    let (_, asked) = run(3, 1, Duration::ZERO);
    assert_eq!(asked.matches("connect, query").count(), 3);
    for rounds in 1..4 {
        assert_eq!(stages(1, rounds).len() % 2, 1);
    }
}

#[test]
fn each_timed_step_is_held_up() {
    let (held, _) = run(1, 2, Duration::from_millis(3));
    for (step, ms) in TOLD.into_iter().chain([("connect", 0.0), ("resume_connect", 0.0)]) {
        let value = held[&metric(step, ".x")];
        assert!(ms + 3.0 <= value, "{step}: {value} instead of {ms} and 3 more");
    }
}

#[test]
fn what_only_every_second_call_does_shows_in_the_difference() {
    let times = |ms: &[u64]| {
        Times::from([(FULL_QUERY, ms.iter().copied().map(Duration::from_millis).collect())])
    };
    let over = |ours: &[u64], theirs: &[u64]| {
        values_over(&times(ours), &times(theirs), ".x")[&metric(FULL_QUERY, ".x")]
    };
    // The least of each would be 5 and 5.
    assert!((over(&[5, 25, 5, 25, 25], &[5, 5, 6, 5, 5]) - 20.0).abs() < 1e-9);
    // What the machine does in the same moment falls on both.
    assert!((over(&[105, 6, 7], &[104, 5, 7]) - 1.0).abs() < 1e-9);
    assert!((over(&[5, 5], &[7, 6]) + 1.5).abs() < 1e-9);
}
