use super::Severity;
use crate::base::{Timestamp, Value};
use crate::runbook::{EvaluateError, Message, Scope};

/// What a message may say of an incident, with the texts of people resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Telling {
    /// What is wrong.
    pub title: String,
    /// How bad it is.
    pub severity: Severity,
    /// Since when.
    pub started_at: Timestamp,
    /// Where.
    pub environment: String,
    /// What is known of it; may be empty.
    pub summary: String,
}

impl Telling {
    /// Fills in a message. Nobody is told by this: a person copies it to where it belongs.
    ///
    /// # Errors
    /// The template computes with what it reads, and that cannot be computed.
    pub fn fill(&self, message: &Message) -> Result<String, EvaluateError> {
        let text = message.text.evaluate(self)?.to_string();
        // An empty summary leaves a gap where it would stand.
        Ok(text
            .lines()
            .map(|line| line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
            .collect::<Vec<_>>()
            .join("\n"))
    }
}

impl Scope for Telling {
    fn root(&self, name: &str) -> Option<Value> {
        (name == "incident").then(|| {
            Value::record([
                ("title", Value::text(&self.title)),
                ("severity", Value::text(self.severity.word())),
                ("started_at", Value::text(self.started_at.minute())),
                ("environment", Value::text(&self.environment)),
                ("summary", Value::text(&self.summary)),
            ])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::{Moment, Template};

    #[test]
    fn a_message_is_filled_in_and_a_missing_summary_leaves_no_gap() {
        let text = "${{ incident.severity }}: ${{ incident.title }} (${{ incident.environment }}), since \
                    ${{ incident.started_at }}. ${{ incident.summary }} Deploy nothing.";
        let text = Template::parse(text).unwrap();
        let message = Message { audience: "all".into(), moment: Moment::Declared, text };
        let telling = Telling {
            title: "Errors after the swap".into(),
            severity: Severity::Sev2,
            started_at: Timestamp::from_seconds(1_795_144_200),
            environment: "production".into(),
            summary: String::new(),
        };
        let filled = telling.fill(&message).unwrap();
        assert_eq!(filled, "sev2: Errors after the swap (production), since 2026-11-20 03:10Z. Deploy nothing.");
    }
}
