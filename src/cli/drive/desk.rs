use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::start::{begin, resume};
use crate::base::{Clock as _, ClockSource, IncidentId, Timestamp, Value};
use crate::cli::args::Headless;
use crate::cli::command::{drilled, plan_page};
use crate::cli::environment::environment;
use crate::cli::estate::{self, Estate};
use crate::cli::ledger::{self, Declaration, Ledger, adopt, board, last_known, outline};
use crate::cli::library::Library;
use crate::cli::playbooks::{self, Checker, Startable};
use crate::cli::prepare::prepare;
use crate::cli::{Exit, Failure, Setting, store};
use crate::journal::{Channel, Journal as _, SqliteJournal, StoreKind};
use crate::plan::Mode;
use crate::projection::{Desk, DeskAnswer, Entry, FormField, IncidentBoard, IncidentLine, RunLine, StartPage};
use crate::runbook::{Content, Environment, EstateKind, Guide};
use crate::tui::{self, DeskAsk, DeskExit, DeskPorts};
use crate::world::{Redactor, Signals, StillClock, SystemClock};

/// How often the clock is looked at while nothing happens.
const TICK: Duration = Duration::from_secs(1);

/// `callout` at a terminal: the open incidents and runs, and from there into runs and back.
pub(crate) async fn desk(
    setting: &Setting,
    redactor: &Redactor,
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let environment = environment(setting)?;
    let (mut looking, mut said) = (None, String::new());
    loop {
        let (exit, looked) = show(setting, &environment, looking, said).await?;
        looking = looked;
        said = match exit {
            DeskExit::Left => return Ok(Exit::Success),
            DeskExit::Resume(run) => {
                let nobody = Headless { headless: false, answers: None, yes: None };
                ended(resume(Some(&run.to_string()), &nobody, setting, redactor, out).await)
            }
            DeskExit::Start { incident, runbook, inputs } => {
                looking = Some(incident);
                ended(start(setting, redactor, incident, &runbook, &inputs, out).await)
            }
        };
    }
}

async fn start(
    setting: &Setting,
    redactor: &Redactor,
    incident: IncidentId,
    runbook: &str,
    inputs: &[(String, String)],
    out: &mut (dyn Write + Send),
) -> Result<Exit, Failure> {
    let known = store::reader(setting)?.map(|mut journal| outline(&mut journal, incident)).transpose()?;
    let given = given(known.as_ref().and_then(IncidentBoard::guide), runbook, inputs);
    let prepared = prepare(setting, runbook, &given, Mode::Live)?;
    let nobody = Headless { headless: false, answers: None, yes: None };
    begin(prepared, Some(incident), &[], &nobody, setting, redactor, out).await
}

/// How a run came to rest, in a sentence.
fn ended(done: Result<Exit, Failure>) -> String {
    match done {
        Ok(Exit::Success) => "the run has ended well; the timeline tells it".to_owned(),
        Ok(Exit::Paused) => "the run waits, and can be taken up again".to_owned(),
        Ok(Exit::InDoubt) => "something of the run is in doubt; take it up again to look".to_owned(),
        Ok(_) => "the run has ended; the timeline tells how".to_owned(),
        Err(failure) => sentence(&failure),
    }
}

fn sentence(failure: &Failure) -> String {
    failure.text().trim().replace('\n', "; ")
}

/// Shows the desk until it is left, and gives the incident that was looked at last.
async fn show(
    setting: &Setting,
    environment: &Environment,
    looking: Option<IncidentId>,
    said: String,
) -> Result<(DeskExit, Option<IncidentId>), Failure> {
    let mut signals =
        Signals::listen().map_err(|error| Failure::new(Exit::Internal, "signals cannot be heard").because(&error))?;
    let mut keeper = Keeper::new(setting, environment, looking)?;
    keeper.say(said);
    let first = keeper.look().await?;
    let (publish, shown) = watch::channel(Arc::new(first));
    let (asks, asked) = mpsc::unbounded_channel();
    let screen = tui::Setting { colour: setting.colour, unicode: setting.unicode, banner: environment.colour };
    let person = async {
        tokio::select! {
            exit = tui::desk(DeskPorts { shown, asks }, screen) => exit,
            _ = signals.next() => Ok(DeskExit::Left),
        }
    };
    let (exit, ()) = tokio::join!(person, keeper.keep(asked, publish));
    if let Some(estate) = keeper.estate.take() {
        estate.stop().await;
    }
    let exit = exit.map_err(|error| Failure::of(Exit::Usage, &error).hint("`--plain` speaks lines instead"))?;
    Ok((exit, keeper.looking))
}

/// Keeps the store for the desk: writes down what is said, and shows what has become of it.
struct Keeper<'a> {
    setting: &'a Setting,
    environment: &'a Environment,
    /// The store, to read; none as long as there is none.
    journal: Option<SqliteJournal>,
    /// The simulated estate, so that its clock runs while somebody looks at it.
    estate: Option<Estate>,
    looking: Option<IncidentId>,
    playbooks: Vec<(String, String)>,
    /// What drills have proven, as of when the desk was opened.
    drilled: BTreeMap<String, String>,
    start: Option<StartPage>,
    answer: Option<DeskAnswer>,
    /// How many pages and answers there were.
    count: u64,
    /// What was read of the store, until it changes.
    read: Option<Lists>,
}

/// What the store holds, as far as it is shown.
#[derive(Clone, Default)]
struct Lists {
    incidents: Vec<IncidentLine>,
    runs: Vec<RunLine>,
    open: Option<IncidentBoard>,
}

impl<'a> Keeper<'a> {
    fn new(setting: &'a Setting, environment: &'a Environment, looking: Option<IncidentId>) -> Result<Self, Failure> {
        let mut checker = Checker::new(setting);
        let mut found = Vec::new();
        for source in playbooks::sources(setting, &Library::of(setting)?)? {
            // A broken playbook is told of by `callout check`; tonight the others are needed.
            if let Some(playbook) = checker.check(&source)?.playbook
                && matches!(playbook.content, Content::Guide(_))
            {
                found.push((playbook.id, playbook.title));
            }
        }
        Ok(Self {
            setting,
            environment,
            journal: None,
            estate: None,
            looking,
            playbooks: found,
            drilled: drilled(setting),
            start: None,
            answer: None,
            count: 0,
            read: None,
        })
    }

    /// Answers until nobody asks any more.
    async fn keep(&mut self, mut asked: mpsc::UnboundedReceiver<DeskAsk>, publish: watch::Sender<Arc<Desk>>) {
        loop {
            tokio::select! {
                ask = asked.recv() => match ask {
                    Some(ask) => match self.take(ask).await {
                        Ok(text) => self.say(text),
                        Err(failure) => self.say(sentence(&failure)),
                    },
                    None => return,
                },
                () = tokio::time::sleep(TICK) => {}
            }
            match self.look().await {
                Ok(desk) => drop(publish.send(Arc::new(desk))),
                Err(failure) => {
                    let text = sentence(&failure);
                    self.say(text);
                    let answer = self.answer.clone();
                    publish.send_modify(|desk| *desk = Arc::new(Desk { answer, ..Desk::clone(desk) }));
                }
            }
        }
    }

    fn next(&mut self) -> u64 {
        self.count += 1;
        self.count
    }

    fn say(&mut self, text: String) {
        self.answer = Some(DeskAnswer { number: self.next(), text });
    }

    /// Does what is asked, and gives what is to be said about it; nothing if it shows by itself.
    async fn take(&mut self, ask: DeskAsk) -> Result<String, Failure> {
        self.read = None;
        match ask {
            DeskAsk::Look(incident) => self.looking = incident,
            DeskAsk::Say(incident, word) => return self.write(incident, word, Vec::new()).await,
            DeskAsk::Adopt(incident, name) => {
                let (playbook, text) = adopt(self.setting, &name)?;
                return self.write(incident, crate::incident::Word::Adopt(playbook), vec![text]).await;
            }
            DeskAsk::Declare { title, severity, playbook } => {
                let playbook = playbook.map(|name| adopt(self.setting, &name)).transpose()?;
                let environment = self.environment.name.clone();
                let declaration =
                    Declaration { title, severity, environment, started_at: None, summary: None, playbook };
                let journal = store::for_run(self.setting, self.environment.estate, Channel::Tui)?;
                let clock = self.clock(&journal).await?;
                let ledger = Ledger::declare(self.setting, journal, Channel::Tui, declaration, clock)?;
                self.looking = Some(ledger.incident);
            }
            DeskAsk::Prepare { incident, runbook, inputs } => self.prepare(incident, runbook, &inputs)?,
            DeskAsk::Forget => self.start = None,
        }
        Ok(String::new())
    }

    async fn write(
        &mut self,
        incident: IncidentId,
        word: crate::incident::Word<String>,
        texts: Vec<String>,
    ) -> Result<String, Failure> {
        let journal = store::to_append(self.setting, &self.setting.store_for(self.environment.estate))?;
        let clock = self.clock(&journal).await?;
        let remarks = Ledger::of(self.setting, journal, incident, Channel::Tui).say(word, texts, clock)?;
        Ok(remarks.join("; "))
    }

    async fn clock(&self, journal: &SqliteJournal) -> Result<StillClock, Failure> {
        match &self.estate {
            Some(estate) => Ok(StillClock { now: estate.control().clock().await?.now, source: ClockSource::Simulated }),
            None => ledger::clock(journal.kind(), journal.path()).await,
        }
    }

    fn prepare(&mut self, incident: IncidentId, runbook: String, inputs: &[(String, String)]) -> Result<(), Failure> {
        let open = self.journal.as_mut().map(|journal| outline(journal, incident)).transpose()?;
        let given = given(open.as_ref().and_then(IncidentBoard::guide), &runbook, inputs);
        let startable = Startable::find(self.setting, &runbook)?;
        let prepared = prepare(self.setting, &runbook, &given, Mode::Live);
        let planned = prepared.as_ref().map(|prepared| prepared.plan.inputs.as_slice()).unwrap_or_default();
        let fields = startable.loaded.runbook.parameters.iter().map(|parameter| {
            let planned = planned.iter().find(|input| input.name == parameter.name).map(|input| shown(&input.value));
            let said = given.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| value.clone());
            FormField {
                name: parameter.name.clone(),
                description: parameter.description.clone().unwrap_or_default(),
                wanted: parameter.description.clone().unwrap_or_else(|| "not given".to_owned()),
                choices: Vec::new(),
                default: said.or(planned),
                headless: None,
                entry: Entry::Typed,
            }
        });
        let fields = fields.collect();
        let plan = prepared.and_then(|prepared| match prepared.refusal {
            Some(refusal) => Err(refusal.into_failure()),
            None => plan_page(&prepared),
        });
        let words = self.drilled.get(&runbook).map(|words| format!("Drilled     {words}"));
        let plan = plan
            .map(|text| words.into_iter().chain(text.lines().map(str::to_owned)).collect())
            .map_err(|failure| failure.text().trim().to_owned());
        self.start = Some(StartPage { number: self.next(), incident, runbook, fields, plan });
        Ok(())
    }

    /// How it looks now.
    async fn look(&mut self) -> Result<Desk, Failure> {
        if self.journal.is_none() {
            self.journal = store::reader(self.setting)?;
            self.read = None;
        }
        if let Some(journal) = self.journal.as_mut()
            && journal.changed()?
        {
            self.read = None;
        }
        let is_simulated = self.environment.estate == EstateKind::Simulated;
        let now = match &self.journal {
            Some(journal) => self.now(journal).await?,
            None => SystemClock.host_now(),
        };
        if let (Some(journal), true, None) = (&self.journal, is_simulated, &self.estate)
            && journal.kind() == StoreKind::Simulated
        {
            let estate = estate::simulated(journal.path(), None).await?;
            if let Some(speed) = self.setting.speed {
                estate.set_speed(speed).await?;
            }
            self.estate = Some(estate);
        }
        let Lists { incidents, runs, open } = self.read()?;
        Ok(Desk {
            environment: self.environment.name.clone(),
            simulated: is_simulated,
            now,
            incidents,
            runs,
            playbooks: self.playbooks.clone(),
            drilled: self.drilled.clone(),
            open,
            start: self.start.clone(),
            answer: self.answer.clone(),
        })
    }

    async fn now(&self, journal: &SqliteJournal) -> Result<Timestamp, Failure> {
        match &self.estate {
            Some(estate) => Ok(estate.control().clock().await?.now),
            None => last_known(journal).await,
        }
    }

    fn read(&mut self) -> Result<Lists, Failure> {
        if let Some(read) = &self.read {
            return Ok(read.clone());
        }
        let Some(journal) = self.journal.as_mut() else { return Ok(Lists::default()) };
        let mut incidents = Vec::new();
        for incident in journal.incidents()? {
            incidents.push(IncidentLine::of(&outline(journal, incident)?));
        }
        incidents.sort_by_key(|line| !line.status.is_open());
        let runs = journal.open_runs()?.iter().map(RunLine::of).collect();
        let open = self.looking.map(|incident| board(journal, incident)).transpose()?;
        Ok(self.read.insert(Lists { incidents, runs, open }).clone())
    }
}

/// The inputs that the playbook gives a runbook, with what the person has said in their place.
fn given(guide: Option<&Guide>, runbook: &str, said: &[(String, String)]) -> Vec<(String, String)> {
    let suggestion = guide.and_then(|guide| guide.runbooks.iter().find(|known| known.runbook == runbook));
    let said: Vec<&(String, String)> = said.iter().filter(|(_, value)| !value.is_empty()).collect();
    let is_said = |name: &str| said.iter().any(|(known, _)| known == name);
    let own = suggestion.map(|suggestion| suggestion.with.as_slice()).unwrap_or_default();
    let own = own.iter().filter(|(name, _)| !is_said(name)).map(|(name, value)| (name.clone(), shown(value)));
    own.chain(said.iter().map(|pair| (*pair).clone())).collect()
}

/// A value as a person writes it: a resource by its name, a list with commas.
fn shown(value: &Value) -> String {
    match value {
        Value::List(items) => items.iter().map(shown).collect::<Vec<_>>().join(","),
        Value::Record(_) => value.field("name").map_or_else(|| value.to_string(), ToString::to_string),
        other => other.to_string(),
    }
}
