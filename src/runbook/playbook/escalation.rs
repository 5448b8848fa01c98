use super::grammar::{ESCALATION, LEVEL, SEVERITIES};
use super::guide::filled;
use super::model::{Escalation, IncidentSeverity, Level};
use crate::base::Span;
use crate::runbook::fields::{Fields, list};
use crate::runbook::written::Written;
use crate::runbook::{Code, Finding, Findings, Place, read};

/// The escalation: each level is called later than the one before, the first at once.
pub(super) fn escalation(written: &Written, findings: &mut Findings<'_>) -> Option<Escalation> {
    let fields = Fields::read(written, &ESCALATION, findings)?;
    let repeat = match fields.get("repeat") {
        Some(written) => repeat(written, findings),
        None => Some(0),
    };
    let mut levels = Vec::new();
    let mut before: Option<(Span, Place)> = None;
    for item in fields.get("levels").and_then(|written| filled(written, "a level", findings)).unwrap_or_default() {
        let (level, after) = level(item, findings);
        if let Some((span, place)) = after {
            in_time(span, place, before, findings);
            before = Some((span, place));
        }
        levels.push(level);
    }
    let levels = levels.into_iter().collect::<Option<Vec<_>>>()?;
    Some(Escalation { levels, repeat: repeat? })
}

/// The level, and when it is called, which is known even if the rest of it is not.
fn level(item: &Written, findings: &mut Findings<'_>) -> (Option<Level>, Option<(Span, Place)>) {
    let Some(fields) = Fields::read(item, &LEVEL, findings) else { return (None, None) };
    let who = fields.get("who").and_then(|written| read::text(written, "a text", findings));
    let how = fields.get("how").and_then(|written| read::text(written, "a text", findings));
    let only = match fields.get("only") {
        Some(written) => only(written, findings),
        None => Some(Vec::new()),
    };
    let after = fields.get("after");
    let after = after.and_then(|written| Some((read::span(written, "a length of time", findings)?, written.place)));
    let level =
        who.zip(how).zip(only.zip(after)).map(|((who, how), (only, (after, _)))| Level { who, how, after, only });
    (level, after)
}

fn in_time(span: Span, place: Place, before: Option<(Span, Place)>, findings: &mut Findings<'_>) {
    let finding = match before {
        None if span != Span::ZERO => {
            let message = format!("the first level is called at once, and here stands {span}");
            Finding::new(Code::EscalationOrder, place, message).help("write `0s`")
        }
        Some((earlier, first)) if span <= earlier => {
            let message = format!("this level is called after {span}, and the one before it after {earlier}");
            let finding = Finding::new(Code::EscalationOrder, place, message).related(first, "the level before");
            finding.help("count from the first call, and let each level come later than the one before")
        }
        _ => return,
    };
    findings.add(finding);
}

fn repeat(written: &Written, findings: &mut Findings<'_>) -> Option<u8> {
    let number = read::integer(written, "`repeat`", findings)?;
    let repeat = u8::try_from(number).ok().filter(|repeat| *repeat <= 9);
    if repeat.is_none() {
        let message = format!("an escalation begins again 0 to 9 times, and here stands {number}");
        let help = "write a small number; whoever has not answered by then needs another way";
        findings.add(Finding::new(Code::WrongValue, written.place, message).help(help));
    }
    repeat
}

fn only(written: &Written, findings: &mut Findings<'_>) -> Option<Vec<IncidentSeverity>> {
    let mut found = Vec::new();
    for item in filled(written, "a severity", findings)? {
        let word = &read::scalar(item, "a severity", findings)?.text;
        found.push(severity(word, item.place, findings)?);
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

/// The severity of that word; that there is none is a finding.
pub(super) fn severity(word: &str, place: Place, findings: &mut Findings<'_>) -> Option<IncidentSeverity> {
    let found = IncidentSeverity::WORDS.iter().find(|(known, _)| *known == word).map(|(_, severity)| *severity);
    if found.is_none() {
        // A number that does not exist is near to all that do, so only another spelling is taken for a slip.
        let meant = word.to_lowercase().replace(['-', '_', ' '], "");
        let help = match SEVERITIES.iter().find(|known| **known == meant) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("write one of {}, of which `sev1` is the worst", list(SEVERITIES)),
        };
        findings.add(Finding::new(Code::UnknownSeverity, place, format!("`{word}` is not a severity")).help(help));
    }
    found
}
