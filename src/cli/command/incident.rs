mod json;

use std::io::Write;

use serde_json::{Value as Json, json as to_json};

use super::list::drilled;
use super::playbook::{bullets, command, head};
use crate::base::{IncidentId, Timestamp};
use crate::cli::args::{Declare, Incident, moment_of};
use crate::cli::environment::environment;
use crate::cli::ledger::{Declaration, Ledger, adopt, board, clock, last_known, outline};
use crate::cli::text::{body, columns, field, paragraph, printable};
use crate::cli::{Exit, Failure, Setting, store};
use crate::incident::{Adopted, NextCall, Word, to_come};
use crate::journal::{Channel, SqliteJournal, StoreKind};
use crate::projection::IncidentBoard;
use crate::runbook::{EstateKind, Guide, Moment};
use crate::world::StillClock;

/// `callout incident …`.
pub(crate) async fn incident(setting: &Setting, args: &Incident, out: &mut dyn Write) -> Result<Exit, Failure> {
    let text = |text: &str| text.trim().to_owned();
    let (of, word) = match args {
        Incident::Declare(declare) => return self::declare(setting, declare, out).await,
        Incident::List { json } => return list(setting, *json, out).await,
        Incident::Show { incident, json } => return show(setting, incident.as_deref(), *json, out).await,
        Incident::Message { of, moment, audience } => {
            return message(setting, &of.incident, *moment, audience.as_deref(), out);
        }
        Incident::Note { of, text: said, when } => {
            return note(setting, &of.incident, said, when.at.as_deref(), out).await;
        }
        Incident::Milestone { of, milestone, when } => {
            let mut post = Post::find(setting, &of.incident).await?;
            let at = when.moment(post.now())?.unwrap_or_else(|| post.now());
            return post.say(Word::Mark(*milestone, at), out);
        }
        Incident::Playbook { of, playbook } => {
            let (playbook, text) = adopt(setting, playbook)?;
            let mut post = Post::find(setting, &of.incident).await?;
            return post.say_with(Word::Adopt(playbook), vec![text], out);
        }
        Incident::Attach { of, run } | Incident::Detach { of, run } => {
            let mut post = Post::find(setting, &of.incident).await?;
            let run = store::find_run(&post.ledger.journal, run)?.run;
            let is_attach = matches!(args, Incident::Attach { .. });
            return post.say(if is_attach { Word::Attach(run) } else { Word::Detach(run) }, out);
        }
        Incident::Severity { of, severity, reason } => (of, Word::Rate(*severity, reason.clone())),
        Incident::Status { of, status, reason } => (of, Word::Move(*status, reason.clone())),
        Incident::Role { of, role, who } => (of, Word::Assign(*role, filled(&text(who), "who it is")?)),
        Incident::Rename { of, title } => (of, Word::Rename(filled(&text(title), "what is wrong")?)),
        Incident::Summary { of, text: said } => (of, Word::Summarise(filled(&text(said), "what is known")?)),
        Incident::Tick { of, number, remark } => (of, Word::Tick(*number, remark.clone())),
    };
    Post::find(setting, &of.incident).await?.say(word, out)
}

/// Puts a note on an incident's timeline.
pub(in crate::cli) async fn note(
    setting: &Setting,
    incident: &str,
    text: &str,
    at: Option<&str>,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let text = filled(text.trim(), "what happened")?;
    let mut post = Post::find(setting, incident).await?;
    let at = at.map(|at| moment_of(at, post.now())).transpose()?;
    post.say(Word::Note(text, at), out)
}

/// An incident, and the moment at which something is said of it.
struct Post<'a> {
    ledger: Ledger<'a>,
    clock: StillClock,
}

impl<'a> Post<'a> {
    async fn find(setting: &'a Setting, incident: &str) -> Result<Self, Failure> {
        let ledger = Ledger::find(setting, incident)?;
        let clock = clock(ledger.journal.kind(), ledger.journal.path()).await?;
        Ok(Self { ledger, clock })
    }

    fn now(&self) -> Timestamp {
        self.clock.now
    }

    fn say(&mut self, word: Word<String>, out: &mut dyn Write) -> Result<Exit, Failure> {
        self.say_with(word, Vec::new(), out)
    }

    /// Says the word, and what the incident is then.
    fn say_with(&mut self, word: Word<String>, texts: Vec<String>, out: &mut dyn Write) -> Result<Exit, Failure> {
        let before = self.ledger.journal.of_incident(self.ledger.incident)?.len();
        let remarks = self.ledger.say(word, texts, self.clock)?;
        let board = board(&mut self.ledger.journal, self.ledger.incident)?;
        for remark in remarks {
            writeln!(out, "Note that {}.", printable(&remark))?;
        }
        if self.ledger.journal.of_incident(self.ledger.incident)?.len() > before {
            let (short, title) = (board.id.short(), printable(&board.title));
            writeln!(out, "Written down. Incident {short} is {}, {}: {title}", board.severity, board.status)?;
        } else {
            writeln!(out, "Nothing was written down.")?;
        }
        Ok(Exit::Success)
    }
}

fn filled(text: &str, what: &str) -> Result<String, Failure> {
    if text.is_empty() {
        return Err(Failure::usage("the text is empty").hint(format!("write {what}")));
    }
    Ok(text.to_owned())
}

async fn declare(setting: &Setting, args: &Declare, out: &mut dyn Write) -> Result<Exit, Failure> {
    let title = filled(args.title.trim(), "what is wrong, in a few words")?;
    let environment = environment(setting)?;
    let playbook = args.playbook.as_deref().map(|name| adopt(setting, name)).transpose()?;
    let journal = store::for_run(setting, environment.estate, Channel::Cli)?;
    let clock = clock(journal.kind(), journal.path()).await?;
    let started_at = args.started_at.as_deref().map(|text| moment_of(text, clock.now)).transpose()?;
    let declaration = Declaration {
        title,
        severity: args.severity,
        environment: environment.name,
        started_at,
        summary: args.summary.clone(),
        playbook,
    };
    let odd = started_at.and_then(|at| to_come(at, clock.now));
    let mut ledger = Ledger::declare(setting, journal, Channel::Cli, declaration, clock)?;
    let short = ledger.incident.short();
    if args.json {
        let remarks: Vec<String> = odd.into_iter().collect();
        writeln!(out, "{:#}", to_json!({ "id": ledger.incident, "short": short, "remarks": remarks }))?;
        return Ok(Exit::Success);
    }
    if let Some(odd) = odd {
        writeln!(out, "Note that {odd}.")?;
    }
    let board = board(&mut ledger.journal, ledger.incident)?;
    let watermark = if environment.estate == EstateKind::Simulated { " (simulated)" } else { "" };
    writeln!(out, "Declared incident {short}, {}: {}{watermark}", board.severity, printable(&board.title))?;
    if let Some(guide) = board.guide() {
        head(out, "First")?;
        first_actions(&board, guide, out)?;
    }
    writeln!(out)?;
    let others = [
        (format!("callout incident show {short}"), "all of it, on one page"),
        (format!("callout incident tick {short} 1"), "a first action is done"),
        (format!("callout note {short} TEXT"), "what happened"),
        (format!("callout run RUNBOOK --incident {short}"), "with a run that belongs to it"),
    ];
    let is_told = |(command, _): &(String, &str)| board.guide().is_some() || !command.contains(" tick ");
    let rows = others.into_iter().filter(is_told).map(|(command, what)| [format!("  {command}"), what.to_owned()]);
    out.write_all(columns(rows).as_bytes())?;
    Ok(Exit::Success)
}

async fn list(setting: &Setting, as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Some(mut journal) = store::reader(setting)? else {
        writeln!(out, "{}", if as_json { "[]" } else { "There are no incidents." })?;
        return Ok(Exit::Success);
    };
    let now = last_known(&journal).await?;
    let ids = journal.incidents()?;
    let boards = ids.into_iter().map(|incident| outline(&mut journal, incident)).collect::<Result<Vec<_>, _>>()?;
    if as_json {
        writeln!(out, "{:#}", boards.iter().map(|board| json::line(board, now)).collect::<Json>())?;
        return Ok(Exit::Success);
    }
    if boards.is_empty() {
        writeln!(out, "There are no incidents.")?;
    }
    out.write_all(columns(boards.iter().map(|board| cells(board, now))).as_bytes())?;
    Ok(Exit::Success)
}

/// An incident in a list for a person.
pub(super) fn cells(board: &IncidentBoard, now: Timestamp) -> [String; 5] {
    let long = format!("{} {}", if board.ended.is_some() { "took" } else { "for" }, board.elapsed(now));
    let state = format!("{} {}", board.severity, board.status);
    [board.id.short(), board.began.minute(), state, long, board.title.clone()]
}

async fn show(setting: &Setting, incident: Option<&str>, as_json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Some(mut journal) = store::reader(setting)? else {
        return Err(store::nothing_yet(setting)?);
    };
    let incident = match incident {
        Some(text) => store::find_incident(&journal, text)?,
        None => the_only_one(&mut journal)?,
    };
    let now = last_known(&journal).await?;
    let board = board(&mut journal, incident)?;
    if as_json {
        writeln!(out, "{:#}", json::document(&board, now))?;
    } else {
        page(setting, &board, now, out)?;
    }
    Ok(Exit::Success)
}

/// The incident that is meant if none is named.
fn the_only_one(journal: &mut SqliteJournal) -> Result<IncidentId, Failure> {
    let mut open = Vec::new();
    for incident in journal.incidents()? {
        let board = outline(journal, incident)?;
        if board.status.is_open() {
            open.push((incident, format!("{} ({})", incident.short(), printable(&board.title))));
        }
    }
    match open.as_slice() {
        [(only, _)] => Ok(*only),
        [] => Err(Failure::usage("no incident is open").hint("`callout incident list` names those that were")),
        more => {
            let names: Vec<&str> = more.iter().map(|(_, name)| name.as_str()).collect();
            Err(Failure::usage("more than one incident is open")
                .hint(format!("name one of them: {}", names.join(", "))))
        }
    }
}

fn page(setting: &Setting, board: &IncidentBoard, now: Timestamp, out: &mut dyn Write) -> Result<(), Failure> {
    writeln!(out, "Incident {}: {}", board.id.short(), printable(&board.title))?;
    let watermark = if board.simulated { " (simulated: no evidence of production recovery)" } else { " (LIVE)" };
    field(out, "Where", &format!("{}{watermark}", board.environment))?;
    field(out, "State", &format!("{}, {}", board.severity, board.status))?;
    field(out, "Elapsed", &format!("{}, since {}", board.elapsed(now), board.began.minute()))?;
    if !board.summary.is_empty() {
        paragraph(out, "Summary", &board.summary)?;
    }
    for (role, who) in &board.roles {
        field(out, &capital(role.word()), who)?;
    }
    for (milestone, reached) in board.reached() {
        field(out, &capital(milestone.word()), &reached)?;
    }
    if !board.runs.is_empty() {
        head(out, "Runs")?;
    }
    let runs =
        board.runs.iter().map(|line| [format!("  {}", line.run.short()), line.runbook.clone(), line.state.clone()]);
    out.write_all(columns(runs).as_bytes())?;
    let Some(playbook) = &board.playbook else {
        writeln!(out, "\nNo playbook is at hand: `callout incident playbook {} NAME` takes one up.", board.id.short())?;
        return Ok(());
    };
    let Adopted { id, version, revision, title, guide, .. } = playbook;
    writeln!(out, "\nPlaybook {id} {version} ({revision}): {}", printable(title))?;
    playbook_page(setting, board, guide, now, out)
}

fn playbook_page(
    setting: &Setting,
    board: &IncidentBoard,
    guide: &Guide,
    now: Timestamp,
    out: &mut dyn Write,
) -> Result<(), Failure> {
    head(out, "Is it this?")?;
    bullets(out, &guide.symptoms)?;
    head(out, "How bad is it?")?;
    let rows = guide.severity.iter().map(|(severity, when)| [format!("  {severity}"), when.clone()]);
    out.write_all(columns(rows).as_bytes())?;
    head(out, "First")?;
    first_actions(board, guide, out)?;
    head(out, "Runbooks, in this order")?;
    // Where no environment can be told, the commands say every input.
    let environment = environment(setting).ok();
    let drilled = drilled(setting);
    for (number, suggestion) in (1..).zip(&guide.runbooks) {
        writeln!(out, "  {number}. {}: {}", suggestion.runbook, body(&suggestion.when, 5))?;
        if let Some(words) = drilled.get(&suggestion.runbook) {
            writeln!(out, "     {words}")?;
        }
        let run = command(setting, "run", suggestion, environment.as_ref());
        writeln!(out, "     {run} --incident {}", board.id.short())?;
    }
    calls(board, now, out)?;
    head(out, "It is over when")?;
    bullets(out, &guide.exit_criteria)
}

fn first_actions(board: &IncidentBoard, guide: &Guide, out: &mut dyn Write) -> Result<(), Failure> {
    for (number, action) in (1..).zip(&guide.first_five) {
        let tick = board.tick(number);
        let mark = if tick.is_some() { "[x]" } else { "[ ]" };
        writeln!(out, "  {mark} {number}. {}", body(&action.text, 9))?;
        for (what, name) in [("the check", &action.check), ("the runbook", &action.runbook)] {
            if let Some(name) = name {
                writeln!(out, "         {what} {name}")?;
            }
        }
        if let Some(tick) = tick {
            let remark = if tick.remark.is_empty() { String::new() } else { format!(": {}", body(&tick.remark, 9)) };
            writeln!(out, "         done at {}{remark}", tick.at.clock_face())?;
        }
    }
    Ok(())
}

fn calls(board: &IncidentBoard, now: Timestamp, out: &mut dyn Write) -> Result<(), Failure> {
    head(out, "When nobody answers")?;
    let short = board.id.short();
    let (due, next) = board.calls(now);
    let who = |call: &NextCall<'_>| format!("{}, {}", printable(&call.level.who), printable(&call.level.how));
    match &due {
        Some(call) => writeln!(out, "  now: {}", who(call))?,
        None if board.status.is_open() => writeln!(out, "  somebody has answered")?,
        None => writeln!(out, "  nobody is called any more: it is {}", board.status)?,
    }
    if let Some((call, within)) = next.as_ref().and_then(|call| Some((call, call.within?))) {
        writeln!(out, "  in {within}: {}", who(call))?;
    }
    if due.is_some() {
        writeln!(out, "  `callout incident milestone {short} acknowledged` once somebody has")?;
    }
    Ok(())
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn message(
    setting: &Setting,
    incident: &str,
    moment: Moment,
    audience: Option<&str>,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let Some(mut journal) = store::reader(setting)? else {
        return Err(store::nothing_yet(setting)?);
    };
    let incident = store::find_incident(&journal, incident)?;
    let board = board(&mut journal, incident)?;
    let Some(guide) = board.guide() else {
        return Err(Failure::usage("no playbook is at hand, so nobody has written what others are told")
            .hint(format!("`callout incident playbook {} NAME` takes one up", incident.short())));
    };
    let messages = board.messages(moment, audience);
    if messages.is_empty() {
        let all = guide.messages.iter().map(|message| format!("{} ({})", message.moment, message.audience));
        let hint = format!("it has {}", all.collect::<Vec<_>>().join(", "));
        return Err(Failure::usage("the playbook has no such message").hint(hint));
    }
    let several = messages.len() > 1;
    for (audience, text) in messages {
        let text = text.map_err(|why| Failure::new(Exit::Failed, format!("the message cannot be filled in: {why}")))?;
        if several {
            writeln!(out, "To {}:", printable(&audience))?;
        }
        writeln!(out, "{}", body(&text, 0))?;
        if several {
            writeln!(out)?;
        }
    }
    if board.simulated && journal.kind() == StoreKind::Simulated {
        writeln!(out, "(simulated: tell nobody)")?;
    }
    Ok(Exit::Success)
}
