use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::Value;
use crate::effect::TargetKind;

/// Where a run happens: which resources there are by name, who signs in and how, and what is asked of the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The name, as `--env` says it.
    pub name: String,
    /// Whether it is real.
    pub estate: EstateKind,
    /// The tenant whose tokens are accepted; a token of another tenant is refused.
    pub tenant: String,
    /// The subscription of the targets.
    pub subscription: String,
    /// The resource group of the targets.
    pub resource_group: String,
    /// How the program signs in.
    pub sign_in: SignIn,
    /// Asks for more: no `--yes`, a second person for what is irreversible.
    #[serde(default)]
    pub protected: bool,
    /// Which texts of a runbook may run here.
    #[serde(default)]
    pub policy: Policy,
    /// The resources by name.
    pub targets: Vec<Target>,
    /// Inputs that need not be given, by runbook and parameter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, BTreeMap<String, Value>>,
}

/// Which texts of a runbook an environment lets run. A run that has begun is not asked again: its text travels with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What is demanded of the revision.
    pub revision: RevisionRule,
    /// The file of the keys that may sign, as it is written; without it, the one that the user's own git configuration
    /// names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_signers: Option<String>,
}

/// What is demanded of a runbook's revision. A text that is built into the program satisfies every rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevisionRule {
    /// Nothing.
    #[default]
    Any,
    /// A commit has exactly this text.
    Committed,
    /// A commit has exactly this text, and somebody who may sign has signed it, or a later one or a tag that has it too.
    Signed,
}

impl RevisionRule {
    /// The word, as the configuration says it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Committed => "committed",
            Self::Signed => "signed",
        }
    }
}

/// Whether an estate is real.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EstateKind {
    /// Azure.
    Live,
    /// The embedded simulator: nothing done here is evidence of a production recovery.
    Simulated,
}

/// How the program signs in; always said, never guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// The Azure CLI's signed-in user.
    Cli,
    /// The simulator's own service principal.
    Simulated,
}

/// A resource of an environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The name, which is the resource's name on Azure; a slot is `APP/SLOT`.
    pub name: String,
    /// What it is.
    pub kind: TargetKind,
    /// The Resource Manager id.
    pub id: String,
    /// The address of its data plane or its site, without a final slash. A site's is where people find it, a guess where
    /// nobody gave it: the shipped runbooks ask the platform for the site's own host and never use it.
    pub url: String,
}

impl Target {
    /// A resource whose id and address follow from its name, as they do in the public cloud unless someone chose a custom
    /// domain or Azure a unique host name.
    pub fn conventional(kind: TargetKind, name: &str, subscription: &str, resource_group: &str) -> Self {
        let group = format!("/subscriptions/{subscription}/resourceGroups/{resource_group}/providers");
        let (id, url) = match (kind, name.split_once('/')) {
            (TargetKind::Webapp, None) => {
                (format!("{group}/Microsoft.Web/sites/{name}"), format!("https://{name}.azurewebsites.net"))
            }
            (TargetKind::Webapp, Some((app, slot))) => (
                format!("{group}/Microsoft.Web/sites/{app}/slots/{slot}"),
                format!("https://{app}-{slot}.azurewebsites.net"),
            ),
            (TargetKind::Keyvault, _) => {
                (format!("{group}/Microsoft.KeyVault/vaults/{name}"), format!("https://{name}.vault.azure.net"))
            }
        };
        Self { name: name.to_owned(), kind, id, url }
    }

    /// The target as expressions see it: a record of `name`, `id` and `url`.
    pub fn value(&self) -> Value {
        Value::record([
            ("name", Value::text(&self.name)),
            ("id", Value::text(&self.id)),
            ("url", Value::text(&self.url)),
        ])
    }
}

impl Environment {
    /// The environment that is there without any configuration: the simulator's default estate, with inputs for the
    /// shipped runbooks.
    pub fn simulated() -> Self {
        let subscription = "22222222-2222-4222-8222-222222222222";
        let resource_group = "chatbot-rg";
        let target = |kind, name| Target::conventional(kind, name, subscription, resource_group);
        let texts = |names: &[&str]| Value::List(names.iter().copied().map(Value::text).collect());
        let inputs = |inputs: Vec<(&str, Value)>| -> BTreeMap<String, Value> {
            inputs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
        };
        let key_rotation = inputs(vec![
            ("vault", Value::text("chatbot-kv")),
            ("secret", Value::text("session-secret")),
            ("consumers", texts(&["chatbot-web/staging", "chatbot-web", "chatbot-worker"])),
        ]);
        let rollback = inputs(vec![
            ("app", Value::text("chatbot-web")),
            ("standby", Value::text("chatbot-web/staging")),
            ("build", Value::text("4711")),
        ]);
        Self {
            name: "sim".to_owned(),
            estate: EstateKind::Simulated,
            tenant: "11111111-1111-4111-8111-111111111111".to_owned(),
            subscription: subscription.to_owned(),
            resource_group: resource_group.to_owned(),
            sign_in: SignIn::Simulated,
            protected: false,
            policy: Policy::default(),
            targets: vec![
                target(TargetKind::Webapp, "chatbot-web"),
                target(TargetKind::Webapp, "chatbot-web/staging"),
                target(TargetKind::Webapp, "chatbot-worker"),
                target(TargetKind::Webapp, "chatbot-scheduler"),
                target(TargetKind::Keyvault, "chatbot-kv"),
            ],
            inputs: [("key-rotation", key_rotation), ("rollback", rollback)]
                .map(|(name, inputs)| (name.to_owned(), inputs))
                .into(),
        }
    }

    /// The target of that kind and name.
    pub fn target(&self, kind: TargetKind, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.kind == kind && target.name == name)
    }
}
