/// The address from which the operator asks; a server lets it in by a firewall rule.
pub(crate) const OPERATOR: [u8; 4] = [203, 0, 113, 10];
/// What a rule says that lets in everything of Azure's.
pub(crate) const AZURE: [u8; 4] = [0, 0, 0, 0];
/// What follows the name of a server in its host.
pub(crate) const SUFFIX: &str = ".postgres.database.azure.com";
