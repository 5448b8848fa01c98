use std::io::Write;

use crate::cli::Failure;
use crate::cli::text::{body, printable};
use crate::effect::Risk;
use crate::plan::Mode;
use crate::projection::{Answer, Board, Mark, Need, Question, StepLine};
use crate::run::WayBack;

/// Where lines go.
pub(super) type Out<'a> = &'a mut (dyn Write + Send);

/// Tells the lines of the timeline that have not been told.
pub(super) struct Teller {
    mode: Mode,
    told: usize,
    remark: Option<String>,
    /// The date of the last line that was told.
    day: Option<String>,
}

impl Teller {
    /// A teller of a run in that mode; a line of a rehearsal says so at its head.
    pub(super) const fn of(mode: Mode) -> Self {
        Self { mode, told: 0, remark: None, day: None }
    }

    const fn head_of_line(&self) -> &'static str {
        match self.mode {
            Mode::Live => "",
            Mode::Drill => "DRILL ",
            Mode::Rehearsal => "REHEARSAL ",
        }
    }

    /// Says which run this is; what was told before it was taken up is only counted.
    pub(super) fn head(&mut self, board: &Board, out: Out<'_>) -> Result<(), Failure> {
        let header = &board.header;
        let real = if header.simulated { "SIMULATED " } else { "" };
        let incidents: Vec<String> = header.incidents.iter().map(|incident| format!("incident {incident}  ")).collect();
        writeln!(
            out,
            "{}{real}{}  {} @ {}  run {}  {}{}",
            self.head_of_line(),
            printable(&header.environment),
            header.runbook,
            printable(&header.revision),
            header.run,
            incidents.concat(),
            printable(&header.operator)
        )?;
        if board.timeline.len() > 1 {
            self.told = board.timeline.len();
            writeln!(out, "({} earlier lines: `callout timeline {}`)", self.told, header.run)?;
        }
        Ok(())
    }

    /// Tells what is new on the board, and the remark if it is another.
    pub(super) fn tell(&mut self, board: &Board, remark: Option<String>, out: Out<'_>) -> Result<(), Failure> {
        for line in board.timeline.iter().skip(self.told) {
            let day = line.at.day();
            // A wait may take days; the first line needs no date, as it is now.
            if self.day.replace(day.clone()).is_some_and(|last| last != day) {
                writeln!(out, "{day}")?;
            }
            let step = line.step.as_ref().map(|step| format!("{step} ")).unwrap_or_default();
            let head = self.head_of_line();
            writeln!(out, "{head}{} {step}{}", line.at.clock_face(), body(&line.text, 10))?;
        }
        self.told = board.timeline.len();
        if remark != self.remark {
            if let Some(remark) = &remark {
                writeln!(out, "({})", printable(remark))?;
            }
            self.remark = remark;
        }
        Ok(out.flush()?)
    }
}

/// Whether nothing new is started because somebody asked for that.
pub(super) fn is_paused(board: &Board) -> bool {
    board.header.state == "paused"
}

/// Whether the run is to end and has not ended yet.
pub(super) fn is_aborting(board: &Board) -> bool {
    board.header.state == "aborting"
}

/// Says what is asked, with everything that is needed to decide.
pub(super) fn show(need: &Need, board: &Board, out: Out<'_>) -> Result<(), Failure> {
    writeln!(out, "\n── {} ── {}", need.step, printable(&need.title))?;
    for fact in &need.facts {
        writeln!(out, "  {:<12} {}", printable(&fact.label), body(&fact.text, 15))?;
    }
    match &need.question {
        Question::Acknowledge { .. } => writeln!(out, "Enter confirms; `abort` ends the run.")?,
        Question::ReadBack { expected, risk, .. } => {
            writeln!(out, "This is {risk}. Type `{}` to confirm it; `abort` ends the run.", printable(expected))?;
        }
        Question::Choose { question, choices } => {
            writeln!(out, "{}", body(question, 2))?;
            for (number, choice) in choices.iter().enumerate() {
                let typed =
                    choice.read_back.as_ref().map(|text| format!(" (then `{}`)", printable(text))).unwrap_or_default();
                writeln!(out, "  {}  {}{typed}", number + 1, printable(&choice.label))?;
            }
            if choices.iter().enumerate().any(|(position, choice)| ends(position, &choice.answer)) {
                show_end(board, out)?;
            }
            writeln!(out, "Type a number.")?;
        }
    }
    Ok(())
}

/// Whether a choice ends the run: a gate goes on with its first choice only.
const fn ends(position: usize, answer: &Answer) -> bool {
    match answer {
        Answer::Abort | Answer::RollBack => true,
        Answer::Decide(_) => position > 0,
        _ => false,
    }
}

/// Says what ending the run leaves as it is (DESIGN §4.8).
pub(super) fn show_end(board: &Board, out: Out<'_>) -> Result<(), Failure> {
    writeln!(out, "Ending the run starts nothing more, sends nothing again, and undoes nothing.")?;
    let mut left = vec![
        ("In flight, and waited for", marked(board, Mark::Running)),
        ("In doubt, and stays in doubt", marked(board, Mark::InDoubt)),
        ("Failed, perhaps after a change", marked(board, Mark::Failed)),
        ("Done, and left standing as it is", marked(board, Mark::Succeeded)),
    ];
    for (heading, steps) in left.iter().filter(|(_, steps)| !steps.is_empty()) {
        writeln!(out, "  {heading}:")?;
        for step in steps {
            let title = if step.title.is_empty() { &step.operation } else { &step.title };
            writeln!(out, "    {}  {}", step.id, printable(title))?;
        }
    }
    left.retain(|(_, steps)| !steps.is_empty());
    if left.is_empty() {
        writeln!(out, "  This run has changed nothing so far.")?;
    }
    if board.way_back.undone.is_empty() {
        show_by_hand(&board.way_back, out)?;
    } else {
        writeln!(out, "`abort undo` would undo before that what the runbook says how to undo.")?;
        show_way_back(&board.way_back, out)?;
    }
    Ok(())
}

/// Says what is undone in which order, what cannot be and why, and what nobody knows (DESIGN §4.8).
pub(crate) fn show_way_back(way: &WayBack, out: Out<'_>) -> Result<(), Failure> {
    if way.undone.is_empty() {
        writeln!(out, "  Nothing of it can be undone.")?;
    } else {
        writeln!(out, "  Undone, in this order, each confirmed by itself:")?;
    }
    for (step, number) in way.undone.iter().zip(1..) {
        writeln!(out, "    {number}  {}  by {}", step.step, step.entries.join(", "))?;
    }
    if !way.left.is_empty() {
        writeln!(out, "  Left standing as it is:")?;
    }
    for (step, why) in &way.left {
        writeln!(out, "    {step}  {}", printable(why))?;
    }
    if !way.in_doubt.is_empty() {
        writeln!(out, "  In doubt, and probed before:")?;
    }
    for step in &way.in_doubt {
        writeln!(out, "    {step}")?;
    }
    show_by_hand(way, out)
}

/// Says what people have done by hand: no undo reaches it.
fn show_by_hand(way: &WayBack, out: Out<'_>) -> Result<(), Failure> {
    if !way.by_hand.is_empty() {
        writeln!(out, "  Done by people, who alone can take back what it changed:")?;
    }
    for step in &way.by_hand {
        writeln!(out, "    {step}")?;
    }
    Ok(())
}

/// The steps of that mark that may change something, without the groups whose items stand below them.
fn marked(board: &Board, mark: Mark) -> Vec<&StepLine> {
    let steps = &board.steps;
    let is_group = |at: usize| steps.get(at + 1).is_some_and(|next| next.depth > steps[at].depth);
    let lines = steps.iter().enumerate();
    lines
        .filter(|(at, step)| step.mark == mark && step.risk > Risk::Read && !is_group(*at))
        .map(|(_, step)| step)
        .collect()
}
