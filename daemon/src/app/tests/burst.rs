//! A burst of messages in real time, with the store on its thread as in production.

use std::time::Duration;

use super::{Daemon, Setup, WriterOn, number};

const MESSAGES: usize = 500;
const CHATS: usize = 10;

/// The longest time in which a burst may stand still here: in a debug build, beside other tests. A
/// bench holds the daemon to a quarter of a second.
const GAP_MAX: Duration = Duration::from_secs(2);

/// A hint that gets lost shows as a standstill until somebody looks again.
/// Incidents: 13, K1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_of_files_is_routed_without_a_standstill_and_in_order_for_each_chat() {
    let setup = Setup { writer: WriterOn::Thread, ..Setup::default() };
    let mut daemon = Daemon::start_with(setup).await;
    for n in 0..MESSAGES {
        // Without replies: half the syncs, and it is the way in that is measured.
        daemon.write(&number(n % CHATS), &format!("silent always {n}"));
    }
    daemon.until_done().await;
    let rows = daemon.rows();
    assert!(rows.iter().all(|row| row.state == "answered"));
    for chat in 0..CHATS {
        let expected: Vec<String> =
            (chat..MESSAGES).step_by(CHATS).map(|n| format!("silent always {n}")).collect();
        let ours = rows.iter().filter(|row| row.chat == format!("test:{}", number(chat)));
        let texts: Vec<&str> = ours.map(|row| row.text.as_str()).collect();
        assert_eq!(texts, expected);
        let session = daemon.session(&number(chat));
        let launches = daemon.agents.launches();
        let agent = launches.iter().find(|launch| launch.session == session).unwrap();
        let told = agent.messages();
        assert_eq!(told.len(), expected.len());
        let each = told.iter().zip(&expected);
        assert!(each.clone().all(|(line, text)| line.contains(&format!("{text}\\n"))), "{told:#?}");
    }
    let mut routed: Vec<i64> = rows.iter().filter_map(|row| row.routed_at_ms).collect();
    assert_eq!(routed.len(), MESSAGES);
    routed.sort_unstable();
    let gap_ms = routed.windows(2).map(|two| two[1] - two[0]).max().unwrap();
    let took_ms = routed[MESSAGES - 1] - routed[0];
    println!("{MESSAGES} messages routed in {took_ms} ms, largest gap {gap_ms} ms");
    assert!(u128::try_from(gap_ms).unwrap() < GAP_MAX.as_millis(), "a gap of {gap_ms} ms");
    daemon.end().await;
}
