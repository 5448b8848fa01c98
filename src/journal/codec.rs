use serde::de::value::MapDeserializer;
use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use thiserror::Error;

use super::{Actor, Channel, Draft, Entry, FORMAT, Fact, LogEvent, Reference, Tool, Writer};
use crate::base::{
    CanonicalError, ClockSource, Digest, EntryId, HostClock, HostId, LogId, RunId, Seq, Timestamp, canonical,
};
use crate::{incident, run};

/// Why an entry has no line.
#[derive(Debug, Error)]
pub enum EncodeError {
    /// A number or a name in it is outside the profile of canonical JSON.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// It is no JSON at all.
    #[error("the event has no JSON form: {0}")]
    Shape(String),
}

/// Why a line is not an entry that this program can act on.
#[derive(Debug, Error)]
pub enum DecodeError {
    /// It is not a record of any format.
    #[error("it is not a record: {0}")]
    Record(String),
    /// It was written by a newer program.
    #[error("it has format {found}, and this program reads formats up to {FORMAT}; use a newer callout")]
    Newer {
        /// Its format.
        found: u32,
    },
    /// It says something that this program has no word for.
    #[error("this program does not know the kind `{kind}`; use a newer callout")]
    UnknownKind {
        /// The kind.
        kind: String,
    },
    /// Its kind is known and its data is not what the kind has.
    #[error("the data of its `{kind}` cannot be read: {why}")]
    Data {
        /// The kind.
        kind: String,
        /// What is wrong with it.
        why: String,
    },
}

/// Writes an entry as its one canonical line, without the newline. These bytes are what is stored, hashed and exported;
/// nothing ever writes a stored entry a second time.
///
/// The members: `v`, `log`, `seq`, `prev`, `id`, `kind`, `recorded_at`, `clock`, `occurred_at`, `run`, `incident`,
/// `step`, `attempt`, `fence`, `actor`, `host`, `tool`, `channel`, `refs`, `data`; what an entry does not have is absent.
/// `incident`, `step` and `attempt` are lifted out of the event's data, so that whoever reads lines with other tools finds them in one place. Of `clock`,
/// `source` says whose clock `occurred_at` is of; all else is about the host's, which `recorded_at` is of.
///
/// # Errors
/// See [`EncodeError`]. Our own events have a line unless they carry a whole number of more than 53 bits or a record
/// whose names are not lower-case ASCII.
pub fn encode(entry: &Entry) -> Result<String, EncodeError> {
    let draft = &entry.draft;
    let tagged = match &draft.fact {
        Fact::Run(event) => serde_json::to_value(event),
        Fact::Incident(event) => serde_json::to_value(event),
        Fact::Request(request) => serde_json::to_value(request),
        Fact::Log(event) => serde_json::to_value(event),
    };
    let mut tagged: Tagged = tagged.and_then(serde_json::from_value).map_err(|err| shape(&err))?;
    let mut lift = |name| tagged.data.as_mut().and_then(|data| data.remove(name));
    let (incident, step, attempt) = (lift("incident"), lift("step"), lift("attempt"));
    let record = Record {
        v: FORMAT,
        log: entry.log,
        seq: entry.seq,
        prev: entry.prev,
        id: draft.id,
        kind: tagged.kind,
        recorded_at: draft.recorded_at,
        clock: Reading { source: draft.clock, host: draft.host_clock.clone() },
        occurred_at: draft.occurred_at,
        run: draft.run,
        incident,
        step,
        attempt,
        fence: draft.fence,
        actor: draft.actor.clone(),
        host: draft.writer.host.map(|id| Host { id }),
        tool: draft.writer.tool.clone(),
        channel: draft.channel,
        refs: draft.refs.clone(),
        data: tagged.data,
    };
    let json = serde_json::to_value(record).map_err(|err| shape(&err))?;
    Ok(canonical(&json)?)
}

/// Reads a line back. Members that this program does not know are passed over; a newer format is refused.
///
/// `decode(encode(entry)) == entry`. The other direction does not hold for a line with members that this program does not
/// know. That is why stored bytes are hashed as they are.
///
/// # Errors
/// See [`DecodeError`].
pub fn decode(line: &str) -> Result<Entry, DecodeError> {
    let json: Json = serde_json::from_str(line).map_err(|err| DecodeError::Record(err.to_string()))?;
    let version = json.get("v").and_then(Json::as_u64).and_then(|version| u32::try_from(version).ok());
    match version {
        Some(found) if found > FORMAT => return Err(DecodeError::Newer { found }),
        Some(1..) => {}
        _ => return Err(DecodeError::Record("it does not say which format it has".into())),
    }
    let record: Record = serde_json::from_value(json).map_err(|err| DecodeError::Record(err.to_string()))?;
    Ok(Entry {
        log: record.log,
        seq: record.seq,
        prev: record.prev,
        draft: Draft {
            id: record.id,
            recorded_at: record.recorded_at,
            occurred_at: record.occurred_at,
            host_clock: record.clock.host,
            clock: record.clock.source,
            run: record.run,
            fence: record.fence,
            actor: record.actor,
            writer: Writer { host: record.host.map(|host| host.id), tool: record.tool },
            channel: record.channel,
            refs: record.refs,
            fact: fact(
                record.kind,
                record.data,
                [("incident", record.incident), ("step", record.step), ("attempt", record.attempt)],
            )?,
        },
    })
}

/// Tells whether an entry of that kind may be passed over by whoever folds a run without knowing the kind: what people
/// say of a run blocks nobody. Everything else that is unknown could change what the run is.
pub fn is_remark(kind: &str) -> bool {
    kind.starts_with("timeline.") || kind.starts_with("incident.")
}

/// The members of a line. Reading and writing share them, so that they cannot drift apart.
#[derive(Serialize, Deserialize)]
struct Record {
    v: u32,
    log: LogId,
    seq: Seq,
    prev: Option<Digest>,
    id: EntryId,
    kind: String,
    recorded_at: Timestamp,
    clock: Reading,
    occurred_at: Timestamp,
    run: Option<RunId>,
    incident: Option<Json>,
    step: Option<Json>,
    attempt: Option<Json>,
    fence: Option<u64>,
    actor: Actor,
    host: Option<Host>,
    tool: Tool,
    channel: Channel,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refs: Vec<Reference>,
    data: Option<Map<String, Json>>,
}

/// Whose clock `occurred_at` was read from, and what is known of the one that `recorded_at` was read from.
#[derive(Serialize, Deserialize)]
struct Reading {
    source: ClockSource,
    #[serde(flatten)]
    host: HostClock,
}

/// The computer on which the line was written.
#[derive(Serialize, Deserialize)]
struct Host {
    id: HostId,
}

/// An event as serde writes it.
#[derive(Serialize, Deserialize)]
struct Tagged {
    kind: String,
    data: Option<Map<String, Json>>,
}

fn shape(err: &serde_json::Error) -> EncodeError {
    EncodeError::Shape(err.to_string())
}

fn fact(kind: String, data: Option<Map<String, Json>>, lifted: [(&str, Option<Json>); 3]) -> Result<Fact, DecodeError> {
    let mut data = data;
    for (name, value) in lifted {
        if let Some(value) = value {
            data.get_or_insert_default().insert(name.into(), value);
        }
    }
    let family = kind.split_once('.').map_or("", |(family, _)| family);
    match family {
        // That a run belongs to an incident is said by whoever sees it, not by the run's holder.
        "run" if is_known::<incident::Event>(&kind) => event::<incident::Event>(kind, data).map(Fact::Incident),
        "run" | "step" | "effect" => event::<run::Event>(kind, data).map(Fact::Run),
        "request" => event::<run::Request>(kind, data).map(Fact::Request),
        "log" => event::<LogEvent>(kind, data).map(Fact::Log),
        "incident" | "timeline" => event::<incident::Event>(kind, data).map(Fact::Incident),
        _ => Err(DecodeError::UnknownKind { kind }),
    }
}

fn event<T: DeserializeOwned>(kind: String, data: Option<Map<String, Json>>) -> Result<T, DecodeError> {
    if !is_known::<T>(&kind) {
        return Err(DecodeError::UnknownKind { kind });
    }
    // A variant without data must not be given any, not even `null`.
    let mut tagged = Map::from_iter([("kind".to_owned(), Json::String(kind.clone()))]);
    tagged.extend(data.map(|data| ("data".to_owned(), Json::Object(data))));
    serde_json::from_value(Json::Object(tagged)).map_err(|err| DecodeError::Data { kind, why: err.to_string() })
}

/// Asks serde whether `T` has a variant of that name. Without data the reading fails for most variants; only the way in
/// which it fails matters, and that an error type of our own can tell.
fn is_known<T: DeserializeOwned>(kind: &str) -> bool {
    let tag = MapDeserializer::<_, Refusal>::new([("kind", kind)].into_iter());
    !matches!(T::deserialize(tag), Err(Refusal::UnknownVariant))
}

#[derive(Debug, Error)]
enum Refusal {
    #[error("unknown variant")]
    UnknownVariant,
    #[error("{0}")]
    Other(String),
}

impl de::Error for Refusal {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Other(message.to_string())
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::UnknownVariant
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Commitment, IncidentId, Uptime};
    use crate::journal::{Authn, Relation, StoreKind};
    use serde_json::json;

    fn entry(fact: Fact) -> Entry {
        let id = |last: u8| uuid::Uuid::from_bytes([1, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, last]);
        let moment = Timestamp::from_seconds(1_795_144_200);
        Entry {
            log: LogId::new(id(1)),
            seq: Seq(3),
            prev: Some(Digest::of_parts(&[])),
            draft: Draft {
                id: EntryId::new(id(2)),
                recorded_at: moment,
                host_clock: HostClock::default(),
                occurred_at: moment,
                clock: ClockSource::System,
                run: Some(RunId::new(id(3))),
                fence: Some(1),
                actor: Actor { authn: Authn::None, tenant: None, object: None, os_user: Some(1000) },
                writer: Writer { host: None, tool: Tool::this(None) },
                channel: Channel::Cli,
                refs: Vec::new(),
                fact,
            },
        }
    }

    fn with(line: &str, change: impl FnOnce(&mut Map<String, Json>)) -> String {
        let mut json: Map<String, Json> = serde_json::from_str(line).unwrap();
        change(&mut json);
        Json::Object(json).to_string()
    }

    #[test]
    fn the_line_is_written_exactly_so() {
        let line = encode(&entry(Fact::Run(run::Event::Retried { step: "swap".into() }))).unwrap();
        assert_eq!(
            line,
            concat!(
                r#"{"actor":{"authn":"none","os_user":1000},"channel":"cli","clock":{"source":"system"},"data":{},"#,
                r#""fence":1,"id":"01930000-0000-7000-8000-000000000002","kind":"step.retried","#,
                r#""log":"01930000-0000-7000-8000-000000000001","occurred_at":"2026-11-20T03:10:00.000000Z","#,
                r#""prev":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","#,
                r#""recorded_at":"2026-11-20T03:10:00.000000Z","run":"01930000-0000-7000-8000-000000000003","#,
                r#""seq":3,"step":"swap","tool":{"name":"callout","version":""#,
                env!("CARGO_PKG_VERSION"),
                r#""},"v":1}"#
            )
        );
    }

    #[test]
    fn what_is_known_of_clock_computer_program_and_relations_stands_exactly_there() {
        let mut entry = entry(Fact::Run(run::Event::Continued));
        let id = |last: u8| uuid::Uuid::from_bytes([1, 0x93, 0, 0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, last]);
        let mono_ns = Some(Uptime::from_nanoseconds(10_000_000_000_000_001));
        entry.draft.host_clock = HostClock { synced: Some(true), err_ms: Some(12), boot: Some(id(9)), mono_ns };
        entry.draft.writer = Writer { host: Some(HostId::new(id(8))), tool: Tool::this(Some(Digest::of_parts(&[]))) };
        entry.draft.refs = vec![Reference { log: entry.log, seq: Seq(1), rel: Relation::CausedBy }];
        let line = encode(&entry).unwrap();
        for part in [
            concat!(
                r#""clock":{"boot":"01930000-0000-7000-8000-000000000009","err_ms":12,"mono_ns":"10000000000000001","#,
                r#""source":"system","synced":true}"#
            ),
            r#","host":{"id":"01930000-0000-7000-8000-000000000008"},"#,
            r#""tool":{"digest":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","name":"callout","#,
            r#","refs":[{"log":"01930000-0000-7000-8000-000000000001","rel":"caused_by","seq":1}],"#,
        ] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
        assert_eq!(decode(&line).unwrap(), entry);
    }

    #[test]
    fn each_family_of_facts_is_read_back() {
        let text = Commitment::to_text("hello", &[7; 32]);
        let incident = IncidentId::new(uuid::Uuid::from_u64_pair(9, 9));
        for fact in [
            Fact::Run(run::Event::Continued),
            Fact::Request(run::Request::Pause {}),
            Fact::Request(run::Request::Abort { reason: None, undo: false }),
            Fact::Incident(incident::Event::Noted { text: text.clone() }),
            Fact::Incident(incident::Event::IncidentNoted { incident, text, at: None }),
            Fact::Incident(incident::Event::Attached { incident, attached: RunId::new(incident.uuid()) }),
            Fact::Log(LogEvent::Created { estate: StoreKind::Simulated }),
        ] {
            let entry = entry(fact);
            assert_eq!(decode(&encode(&entry).unwrap()).unwrap(), entry);
        }
    }

    #[test]
    fn a_newer_format_is_told_from_a_broken_line() {
        let line = encode(&entry(Fact::Run(run::Event::Continued))).unwrap();
        let newer = with(&line, |json| {
            json.insert("v".into(), json!(2));
            json.remove("actor");
        });
        assert!(matches!(decode(&newer), Err(DecodeError::Newer { found: 2 })));
        for broken in [with(&line, |json| drop(json.remove("v"))), "[]".into(), "{".into(), "{}".into()] {
            assert!(matches!(decode(&broken), Err(DecodeError::Record(_))), "{broken}");
        }
    }

    #[test]
    fn an_unknown_kind_is_told_from_broken_data() {
        let line = encode(&entry(Fact::Run(run::Event::Continued))).unwrap();
        for kind in ["run.levitated", "timeline.sung", "request.dance", "log.burned", "weather.changed", "", "run"] {
            let strange = with(&line, |json| drop(json.insert("kind".into(), json!(kind))));
            let err = decode(&strange).unwrap_err();
            assert!(matches!(&err, DecodeError::UnknownKind { kind: found } if found == kind), "{err}");
        }
        let broken = with(&line, |json| drop(json.insert("kind".into(), json!("step.retried"))));
        assert!(matches!(decode(&broken), Err(DecodeError::Data { .. })));
    }

    #[test]
    fn members_that_a_later_version_adds_are_passed_over() {
        let entry = entry(Fact::Run(run::Event::Continued));
        let more = with(&encode(&entry).unwrap(), |json| drop(json.insert("weather".into(), json!({"sky": "x"}))));
        assert_eq!(decode(&more).unwrap(), entry);
    }
}
