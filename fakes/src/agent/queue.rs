//! User messages that wait for their turn.

/// How urgent a message is. Absent on the line means [`Priority::Next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Priority {
    /// Cuts the running turn.
    Now,
    /// Joins the running turn at its next tool result, else the next turn.
    Next,
    /// Waits for a turn of its own.
    Later,
}

/// One user message.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) uuid: Option<String>,
    pub(super) text: String,
    pub(super) priority: Priority,
}

/// The messages that wait, in order of arrival.
#[derive(Debug, Default)]
pub(super) struct Queue(Vec<Told>);

impl Queue {
    pub(super) fn push(&mut self, told: Told) {
        self.0.push(told);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn has_now(&self) -> bool {
        self.0.iter().any(|told| told.priority == Priority::Now)
    }

    pub(super) fn has(&self, uuid: &str) -> bool {
        self.0.iter().any(|told| told.uuid.as_deref() == Some(uuid))
    }

    /// The ids of the messages that wait and carry one.
    pub(super) fn uuids(&self) -> Vec<String> {
        self.0.iter().filter_map(|told| told.uuid.clone()).collect()
    }

    /// Takes what makes up the next turn: all messages of the most urgent kind that waits.
    pub(super) fn take_turn(&mut self) -> Vec<Told> {
        let most = [Priority::Now, Priority::Next, Priority::Later];
        let most = most.into_iter().find(|most| self.0.iter().any(|told| told.priority == *most));
        most.map(|most| self.take(most)).unwrap_or_default()
    }

    /// Takes what joins a running turn.
    pub(super) fn take_foldable(&mut self) -> Vec<Told> {
        self.take(Priority::Next)
    }

    fn take(&mut self, wanted: Priority) -> Vec<Told> {
        let (taken, left) = self.0.drain(..).partition(|told| told.priority == wanted);
        self.0 = left;
        taken
    }

    /// Takes one message out.
    pub(super) fn cancel(&mut self, uuid: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|told| told.uuid.as_deref() != Some(uuid));
        self.0.len() < before
    }

    /// Takes all messages out and returns the ids of those that carry one.
    pub(super) fn cancel_all(&mut self) -> Vec<String> {
        self.0.drain(..).filter_map(|told| told.uuid).collect()
    }
}
