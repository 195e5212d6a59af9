use super::*;

#[test]
fn a_burst_of_updates_becomes_durable() {
    let mut registry = Sandboxed::new().unwrap();
    registry.update();
    registry.flush().unwrap();
}
