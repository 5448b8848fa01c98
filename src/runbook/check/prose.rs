use super::scope::{StepNames, expression, template};
use crate::runbook::expr::Typing;
use crate::runbook::written::Written;
use crate::runbook::{Code, Expression, Finding, Findings, Template, read};

/// Text for a person, with holes.
pub(super) fn prose(
    written: &Written,
    what: &str,
    names: &StepNames<'_>,
    findings: &mut Findings<'_>,
) -> Option<Template> {
    let text = read::text(written, what, findings)?;
    // `text` has lost the blanks around it, but places are counted in the scalar as written.
    let source = written.scalar().map_or(text.as_str(), |scalar| scalar.text.as_str());
    let (template, typing) = template(written, source, names, findings)?;
    if !matches!(typing, Typing::Unknown) && !typing.fits(Typing::String) && template.whole().is_some() {
        let code = if typing.is_secret() { Code::SecretLeak } else { Code::NotText };
        findings.add(Finding::new(code, written.place, format!("{what} is a text, and here stands {typing}")));
    }
    Some(template)
}

/// What must hold for a step to be done.
pub(super) fn condition(written: &Written, names: &StepNames<'_>, findings: &mut Findings<'_>) -> Option<Expression> {
    let (condition, typing) = expression(written, names, findings)?;
    if !typing.fits(Typing::Boolean) {
        let message = format!("`when` needs a condition, and `{}` is {typing}", condition.source());
        findings.add(Finding::new(Code::NotACondition, written.place, message).help("compare it with something"));
        return None;
    }
    Some(condition)
}
