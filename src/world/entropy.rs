use uuid::Uuid;

use super::WorldError;
use crate::base::Entropy;

/// The operating system's generator.
#[derive(Debug)]
pub struct SystemEntropy {
    _opened: (),
}

impl SystemEntropy {
    /// Draws once, so that a system without randomness is found before anything begins.
    ///
    /// # Errors
    /// The operating system gives no random bytes.
    pub fn open() -> Result<Self, WorldError> {
        let mut probe = [0; 32];
        getrandom::fill(&mut probe).map_err(WorldError::Entropy)?;
        Ok(Self { _opened: () })
    }
}

impl Entropy for SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
    fn uuid(&self) -> Uuid {
        // The crate keeps one counter per process, so ids of one millisecond still sort in the order of their making.
        Uuid::now_v7()
    }

    fn salt(&self) -> [u8; 32] {
        let mut salt = [0; 32];
        if getrandom::fill(&mut salt).is_err() {
            // It worked when it was opened. A predictable salt would be worse than an end that `resume` repairs.
            std::process::abort();
        }
        salt
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_process_sort_in_the_order_of_their_making() {
        let entropy = SystemEntropy::open().unwrap();
        let ids: Vec<Uuid> = (0..10_000).map(|_| entropy.uuid()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn two_salts_differ() {
        let entropy = SystemEntropy::open().unwrap();
        assert_ne!(entropy.salt(), entropy.salt());
    }
}
