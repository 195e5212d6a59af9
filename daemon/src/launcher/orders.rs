//! What is asked on the launcher's socket, as orders to the keeper.

use std::path::PathBuf;
use std::time::Duration;

use assistant_core::keeper::{Blame, Order, Proof, Refused};

use super::driver::{Asker, Driver};
use super::protocol::{Answer, Request};
use crate::control::protocol::{Refusal, RefusalKind};
use crate::slots::{Arming, Pending, SlotName};

/// What a restart is announced with.
struct Announced {
    id: String,
    target: SlotName,
    confirm_timeout: Duration,
    runner_pid: u32,
    backup: Option<PathBuf>,
}

impl Driver {
    /// Carries a request out. What takes its time is answered later.
    pub(super) async fn answer(&mut self, request: Request, asker: Asker) {
        let order = match request {
            Request::Status => return reply(asker, Ok(Answer::Status(Box::new(self.status())))),
            Request::Arm { id, target, confirm_timeout_ms, runner_pid, backup } => {
                let confirm_timeout = Duration::from_millis(confirm_timeout_ms);
                let announced = Announced { id, target, confirm_timeout, runner_pid, backup };
                return reply(asker, self.arm(announced).await);
            }
            Request::Ask { initiator } => {
                let config = &self.configured.now().restart;
                let asked = self.carrier.ask(initiator, config).and_then(|id| {
                    self.carry(&id).map_err(|why| Refusal::new(RefusalKind::Failed, why))?;
                    Ok(Answer::Requested { id })
                });
                return reply(asker, asked);
            }
            Request::Switch { id } => return self.begin_order(Order::Switch { id }, asker).await,
            Request::RollBack { id, why, blameless } => {
                let blame = if blameless { Blame::Nobody } else { Blame::Target };
                return self.begin_order(Order::RollBack { id, why, blame }, asker).await;
            }
            Request::RollBackTo { slot } => {
                return self.begin_order(Order::GoTo { slot }, asker).await;
            }
            Request::Restart => return self.begin_order(Order::Restart, asker).await,
            Request::Confirm { id, unproven } => {
                let proof = if unproven { Proof::Lacking } else { Proof::Given };
                Order::Confirm { id, proof }
            }
            Request::Disarm { id } => Order::Disarm { id },
            Request::MarkBad { slot, why } => {
                if !self.slots.dir(&slot).is_dir() {
                    return reply(asker, Err(no_slot(&slot)));
                }
                Order::MarkBad { slot, why }
            }
            Request::Stop => Order::Stop,
        };
        let outcome = self.order(order).map(|()| Answer::Done).map_err(refusal);
        self.act().await;
        let refused = self.refused.take().map(|why| failed_to(&why));
        reply(asker, refused.map_or(outcome, Err));
    }

    /// Gives an order that is answered when it has come to something.
    async fn begin_order(&mut self, order: Order<SlotName>, asker: Asker) {
        match self.order(order) {
            Ok(()) => {
                // What ended before has nothing to do with what is answered.
                self.stopping = None;
                self.asker = Some(asker);
                self.act().await;
                if let Some(why) = self.refused.take()
                    && let Some(asker) = self.asker.take()
                {
                    reply(asker, Err(failed_to(&why)));
                }
            }
            Err(refused) => reply(asker, Err(refusal(refused))),
        }
    }

    async fn arm(&mut self, announced: Announced) -> Result<Answer, Refusal> {
        let Announced { id, target, confirm_timeout, runner_pid, backup } = announced;
        if self.keeper.pending().is_some() {
            return Err(refusal(Refused::Busy));
        }
        let failed = |why: String| Refusal::new(RefusalKind::Failed, why);
        let checked = self.check(&target).await;
        let manifest = checked.map_err(|error| failed(error.to_string()))?;
        self.slots.check_tested(&manifest).map_err(|error| failed(error.to_string()))?;
        if let Some(path) = backup.as_ref().filter(|path| !path.is_file()) {
            return Err(failed(format!("there is no backup {}", path.display())));
        }
        let order = Order::Arm { id: id.clone(), target: target.clone(), confirm_timeout };
        self.order(order).map_err(refusal)?;
        let previous = self.keeper.pending().map(|pending| pending.previous.clone());
        let ready = self.child.as_ref().and_then(|child| child.ready.as_ref());
        let generation = ready.map_or(0, |ready| ready.generation);
        self.pending = previous.map(|previous| {
            let runner_pid = Some(runner_pid);
            let arming = Arming { id, target, previous, confirm_timeout, runner_pid, backup };
            Pending::armed(arming, generation)
        });
        self.act().await;
        let Some(why) = self.refused.take() else { return Ok(Answer::Done) };
        self.pending = None;
        Err(failed_to(&why))
    }
}

fn reply(asker: Asker, answer: Result<Answer, Refusal>) {
    // Who asked may have gone.
    drop(asker.send(answer));
}

fn failed_to(why: &str) -> Refusal {
    Refusal::new(RefusalKind::Failed, format!("failed to {why}"))
}

fn no_slot(slot: &SlotName) -> Refusal {
    Refusal::new(RefusalKind::NotFound, format!("there is no slot {slot}"))
}

fn refusal(refused: Refused) -> Refusal {
    let kind = match refused {
        Refused::Busy => RefusalKind::Busy,
        Refused::Stopping => RefusalKind::Stopping,
        Refused::NotPending => RefusalKind::NotFound,
        Refused::Bad | Refused::NotGood | Refused::InUse => RefusalKind::Failed,
    };
    Refusal::new(kind, refused.to_string())
}
