use super::EvaluateError;
use crate::base::Value;

/// What an evaluation may still cost. It makes every expression end at once, whatever the lists that it goes over.
#[derive(Debug)]
pub(super) struct Budget {
    steps: usize,
    bytes: usize,
}

impl Budget {
    /// The most steps of an evaluation: one for each part that is worked out, each item that is looked at, and each 64
    /// bytes that are read.
    pub(super) const STEPS_MAX: usize = 100_000;
    /// The largest size of all texts and values that an evaluation makes, in bytes.
    pub(super) const BYTES_MAX: usize = 1 << 20;

    pub(super) const fn new() -> Self {
        Self { steps: Self::STEPS_MAX, bytes: Self::BYTES_MAX }
    }

    /// Takes so many steps.
    pub(super) fn steps(&mut self, count: usize) -> Result<(), EvaluateError> {
        self.steps = self.steps.checked_sub(count).ok_or(EvaluateError::TooExpensive)?;
        Ok(())
    }

    /// Reads so many bytes.
    pub(super) fn reads(&mut self, bytes: usize) -> Result<(), EvaluateError> {
        self.steps(1 + bytes / 64)
    }

    /// Makes so many bytes.
    pub(super) fn makes(&mut self, bytes: usize) -> Result<(), EvaluateError> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(EvaluateError::TooLarge)?;
        Ok(())
    }
}

/// About how many bytes a value takes.
pub(super) fn size(value: &Value) -> usize {
    const EACH: usize = 16;
    EACH + match value {
        Value::Boolean(_) | Value::Integer(_) | Value::Secret { .. } => 0,
        Value::Text(text) => text.len(),
        Value::List(items) => items.iter().map(size).sum(),
        Value::Record(fields) => fields.iter().map(|(name, value)| name.len() + size(value)).sum(),
    }
}
