//! The lives of the messages asked for: from a `message-id=` line until the queue id is somebody else's.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::event::{Event, Fate, Session};
use crate::findings::{Finding, LastStatus};
use crate::frame::Frame;
use crate::limits::{LIVES_PER_MESSAGE_MAX, REMEMBERED_MAX};
use crate::queue_id::QueueId;
use crate::wanted::Wanted;

/// What was logged of a message besides its acceptance.
#[derive(Clone, Copy, Default)]
struct Signs {
    refused: bool,
    held: bool,
    discarded: bool,
}

struct Life {
    id: QueueId,
    began: Timestamp,
    accepted: bool,
    signs: Signs,
    last: Option<LastStatus>,
    next: Option<QueueId>,
}

#[derive(Default)]
struct Message {
    lives: Vec<Life>,
    left_out: bool,
}

/// All lives, and what is remembered until it is known whether it belongs to one.
pub(crate) struct Lives {
    messages: Vec<Message>,
    /// The queue ids that are ours now: message, and life.
    open: HashMap<QueueId, (usize, usize)>,
    /// `cleanup` may log the Message-ID after what became of the message: it was seen so for lost connections, for
    /// refusals at END-OF-MESSAGE and for holds by an earlier header.
    early: HashMap<QueueId, Signs>,
    /// The message that each SMTP session has begun, by host and process id.
    sessions: HashMap<Vec<u8>, QueueId>,
    /// For looking up a session without a new allocation.
    key: Vec<u8>,
}

impl Lives {
    pub(crate) fn new(wanted: &Wanted) -> Self {
        Self {
            messages: std::iter::repeat_with(Message::default).take(wanted.len()).collect(),
            open: HashMap::new(),
            early: HashMap::new(),
            sessions: HashMap::new(),
            key: Vec::new(),
        }
    }

    /// A line about an SMTP session.
    pub(crate) fn of_session(&mut self, frame: &Frame<'_>, session: &Session) {
        if !self.set_key(frame) {
            return;
        }
        let begun = self.sessions.remove(&self.key);
        if let (Session::Lost, Some(id)) = (session, begun) {
            self.sign(id, frame.time, |signs| signs.refused = true);
        }
    }

    /// A line about a queue id.
    pub(crate) fn of_message(&mut self, frame: &Frame<'_>, id: QueueId, event: &Event<'_>, wanted: &Wanted) {
        match event {
            Event::Client => {
                self.begin(id, frame.time);
                if self.set_key(frame) {
                    bounded(&mut self.sessions).insert(self.key.clone(), id);
                }
            }
            Event::Pickup { before } => {
                self.begin(id, frame.time);
                if let Some(life) = before.and_then(|before| self.life(before, frame.time)) {
                    life.next = Some(id);
                }
            }
            Event::MessageId(message_id) => self.named(id, frame.time, wanted.place(message_id)),
            Event::Refused => self.sign(id, frame.time, |signs| signs.refused = true),
            Event::Held => self.sign(id, frame.time, |signs| signs.held = true),
            Event::Discarded => self.sign(id, frame.time, |signs| signs.discarded = true),
            Event::Active => self.accept(id, frame.time),
            Event::Expired => {
                self.accept(id, frame.time);
                self.tell(id, LastStatus { fate: Fate::Expired, dsn: None, time: frame.time });
            }
            Event::Removed => {
                self.accept(id, frame.time);
                self.end(id, frame.time);
            }
            Event::Deleted => self.end(id, frame.time),
            Event::Status { fate, dsn, next } => {
                self.accept(id, frame.time);
                if let Some(fate) = *fate {
                    self.tell(id, LastStatus { fate, dsn: *dsn, time: frame.time });
                }
                if let (Some(next), Some(life)) = (next, self.life(id, frame.time)) {
                    life.next = Some(*next);
                }
            }
        }
    }

    /// The session of a line; a line without a process id is of none.
    fn set_key(&mut self, frame: &Frame<'_>) -> bool {
        let Some(pid) = frame.pid else { return false };
        self.key.clear();
        self.key.extend_from_slice(frame.host);
        self.key.push(b' ');
        self.key.extend_from_slice(pid);
        true
    }

    /// Another message has the queue id from here on.
    fn begin(&mut self, id: QueueId, time: Timestamp) {
        self.early.remove(&id);
        self.end(id, time);
    }

    fn end(&mut self, id: QueueId, time: Timestamp) {
        if self.life(id, time).is_some() {
            self.open.remove(&id);
        }
    }

    /// The life that has this queue id. A line older than it, from a file read a second time, is not about it.
    fn life(&mut self, id: QueueId, time: Timestamp) -> Option<&mut Life> {
        let (message, life) = *self.open.get(&id)?;
        let life = self.messages.get_mut(message)?.lives.get_mut(life)?;
        (life.began.as_second() <= time.as_second()).then_some(life)
    }

    fn named(&mut self, id: QueueId, time: Timestamp, place: Option<usize>) {
        if self.open.contains_key(&id) && self.life(id, time).is_none() {
            return;
        }
        let early = self.early.remove(&id).unwrap_or_default();
        self.open.remove(&id);
        let Some(place) = place else { return };
        let Some(message) = self.messages.get_mut(place) else { return };
        // The same line once more: a file given twice, or two files that both have it.
        let same = |life: &Life| life.id == id && life.began.as_second() == time.as_second();
        let at = message.lives.iter().position(same).unwrap_or(message.lives.len());
        if at >= LIVES_PER_MESSAGE_MAX {
            message.left_out = true;
            return;
        }
        if at == message.lives.len() {
            let signs = Signs::default();
            message.lives.push(Life { id, began: time, accepted: false, signs, last: None, next: None });
        }
        self.open.insert(id, (place, at));
        self.sign(id, time, |signs| {
            signs.refused |= early.refused;
            signs.held |= early.held;
            signs.discarded |= early.discarded;
        });
    }

    fn sign(&mut self, id: QueueId, time: Timestamp, set: impl FnOnce(&mut Signs)) {
        match self.life(id, time) {
            Some(life) => set(&mut life.signs),
            None => {
                bounded(&mut self.early);
                set(self.early.entry(id).or_default());
            }
        }
    }

    fn accept(&mut self, id: QueueId, time: Timestamp) {
        if let Some(life) = self.life(id, time) {
            life.accepted = true;
        }
    }

    fn tell(&mut self, id: QueueId, status: LastStatus) {
        if let Some(life) = self.life(id, status.time)
            && life.last.is_none_or(|last| last.time <= status.time)
        {
            life.last = Some(status);
        }
    }

    pub(crate) fn finish(self) -> Vec<Finding> {
        self.messages.iter().map(Message::finding).collect()
    }
}

impl Message {
    fn finding(&self) -> Finding {
        let mut finding = Finding { left_out: self.left_out, ..Finding::default() };
        for life in &self.lives {
            if life.accepted {
                let continued = self.continues(life);
                finding.accepted += u32::from(!continued);
                finding.continued += u32::from(continued);
                if !continued && life.last.map(|last| last.time) >= finding.last.map(|last| last.time) {
                    finding.last = life.last;
                }
            } else if life.signs.refused {
                finding.refused += 1;
            } else {
                finding.open += 1;
                finding.held += u32::from(life.signs.held);
                finding.discarded += u32::from(life.signs.discarded);
            }
        }
        // Lives that name one another in a circle do not make it untaken.
        finding.accepted = finding.accepted.max(u32::from(finding.continued > 0));
        finding
    }

    /// Whether another accepted life of the same message goes on where this one ends.
    fn continues(&self, life: &Life) -> bool {
        life.next.is_some_and(|next| {
            next != life.id && self.lives.iter().any(|other| other.id == next && other.accepted)
        })
    }
}

/// A table that forgets everything rather than grow beyond its limit.
fn bounded<K, V>(table: &mut HashMap<K, V>) -> &mut HashMap<K, V> {
    if table.len() >= REMEMBERED_MAX {
        table.clear();
    }
    table
}
