use crate::runbook::Expression;

/// Tells by their texts whether two conditions never hold together: one is the other's opposite, or both compare one thing
/// with different texts or numbers. What cannot be told so is no.
pub(super) fn exclude_each_other(one: Option<&Expression>, other: Option<&Expression>) -> bool {
    let (Some(one), Some(other)) = (one.map(Expression::source), other.map(Expression::source)) else { return false };
    is_opposite(one, other) || is_opposite(other, one) || differ(one, other)
}

fn is_opposite(one: &str, other: &str) -> bool {
    let Some(inner) = one.strip_prefix('!') else { return false };
    // A bare `!` reaches no further than the next name.
    inner == format!("({other})") || (inner == other && !other.contains(['&', '|', '=', '<', '>', '!']))
}

fn differ(one: &str, other: &str) -> bool {
    let compared = |source, sign| compared(source, sign);
    if let (Some((one, this)), Some((other, that))) = (compared(one, "=="), compared(other, "==")) {
        return one == other && unquoted(this) != unquoted(that);
    }
    let contradicts = |one, other| compared(one, "==").is_some_and(|equal| compared(other, "!=") == Some(equal));
    contradicts(one, other) || contradicts(other, one)
}

/// The two sides of a comparison with a text or number, which is all there is.
fn compared<'s>(source: &'s str, sign: &str) -> Option<(&'s str, &'s str)> {
    let (left, right) = source.split_once(sign).filter(|_| !source.contains(['&', '|', '(']))?;
    let right = right.trim();
    let is_literal =
        right.starts_with(|first: char| first == '\'' || first == '"' || first == '-' || first.is_ascii_digit());
    is_literal.then_some((left.trim(), right))
}

fn unquoted(text: &str) -> &str {
    text.trim_matches(['\'', '"'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_that_never_hold_together_are_told_by_their_texts() {
        let parsed = |text| Expression::parse(text).unwrap();
        let apart = |one, other| exclude_each_other(Some(&parsed(one)), Some(&parsed(other)));
        for (one, other) in [
            ("inputs.a", "!inputs.a"),
            ("!(inputs.a && inputs.b)", "inputs.a && inputs.b"),
            ("inputs.a == 'x'", "inputs.a == 'y'"),
            ("inputs.a == 'x'", "inputs.a != 'x'"),
            ("inputs.n == 1", "inputs.n == 2"),
        ] {
            assert!(apart(one, other) && apart(other, one), "{one} | {other}");
        }
        for (one, other) in [
            ("inputs.a", "inputs.a"),
            ("!inputs.a && inputs.b", "inputs.a && inputs.b"),
            ("inputs.a == inputs.b", "inputs.a == inputs.c"),
            ("inputs.a == 'x'", "inputs.b == 'y'"),
            ("inputs.a == 'x'", "inputs.a == \"x\""),
            ("inputs.a != 'x'", "inputs.a != 'y'"),
        ] {
            assert!(!apart(one, other) && !apart(other, one), "{one} | {other}");
        }
    }
}
