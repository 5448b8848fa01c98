use uuid::Uuid;

/// The only way to ask for randomness. `world` implements it; tests bring their own.
pub trait Entropy: Send + Sync {
    /// A new UUID of version 7: no other call gives the same, and later ones of this process sort after it.
    fn uuid(&self) -> Uuid;
    /// 32 bytes from the operating system's generator.
    fn salt(&self) -> [u8; 32];
}
