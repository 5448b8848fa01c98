//! Trying again, and giving up too early.

use super::Subject;
use super::places::Down;
use super::subject::change;
use crate::base::Span;
use crate::effect::{self, Class, Row};
use crate::runbook::{Code, DrillSubstitute, Finding, Findings, OnFailure, Step, StepKind, Until};

pub(super) fn look(subject: &Subject<'_>, findings: &mut Findings<'_>) {
    for step in subject.steps {
        repeated(subject, step, findings);
        impatient(subject, step, findings);
    }
}

/// An operation that must not be sent twice, and a key that sends it twice.
fn repeated(subject: &Subject<'_>, step: &Step, findings: &mut Findings<'_>) {
    let key = match (&step.retry, &step.on_failure) {
        (Some(_), _) => "retry",
        (None, OnFailure::Retry) => "on_failure",
        (None, _) => return,
    };
    let substitute = match &step.drill {
        Some(DrillSubstitute::Call(call)) => effect::find(&call.action),
        Some(DrillSubstitute::Skip { .. } | DrillSubstitute::Manual { .. }) | None => None,
    };
    let rows = change(step).map(|(row, _)| row).into_iter().chain(substitute);
    let Some(row): Option<&Row> = rows.into_iter().find(|row| row.class == Class::D) else { return };
    let message = format!("`{}` must not be sent twice, and `{key}` sends it again by itself", row.name);
    let help = format!("remove `{key}`: after a failure the run asks, and a person who has looked may try again");
    findings.add(Finding::new(Code::RetryOfOnce, subject.places.key_itself(&step.id, key), message).help(help));
}

/// A limit that is reached before the thing itself is expected.
fn impatient(subject: &Subject<'_>, step: &Step, findings: &mut Findings<'_>) {
    let of_row = change(step).map(|(row, facts)| (row.name, facts.expect));
    let mut add = |way: &[Down<'_>], limit: Span, expected: &str| {
        let message = format!("it is given up after {limit}, and {expected}");
        let help = "write a limit well above what is expected: one that is met by accident ends a step that goes well";
        findings.add(Finding::new(Code::Impatient, subject.places.within(&step.id, way), message).help(help));
    };
    let too_short = |limit: Span| match (step.expect, of_row) {
        (Some(expect), _) if limit < expect => Some(format!("the step is expected to take {expect}")),
        (None, Some((name, expect))) if limit < expect => Some(format!("`{name}` usually takes {expect}")),
        _ => None,
    };
    if let Some((limit, expected)) = step.timeout.and_then(|limit| Some((limit, too_short(limit)?))) {
        add(&[Down::Key("timeout")], limit, &expected);
    }
    if let (StepKind::Check(check), Some(expect)) = (&step.kind, step.expect)
        && let Some(Until { timeout, .. }) = check.until.filter(|until| until.timeout < expect)
    {
        add(&[Down::Key("until"), Down::Key("timeout")], timeout, &format!("the step is expected to take {expect}"));
    }
    // What is looked for afterwards may be there only when the operation usually has its effect.
    let Some((name, expect)) = of_row else { return };
    for (entry, check) in step.verify.iter().enumerate() {
        if let Some(Until { timeout, .. }) = check.until.filter(|until| until.timeout < expect) {
            let way = [Down::Key("verify"), Down::Item(entry), Down::Key("until"), Down::Key("timeout")];
            add(&way, timeout, &format!("`{name}` usually takes {expect}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::subject::tests::{call, codes, health, look, refresh, step};
    use super::*;
    use crate::runbook::{CheckSpec, Retry, RetryCause};

    fn swap() -> Step {
        let kind = StepKind::Action(call("webapp.slot.swap", [("app", "${{ inputs.slot }}")]));
        Step { verify: vec![health("x")], ..step("swap", [], kind) }
    }

    fn twice() -> Retry {
        let only_on = vec![RetryCause::NotSent];
        Retry { attempts: 2, delay: Span::seconds(2), max_delay: Span::minutes(1), only_on }
    }

    #[test]
    fn what_must_not_be_sent_twice_is_not_retried_and_what_may_be_is() {
        assert_eq!(codes(&[Step { retry: Some(twice()), ..swap() }], None), [Code::RetryOfOnce]);
        assert_eq!(codes(&[Step { on_failure: OnFailure::Retry, ..swap() }], None), [Code::RetryOfOnce]);
        assert_eq!(codes(&[Step { retry: Some(twice()), ..refresh("a", [], "x") }], None), []);
        let drill = Some(DrillSubstitute::Call(call("webapp.restart", [("app", "x")])));
        assert_eq!(codes(&[Step { retry: Some(twice()), drill, ..refresh("a", [], "x") }], None), [Code::RetryOfOnce]);
    }

    #[test]
    fn a_limit_below_what_is_expected_is_found_wherever_it_stands() {
        let limited = |timeout| Step { timeout: Some(timeout), ..swap() };
        assert_eq!(codes(&[limited(Span::minutes(1))], None), [Code::Impatient], "a swap usually takes 3m");
        assert_eq!(codes(&[limited(Span::minutes(5))], None), []);
        let expected = Step { expect: Some(Span::minutes(10)), ..limited(Span::minutes(5)) };
        assert_eq!(codes(&[expected], None), [Code::Impatient]);
        let until = Some(Until { every: Span::seconds(5), timeout: Span::minutes(1) });
        let hasty = Step { verify: vec![CheckSpec { until, ..health("x") }], ..swap() };
        assert_eq!(codes(&[hasty], None), [Code::Impatient]);
        let check = CheckSpec { until, ..look(call("webapp.health", [("app", "x")])) };
        let slow = Step { expect: Some(Span::minutes(2)), ..step("look", [], StepKind::Check(check)) };
        assert_eq!(codes(&[slow], None), [Code::Impatient]);
    }
}
