//! An agent that is a process, and ends by halves.

use std::collections::VecDeque;

use super::{Agent, Heard};
use crate::claude::process::{AgentProcess, Launch};

/// An agent that runs `script` in a shell.
fn agent(script: &str) -> Agent {
    let launch = Launch {
        program: "sh".into(),
        arguments: vec!["-c".into(), script.into()],
        environment: [("PATH".into(), "/usr/bin:/bin".into())].into(),
        working_dir: "/".into(),
        mark: None,
    };
    let mut process = AgentProcess::start(&launch).unwrap();
    Agent::new(process.connect(), Some(process), "initialize".to_owned())
}

async fn hear(agent: &mut Agent) -> Heard {
    super::hear(Some(agent), &mut VecDeque::new(), false).await
}

/// An agent that nobody hears any more must not pass for one that lives.
/// Incidents: 37.
#[tokio::test(start_paused = true)]
async fn an_agent_that_closed_its_output_and_stays_is_told_until_it_was_ended() {
    let mut agent = agent("exec >&-; read line");
    for _ in 0..3 {
        assert!(matches!(hear(&mut agent).await, Heard::Deaf));
    }
    agent.end_deaf().await;
    let Heard::Gone(Some(exit)) = hear(&mut agent).await else { panic!("it lives") };
    assert_eq!(exit.to_string(), "signal 9");
}

#[tokio::test(start_paused = true)]
async fn an_agent_whose_output_something_else_holds_is_gone_soon_after_it_ended() {
    let mut agent = agent("tail -f /dev/null & exit 3");
    let Heard::Gone(Some(exit)) = hear(&mut agent).await else { panic!("it lives") };
    assert_eq!(exit.to_string(), "exit 3");
    agent.kill().await;
}
