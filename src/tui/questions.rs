use super::app::{Leaving, Model};
use super::popup::{Kind, Popup};
use crate::base::InstanceId;
use crate::projection::{Answer, Need, Question};

/// How many boards may come before an answer counts as taken.
const PATIENCE: u8 = 3;

/// What the screen remembers of the questions that are not open.
#[derive(Clone, Debug, Default)]
pub(super) struct Questions {
    /// What was answered or put aside, so that it does not rise again by itself.
    aside: Vec<(InstanceId, Question)>,
    /// What was filled in and is not open: it is found again as it was left.
    drafts: Vec<Popup>,
    /// What was asked of the engine last.
    sent: Option<Sent>,
    /// What was opened last.
    last: Option<InstanceId>,
    /// Over which question something of the screen's own was opened.
    under: Option<InstanceId>,
}

/// Something that was sent to the engine, which may refuse it.
#[derive(Clone, Debug)]
struct Sent {
    popup: Popup,
    /// How many boards have come since.
    boards: u8,
    /// How long the timeline was.
    told: usize,
}

impl Model {
    /// Opens what needs a person, unless something else is open, or the person looks elsewhere or has put it aside.
    pub(super) fn open_by_itself(&mut self) {
        if !self.follow || self.popup.is_some() || self.leaving != Leaving::No {
            return;
        }
        if let Some(at) = self.board.needs.iter().position(|need| !self.is_aside(need)) {
            self.open_need(at);
        }
    }

    /// Opens the question after the one that was opened last; the first one comes after the last one. Returns false if
    /// nothing needs a person.
    pub(super) fn open_next(&mut self) -> bool {
        let needs = &self.board.needs;
        let last = needs.iter().position(|need| Some(&need.step) == self.questions.last.as_ref());
        let next = match last {
            Some(last) => (last + 1) % needs.len(),
            None => needs.iter().position(|need| !self.is_aside(need)).unwrap_or(0),
        };
        self.open_need(next)
    }

    /// Opens what the step at that place, or the group that it belongs to, asks. Returns false if it asks nothing.
    pub(super) fn open_need_of(&mut self, at: usize) -> bool {
        let step = self.board.steps.get(at).map(|line| &line.id);
        let asks = |need: &Need| step.is_some_and(|step| need.step == *step || need.step == step.group());
        self.board.needs.iter().position(asks).is_some_and(|at| self.open_need(at))
    }

    /// Selects the step of the question at that place, and opens it.
    fn open_need(&mut self, at: usize) -> bool {
        let Some(need) = self.board.needs.get(at).cloned() else { return false };
        self.stash();
        self.questions.aside.retain(|(step, _)| *step != need.step);
        self.questions.last = Some(need.step.clone());
        self.questions.under = None;
        let drafts = &mut self.questions.drafts;
        let draft = drafts.iter().position(|draft| draft.asks() == Some(&need.step));
        self.popup = Some(match draft.map(|at| drafts.swap_remove(at)) {
            Some(draft) => draft.anew(&need),
            None => Popup::new(Kind::asking(&need)),
        });
        if let Some(at) = self.board.steps.iter().position(|step| step.id == need.step) {
            self.go_to(at);
        }
        true
    }

    /// Opens something of the screen's own, over a question if one is open; it comes back afterwards.
    pub(super) fn open_over(&mut self, kind: Kind) {
        let under = self.popup.as_ref().and_then(Popup::asks).cloned();
        self.stash();
        if under.is_some() {
            self.questions.under = under;
        }
        self.popup = Some(Popup::new(kind));
    }

    /// Goes back to the question over which something else was open, else to what rises by itself.
    pub(super) fn go_back(&mut self) {
        let under = self.questions.under.take();
        let at = under.and_then(|step| self.board.needs.iter().position(|need| need.step == step));
        if !at.is_some_and(|at| self.open_need(at)) {
            self.open_by_itself();
        }
    }

    /// Puts a question aside, and all that wait at this moment: a person who leaves one wants to look at the run.
    pub(super) fn put_aside(&mut self, popup: Popup) {
        self.keep(popup);
        self.questions.aside = self.board.needs.iter().map(|need| (need.step.clone(), need.question.clone())).collect();
    }

    /// Notes that what is open was sent to the engine. A question stays on the board until the engine has taken the answer.
    pub(super) fn note_sent(&mut self, popup: Popup) {
        if let Some(asked) = popup.asked() {
            self.questions.aside.push((asked.step.clone(), asked.question.clone()));
        }
        self.questions.sent = Some(Sent { popup, boards: 0, told: self.board.timeline.len() });
    }

    /// The engine has not taken what was sent last: what was written comes back, with what is wrong with it.
    pub(super) fn refused(&mut self, why: &str) {
        let Some(Sent { mut popup, .. }) = self.questions.sent.take() else { return };
        let is_gone = popup.asks().is_some_and(|step| !self.board.needs.iter().any(|need| need.step == *step));
        if is_gone || !popup.refuse(why) {
            return;
        }
        let need = popup.asks().and_then(|step| self.board.needs.iter().find(|need| need.step == *step));
        let popup = match need {
            Some(need) => popup.anew(need),
            None => popup,
        };
        // What has risen by itself and has not been seen gives way.
        let is_unseen = self.popup.as_ref().is_none_or(|open| open.asked().is_some_and(|asked| !asked.was_drawn()));
        if is_unseen && self.leaving == Leaving::No {
            self.stash();
            self.questions.last = popup.asks().cloned().or(self.questions.last.take());
            self.popup = Some(popup);
        } else {
            self.keep(popup);
        }
    }

    /// Holds what is open against a new board: a question that is gone closes, one that has changed begins anew.
    pub(super) fn renew(&mut self) {
        let needs = &self.board.needs;
        let need_of = |step: &InstanceId| needs.iter().find(|need| need.step == *step);
        let questions = &mut self.questions;
        questions.aside.retain(|(step, question)| need_of(step).is_some_and(|need| need.question == *question));
        questions.drafts.retain(|draft| draft.asks().is_some_and(|step| need_of(step).is_some()));
        let told = self.board.timeline.len();
        let is_over = |sent: &mut Sent| {
            sent.boards += 1;
            sent.boards > PATIENCE || told > sent.told
        };
        if let Some(Sent { popup, .. }) = questions.sent.take_if(is_over) {
            // What is still asked then is found as it was filled in.
            self.keep(popup);
        }
        let Some(step) = self.popup.as_ref().and_then(Popup::asks).cloned() else { return };
        let need = self.board.needs.iter().find(|need| need.step == step);
        match (need, &mut self.popup) {
            (Some(need), Some(popup)) => popup.renew(need),
            _ => {
                self.said = Some(format!("{step} no longer asks anything"));
                self.popup = None;
            }
        }
    }

    /// Which question is open, counted from 1, and how many there are.
    pub(super) fn place_of_question(&self) -> Option<(usize, usize)> {
        let step = self.popup.as_ref()?.asks()?;
        let at = self.board.needs.iter().position(|need| need.step == *step)?;
        Some((at + 1, self.board.needs.len()))
    }

    /// What would be opened first: what is open, else what has not been put aside.
    pub(super) fn asking(&self) -> Option<&Need> {
        let open = self.popup.as_ref().and_then(Popup::asks);
        let open = open.and_then(|step| self.board.needs.iter().find(|need| need.step == *step));
        open.or_else(|| self.board.needs.iter().find(|need| !self.is_aside(need))).or_else(|| self.board.need())
    }

    fn is_aside(&self, need: &Need) -> bool {
        self.questions.aside.iter().any(|(step, question)| *step == need.step && *question == need.question)
    }

    /// Closes what is open, and keeps what was filled in.
    fn stash(&mut self) {
        if let Some(popup) = self.popup.take() {
            self.keep(popup);
        }
    }

    fn keep(&mut self, popup: Popup) {
        let Some(step) = popup.asks().cloned() else { return };
        if !self.board.needs.iter().any(|need| need.step == step) {
            return;
        }
        self.questions.drafts.retain(|draft| draft.asks() != Some(&step));
        self.questions.drafts.push(popup);
    }
}

/// Whether an answer only looks again: then nothing that the engine remarks is a refusal.
pub(super) const fn only_looks(answer: &Answer) -> bool {
    matches!(answer, Answer::ProbeAgain)
}
