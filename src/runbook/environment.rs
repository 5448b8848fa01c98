use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::Value;
use crate::effect::{Risk, TargetKind};

/// Where a run happens: which resources there are by name, who signs in and how, and what is asked of the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// The name, as `--env` says it.
    pub name: String,
    /// What it is, in a few words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Whether it is real.
    pub estate: EstateKind,
    /// The tenant whose tokens are accepted; a token of another tenant is refused.
    pub tenant: String,
    /// The subscription of the targets.
    pub subscription: String,
    /// Other subscriptions by name, in which single targets are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub subscriptions: BTreeMap<String, String>,
    /// The resource group of the targets.
    pub resource_group: String,
    /// How the program signs in.
    pub sign_in: SignIn,
    /// Asks for more: no `--yes`, a second person for what is irreversible.
    #[serde(default)]
    pub protected: bool,
    /// The colour in which the screen names it, so that nobody takes one environment for another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<BannerColour>,
    /// What it refuses.
    #[serde(default)]
    pub policy: Policy,
    /// The resources by name.
    pub targets: Vec<Target>,
    /// Inputs that need not be given, by runbook and parameter.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub inputs: BTreeMap<String, BTreeMap<String, Value>>,
}

/// A colour of the sixteen that every terminal has, as its owner chose them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "a colour says what it is")]
pub enum BannerColour {
    Red,
    Yellow,
    Green,
    Blue,
    Magenta,
    Cyan,
}

impl BannerColour {
    /// Each with its word.
    pub const WORDS: [(&'static str, Self); 6] = [
        ("red", Self::Red),
        ("yellow", Self::Yellow),
        ("green", Self::Green),
        ("blue", Self::Blue),
        ("magenta", Self::Magenta),
        ("cyan", Self::Cyan),
    ];
}

/// What an environment refuses, beside what `protected` asks for. It is asked when a run is begun and, as it is then, when
/// one is taken up; but a run can always be ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// What is demanded of the revision.
    pub revision: RevisionRule,
    /// The file of the keys that may sign, as it is written; without it, the one that the user's own git configuration
    /// names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_signers: Option<String>,
    /// The highest risk that `--yes` may confirm; `Read` lets it confirm nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes: Option<Risk>,
    /// The only runbooks that may run here. One that another runbook nests is part of that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runbooks: Option<Vec<String>>,
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

impl Policy {
    /// Tells whether a runbook may run here.
    pub fn allows(&self, runbook: &str) -> bool {
        self.runbooks.as_ref().is_none_or(|allowed| allowed.iter().any(|name| name == runbook))
    }
}

/// How the program signs in; always said, never guessed but by `Auto`, which a protected environment refuses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignIn {
    /// The Azure CLI's signed-in user.
    Cli,
    /// The Azure Developer CLI's signed-in user.
    Azd,
    /// The identity that Azure gives to the machine or app in which the program runs.
    ManagedIdentity {
        /// The client id, of an identity that was assigned by a user.
        client: Option<String>,
    },
    /// The identity of a Kubernetes service account.
    WorkloadIdentity {
        /// The client id; without it, the one that the pod's environment names.
        client: Option<String>,
    },
    /// An application with a secret.
    ClientSecret {
        /// The application's (client) id.
        client: String,
        /// The environment variable that holds the secret.
        secret: String,
    },
    /// The Azure CLI, else the Azure Developer CLI.
    Auto,
    /// The simulator's own service principal.
    Simulated,
}

impl fmt::Display for SignIn {
    /// By what, for a person.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |f: &mut fmt::Formatter<'_>, client: &Option<String>| {
            client.as_ref().map_or(Ok(()), |client| write!(f, " of the client {client}"))
        };
        match self {
            Self::Cli => f.write_str("the Azure CLI"),
            Self::Azd => f.write_str("the Azure Developer CLI"),
            Self::ManagedIdentity { client } => {
                f.write_str("the managed identity")?;
                of(f, client)
            }
            Self::WorkloadIdentity { client } => {
                f.write_str("the workload identity")?;
                of(f, client)
            }
            Self::ClientSecret { client, secret } => {
                write!(f, "the application {client} with the secret in the variable {secret}")
            }
            Self::Auto => f.write_str("the Azure CLI, else the Azure Developer CLI"),
            Self::Simulated => f.write_str("the simulator"),
        }
    }
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
    /// The address of its data plane or its site, without a final slash; every kind but `resource` has one. A site's is
    /// where people find it, a guess where nobody gave it: the shipped runbooks ask the platform for the site's own host
    /// and never use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Other names by which it can be given; it is shown and typed by its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Whether it is bound to drills: the only ones that a runbook changes in the mode `drill`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drill: bool,
}

impl Target {
    /// A resource whose id and address follow from its name, as they do in the public cloud unless someone chose a custom
    /// domain or Azure a unique host name. None for a kind whose id or address does not follow from the name.
    pub fn conventional(kind: TargetKind, name: &str, subscription: &str, resource_group: &str) -> Option<Self> {
        let (id, url) = (kind.id(name, subscription, resource_group)?, kind.url(name)?);
        Some(Self { name: name.to_owned(), kind, id, url: Some(url), aliases: Vec::new(), drill: false })
    }

    /// The target as expressions see it: a record of `name`, `id` and, unless it is a `resource`, `url`.
    pub fn value(&self) -> Value {
        let fields = [("name", Some(&self.name)), ("id", Some(&self.id)), ("url", self.url.as_ref())];
        let fields = fields.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::text(text?))));
        Value::Record(fields.collect())
    }

    /// Tells whether `given` means it: its name, one of its other names, or its id. Ids are compared without regard to
    /// case (Resource Manager, "resource names and ids").
    pub fn answers_to(&self, given: &str) -> bool {
        self.name == given || self.aliases.iter().any(|alias| alias == given) || self.id.eq_ignore_ascii_case(given)
    }
}

/// What names mean in an environment: the part of it that a run takes along where a nested runbook may still name a
/// resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// The environment's name, for sentences.
    pub environment: String,
    /// Its subscriptions.
    pub subscriptions: Vec<String>,
    /// Its resources by name.
    pub targets: Vec<Target>,
}

impl Environment {
    /// What names mean in it.
    pub fn resources(&self) -> Resources {
        Resources {
            environment: self.name.clone(),
            subscriptions: self.subscriptions.values().chain([&self.subscription]).cloned().collect(),
            targets: self.targets.clone(),
        }
    }

    /// The environment that is there without any configuration: the simulator's default estate, with inputs for the
    /// shipped runbooks.
    pub fn simulated() -> Self {
        let subscription = "22222222-2222-4222-8222-222222222222";
        let resource_group = "chatbot-rg";
        Self {
            name: "sim".to_owned(),
            title: None,
            estate: EstateKind::Simulated,
            tenant: "11111111-1111-4111-8111-111111111111".to_owned(),
            subscription: subscription.to_owned(),
            subscriptions: BTreeMap::new(),
            resource_group: resource_group.to_owned(),
            sign_in: SignIn::Simulated,
            protected: false,
            colour: None,
            policy: Policy::default(),
            targets: [
                (TargetKind::Webapp, "chatbot-web"),
                (TargetKind::Webapp, "chatbot-web/staging"),
                (TargetKind::Webapp, "chatbot-worker"),
                (TargetKind::Webapp, "chatbot-scheduler"),
                (TargetKind::Keyvault, "chatbot-kv"),
                (TargetKind::Postgres, "chatbot-pg"),
                (TargetKind::Postgres, "chatbot-pg-r1"),
                (TargetKind::Search, "chatbot-search"),
                (TargetKind::Storage, "chatbotstorage"),
            ]
            .into_iter()
            .filter_map(|(kind, name)| Target::conventional(kind, name, subscription, resource_group))
            // Nothing here is production.
            .map(|target| Target { drill: true, ..target })
            .collect(),
            inputs: super::simulated::inputs(),
        }
    }

    /// Tells whether a subscription's id is of this environment.
    pub fn has_subscription(&self, id: &str) -> bool {
        let mut all = self.subscriptions.values().chain([&self.subscription]);
        all.any(|known| known.eq_ignore_ascii_case(id))
    }

    /// The target of that kind and name.
    pub fn target(&self, kind: TargetKind, name: &str) -> Option<&Target> {
        self.targets.iter().find(|target| target.kind == kind && target.name == name)
    }
}
