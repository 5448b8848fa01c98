//! The world: estate, clock, log and faults, with the file that each change is written to before it is answered.

use std::path::Path;

use axum::http::StatusCode;

use super::answer::{Answer, arm_error, simulator_error};
use super::asked::Asked;
use super::change::{Beginning, Change, Coined, Record, Value};
use super::clock::{Clock, Moment, Speed};
use super::error::SimError;
use super::estate::Estate;
use super::fault::{self, Blow, Faults, Form, Refusal};
use super::log::{Dropped, Entry, Log, Outcome};
use super::search::Twist;
use super::signin::{self, Unauthorized};
use super::store::Store;
use super::{host, page, search, storage, vault, web};

/// What is served.
pub(crate) struct World {
    store: Store,
    clock: Clock,
    kept: Kept,
    /// How many questions the apps were asked since the server started.
    questions: u64,
    /// How long a swap takes that is started from now on, in estate seconds.
    swap_seconds: u32,
    /// What is to go wrong with what the request starts that is being carried out.
    twist: Option<Twist>,
}

/// What the records of the file add up to.
struct Kept {
    estate: Estate,
    mark: String,
    log: Log,
    faults: Faults,
}

/// What is to be done with a request that was received and, as the case may be, carried out.
pub(crate) enum Verdict {
    Answer(Answer),
    /// Reset the connection.
    Cut,
    /// Answer after so many host seconds.
    Stall(Answer, f64, Ticket),
    /// Answer when the fault rules are removed.
    Hold(Answer, Ticket),
}

/// Which entry of the log a request has, and whether it stands in the file too.
#[derive(Clone, Copy)]
pub(crate) struct Ticket {
    number: u64,
    kept: bool,
}

/// Who checks what a request brings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Service {
    SignIn,
    Vault,
    Arm,
    Search,
    Storage,
    App,
    Unknown,
}

impl World {
    /// Opens the world of a file, which is a new one if the file is empty or missing. Takes the file's lock.
    pub(crate) fn open(path: &Path, speed: Speed) -> Result<Self, SimError> {
        let (mut store, records) = Store::open(path)?;
        let mut shown: Option<Moment> = None;
        let mut kept: Option<Kept> = None;
        for record in records {
            match record {
                Record::Clock { bound } => shown = Some(bound),
                record => kept = Kept::replay(kept, record),
            }
        }
        let kept = match kept {
            Some(kept) => kept,
            None => Kept::from_beginning(&mut store, shown.unwrap_or_else(host::now), host::hex32()?)?,
        };
        // Without any lease nothing was shown yet.
        let clock = Clock::start(shown.unwrap_or_else(|| kept.estate.born()), speed);
        Ok(Self { store, clock, kept, questions: 0, swap_seconds: web::SWAPPING, twist: None })
    }

    /// The estate as it was at the last moment that was read.
    pub(crate) fn estate(&self) -> &Estate {
        &self.kept.estate
    }

    pub(crate) fn speed(&self) -> Speed {
        self.clock.speed()
    }

    /// Reads the clock and lets happen in the estate what has come due.
    pub(crate) fn now(&mut self) -> Result<Moment, SimError> {
        let now = self.clock.read();
        if let Some(bound) = self.clock.lease_for(now) {
            self.store.append(&Record::Clock { bound })?;
            self.clock.leased(bound);
        }
        self.kept.estate.settle(now);
        Ok(now)
    }

    /// Sets the clock forward; a moment that has passed changes nothing.
    pub(crate) fn forward_to(&mut self, moment: Moment) -> Result<Moment, SimError> {
        self.clock.forward_to(moment);
        self.now()
    }

    pub(crate) fn set_speed(&mut self, speed: Speed) {
        self.clock.set_speed(speed);
    }

    pub(crate) fn swap_seconds(&self) -> u32 {
        self.swap_seconds
    }

    /// What is to go wrong with what the present request starts; asked for once.
    pub(crate) fn twist(&mut self) -> Option<Twist> {
        self.twist.take()
    }

    /// Makes every later swap take so long, until the server ends.
    pub(crate) fn set_swap_seconds(&mut self, seconds: u32) {
        self.swap_seconds = seconds;
    }

    /// Writes a change and applies it. If it cannot be written it has not happened.
    pub(crate) fn change(&mut self, at: Moment, change: Change) -> Result<(), SimError> {
        let record = Record::Change { at, change };
        self.store.append(&record)?;
        if let Record::Change { at, change } = &record {
            self.kept.estate.apply(*at, change);
        }
        Ok(())
    }

    /// Begins the estate anew. Requests and faults are forgotten; the clock goes on, and tokens stay valid.
    pub(crate) fn reset(&mut self) -> Result<(), SimError> {
        let at = self.now()?;
        self.kept = Kept::from_beginning(&mut self.store, at, self.kept.mark.clone())?;
        Ok(())
    }

    /// Writes what happened to the fault rules and takes it into account.
    pub(crate) fn fault(&mut self, event: fault::Event) -> Result<(), SimError> {
        let record = Record::Fault(event);
        self.store.append(&record)?;
        if let Record::Fault(event) = record {
            self.kept.faults.apply(event);
        }
        Ok(())
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.kept.faults
    }

    pub(crate) fn log(&self) -> &Log {
        &self.kept.log
    }

    /// Receives a request from the wire, carries it out unless a fault forbids it, and says what is to be answered.
    pub(crate) fn receive(&mut self, asked: &Asked) -> Result<Verdict, SimError> {
        let at = self.now()?;
        let service = Service::of(&asked.host, self.estate());
        let entry = self.kept.log.entry(at, asked);
        if let Err(answer) = self.admit(service, asked) {
            let answer = dress(service, asked, answer)?;
            self.kept.log.push(Entry { outcome: Some(Outcome::Status(answer.status())), ..entry });
            return Ok(Verdict::Answer(answer));
        }
        let ticket = Ticket { number: entry.number, kept: asked.may_change() && service != Service::SignIn };
        if ticket.kept {
            // Written before anything is done, so that a request is counted even if the server is killed meanwhile.
            self.store.append(&Record::Received(entry.clone()))?;
        }
        self.kept.log.push(entry);
        let verdict = match self.strike(asked)? {
            Some(Blow::DropBefore) => {
                self.end(ticket, Outcome::Dropped(Dropped::Before))?;
                return Ok(Verdict::Cut);
            }
            Some(Blow::DropAfter) => {
                self.carry_out(service, at, asked)?;
                self.end(ticket, Outcome::Dropped(Dropped::After))?;
                return Ok(Verdict::Cut);
            }
            Some(Blow::Status(refusal)) => dress(service, asked, refused(&refusal))?,
            Some(Blow::Stall { seconds }) => {
                return Ok(Verdict::Stall(self.carry_out(service, at, asked)?, seconds, ticket));
            }
            Some(Blow::Hold) => return Ok(Verdict::Hold(self.carry_out(service, at, asked)?, ticket)),
            Some(Blow::Halfway) => self.twisted(Twist::Halfway, service, at, asked)?,
            Some(Blow::Short) => self.twisted(Twist::Short, service, at, asked)?,
            None => self.carry_out(service, at, asked)?,
        };
        self.end(ticket, Outcome::Status(verdict.status()))?;
        Ok(Verdict::Answer(verdict))
    }

    /// Takes note of how a request ended.
    pub(crate) fn end(&mut self, ticket: Ticket, outcome: Outcome) -> Result<(), SimError> {
        if ticket.kept {
            self.store.append(&Record::Answered { number: ticket.number, outcome })?;
        }
        self.kept.log.close(ticket.number, outcome);
        Ok(())
    }

    /// Lets go of the world. The clock will go on from the moment that it shows now.
    pub(crate) fn close_file(&mut self) -> Result<(), SimError> {
        let written = self.now().and_then(|bound| self.store.append(&Record::Clock { bound }));
        self.store.close();
        written
    }

    /// Tells others where the world is served.
    pub(crate) fn publish(&self, endpoint: &str) -> Result<(), SimError> {
        self.store.publish(endpoint)
    }

    fn admit(&self, service: Service, asked: &Asked) -> Result<(), Answer> {
        let admit = |audience| signin::admit(asked, audience, &self.kept.mark, host::now());
        match service {
            Service::Vault => admit(signin::VAULT_AUDIENCE).map_err(vault::wire::challenge),
            Service::Arm => admit(signin::ARM_AUDIENCE).map_err(arm_unauthorized),
            Service::Search => admit(signin::SEARCH_AUDIENCE).map_err(search::wire::unauthorized),
            Service::Storage => admit(signin::STORAGE_AUDIENCE).map_err(storage::wire::unauthorized),
            Service::SignIn | Service::App | Service::Unknown => Ok(()),
        }
    }

    /// Counts the request for every rule that it matches; the first one whose turn it is decides.
    fn strike(&mut self, asked: &Asked) -> Result<Option<Blow>, SimError> {
        let mut decided = None;
        for place in self.kept.faults.matching(asked) {
            decided = decided.or_else(|| self.kept.faults.blow(place));
            self.fault(fault::Event::Matched(place))?;
        }
        Ok(decided)
    }

    /// Carries a request out so that something goes wrong later. One that starts nothing is not disturbed.
    fn twisted(&mut self, twist: Twist, service: Service, at: Moment, asked: &Asked) -> Result<Answer, SimError> {
        self.twist = Some(twist);
        let answer = self.carry_out(service, at, asked);
        self.twist = None;
        answer
    }

    fn carry_out(&mut self, service: Service, at: Moment, asked: &Asked) -> Result<Answer, SimError> {
        let answer = match service {
            Service::SignIn => signin::answer(asked, &self.kept.mark, host::now())?,
            Service::Vault => vault::wire::answer(self, at, asked)?,
            Service::Arm => web::arm::answer(self, at, asked)?,
            Service::Search => search::wire::answer(self, at, asked)?,
            Service::Storage => storage::wire::answer(self, at, asked)?,
            Service::App => {
                self.questions += u64::from(page::is_question(asked));
                page::answer(self.estate(), at, asked, self.questions)
            }
            Service::Unknown => simulator_error(
                StatusCode::MISDIRECTED_REQUEST,
                &format!("the simulated estate has no host '{}'", asked.host),
            ),
        };
        dress(service, asked, answer)
    }
}

impl Kept {
    /// Coins a new estate and writes its beginning.
    fn from_beginning(store: &mut Store, at: Moment, mark: String) -> Result<Self, SimError> {
        let beginning = Beginning {
            session_secret: [coin_session()?, coin_session()?],
            database_url: Coined {
                version: host::hex32()?,
                value: Value(format!(
                    "postgresql://chatbot:{}@chatbot-pg.postgres.database.azure.com:5432/chatbot?sslmode=require",
                    host::hex32()?
                )),
            },
            database_admin: Some(Coined { version: host::hex32()?, value: Value(host::hex32()?) }),
        };
        store.append(&Record::Begin { at, mark: mark.clone(), beginning: beginning.clone() })?;
        Ok(Self::begin(at, mark, &beginning))
    }

    fn begin(at: Moment, mark: String, beginning: &Beginning) -> Self {
        Self { estate: Estate::begin(at, beginning), mark, log: Log::default(), faults: Faults::default() }
    }

    /// Takes one record of the file. What stands before the first beginning belongs to nothing and is skipped.
    fn replay(kept: Option<Self>, record: Record) -> Option<Self> {
        if let Record::Begin { at, mark, beginning } = record {
            return Some(Self::begin(at, mark, &beginning));
        }
        let mut kept = kept?;
        match record {
            Record::Begin { .. } | Record::Clock { .. } => {}
            Record::Change { at, change } => kept.estate.apply(at, &change),
            Record::Received(entry) => kept.log.push(entry),
            Record::Answered { number, outcome } => kept.log.close(number, outcome),
            Record::Fault(event) => kept.faults.apply(event),
        }
        Some(kept)
    }
}

impl Service {
    fn of(host: &str, estate: &Estate) -> Self {
        match host {
            signin::HOST => Self::SignIn,
            vault::wire::HOST => Self::Vault,
            web::arm::HOST => Self::Arm,
            search::wire::HOST => Self::Search,
            host if storage::wire::is_host(host) => Self::Storage,
            host if page::place(estate, host).is_some() => Self::App,
            _ => Self::Unknown,
        }
    }
}

/// Adds the headers that a service puts on every answer.
fn dress(service: Service, asked: &Asked, answer: Answer) -> Result<Answer, SimError> {
    let request = match service {
        Service::SignIn | Service::App | Service::Unknown => return Ok(answer),
        Service::Vault | Service::Arm | Service::Search | Service::Storage => host::uuid()?.to_string(),
    };
    if service == Service::Search {
        return Ok(answer.with("request-id", &request).with("elapsed-time", "20"));
    }
    if service == Service::Storage {
        let version = asked.header("x-ms-version").unwrap_or("2009-09-19");
        return Ok(answer.with("x-ms-request-id", &request).with("x-ms-version", version));
    }
    let mut answer = answer
        .with("pragma", "no-cache")
        .with("expires", "-1")
        .with("x-content-type-options", "nosniff")
        .with("x-ms-request-id", &request);
    if service == Service::Vault {
        answer = answer.with("x-ms-keyvault-region", "westeurope").with("x-ms-keyvault-service-version", "1.9.1652.1");
    } else {
        let correlation = asked.header("x-ms-correlation-request-id").unwrap_or(&request);
        answer = answer.with("x-ms-correlation-request-id", correlation);
    }
    let wanted = asked.header("x-ms-return-client-request-id").is_some_and(|text| text.eq_ignore_ascii_case("true"));
    match asked.header("x-ms-client-request-id").filter(|_| wanted) {
        Some(id) => Ok(answer.with("x-ms-client-request-id", id)),
        None => Ok(answer),
    }
}

fn coin_session() -> Result<Coined, SimError> {
    Ok(Coined { version: host::hex32()?, value: Value(hex::encode(host::random::<32>()?)) })
}

fn refused(refusal: &Refusal) -> Answer {
    let status = StatusCode::from_u16(refusal.code).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let answer = match refusal.body {
        Form::Html => {
            Answer::html(status, status.canonical_reason().unwrap_or("Error"), &format!("HTTP Error {status}."))
        }
        Form::Json => {
            let code = status.canonical_reason().unwrap_or("Error").replace(' ', "");
            arm_error(status, &code, "The simulated fault refused this request.")
        }
    };
    match refusal.retry_after {
        Some(seconds) => answer.with("retry-after", &seconds.to_string()),
        None => answer,
    }
}

/// Resource Manager's own 401.
fn arm_unauthorized(reason: Unauthorized) -> Answer {
    let (code, message) = match reason {
        Unauthorized::Missing => {
            ("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        }
        Unauthorized::Invalid => ("InvalidAuthenticationToken", "The access token is invalid."),
        Unauthorized::Expired => {
            ("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than the current UTC time.")
        }
        Unauthorized::Audience => (
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource. It should exactly match with one of the allowed audiences.",
        ),
    };
    let tenant = signin::TENANT;
    let header = format!(
        r#"Bearer authorization_uri="https://login.microsoftonline.com/{tenant}", error="invalid_token", error_description="{message}""#
    );
    arm_error(StatusCode::UNAUTHORIZED, code, message).with("www-authenticate", &header)
}
