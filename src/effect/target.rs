use std::fmt;

use serde::{Deserialize, Serialize};

/// Which kind of resource a target is.
///
/// What is known of a kind stands in one table: its Resource Manager type, its naming rule, and the address of its data
/// plane in the public cloud. The naming rules are those of Resource Manager's page "Naming rules and restrictions for
/// Azure resources" (learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules), in ASCII only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TargetKind {
    /// An App Service site, or one of its slots.
    Webapp,
    /// A Key Vault.
    Keyvault,
    /// An Azure Database for PostgreSQL, flexible server.
    Postgres,
    /// A Container App.
    Containerapp,
    /// An AI Search service.
    Search,
    /// A storage account.
    Storage,
    /// An Azure Cache for Redis.
    Redis,
    /// An account of Azure AI services.
    Cognitive,
    /// A container registry.
    Acr,
    /// Any other resource; it is known by its id alone and has no address.
    Resource,
}

/// What is known of a kind.
struct Facts {
    word: &'static str,
    noun: &'static str,
    /// The namespace and the type, and the type of a child whose name follows a slash; none for [`TargetKind::Resource`].
    types: &'static [&'static str],
    name: NameRule,
    address: Address,
}

/// How a resource may be called.
struct NameRule {
    least: usize,
    most: usize,
    letters: Letters,
    /// The rule as a sentence's end: `write …`.
    says: &'static str,
}

/// Of which characters a name is made.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Letters {
    /// Letters, digits and, inside, hyphens.
    Any,
    /// The same in lower case.
    Lower,
    /// Letters and digits.
    NoHyphen,
    /// Lower-case letters and digits.
    LowerNoHyphen,
}

/// Where a resource's data plane is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Address {
    /// Always at this address, which follows from the name.
    OfName(&'static str, &'static str),
    /// At this address unless it has a domain of its own.
    Usually(&'static str, &'static str),
    /// It does not follow from the name, and so must be given. With suffixes, its host ends in one of them.
    Given(&'static [&'static str]),
    /// There is none.
    Absent,
}

impl TargetKind {
    /// Every kind.
    pub const ALL: [Self; 10] = [
        Self::Webapp,
        Self::Keyvault,
        Self::Postgres,
        Self::Containerapp,
        Self::Search,
        Self::Storage,
        Self::Redis,
        Self::Cognitive,
        Self::Acr,
        Self::Resource,
    ];

    /// The word in a runbook.
    pub const fn word(self) -> &'static str {
        self.facts().word
    }

    /// What an argument of this kind must be, with its article.
    pub const fn noun(self) -> &'static str {
        self.facts().noun
    }

    /// How such a resource is called, as what is to be written.
    pub const fn naming(self) -> &'static str {
        self.facts().name.says
    }

    /// Where its data plane is.
    pub const fn address(self) -> Address {
        self.facts().address
    }

    /// Tells whether a resource of this kind may be called so: whatever passes can stand in an address and stays in its
    /// place there.
    pub fn is_name(self, name: &str) -> bool {
        let rule = &self.facts().name;
        match name.split_once('/') {
            // A slot's name may be a character shorter than a site's, because both stand in one host name.
            Some((site, slot)) if self == Self::Webapp => {
                fits(site, rule) && fits(slot, rule) && slot.len() < rule.most
            }
            _ => fits(name, rule),
        }
    }

    /// The Resource Manager id of a resource of this kind; none for [`TargetKind::Resource`], whose type is not known.
    pub fn id(self, name: &str, subscription: &str, resource_group: &str) -> Option<String> {
        let types = self.facts().types;
        let (namespace, first) = (types.first()?, types.get(1)?);
        let group = format!("/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/{namespace}");
        Some(match (name.split_once('/'), types.get(2)) {
            (Some((parent, child)), Some(second)) => format!("{group}/{first}/{parent}/{second}/{child}"),
            _ => format!("{group}/{first}/{name}"),
        })
    }

    /// The address that follows from a name, if one does, without a slash at its end.
    pub fn url(self, name: &str) -> Option<String> {
        match self.address() {
            Address::OfName(before, after) | Address::Usually(before, after) => {
                // A slot's host is the site's with the slot's name behind a hyphen.
                Some(format!("{before}{}{after}", name.replace('/', "-")))
            }
            Address::Given(_) | Address::Absent => None,
        }
    }

    /// Tells whether `id` is the Resource Manager id of a resource of this kind, of any type for
    /// [`TargetKind::Resource`]. Keywords are compared without regard to case, as Resource Manager does; names may hold
    /// what it allows in ASCII, and never a whole segment of dots.
    pub fn is_id(self, id: &str) -> bool {
        let parts: Vec<&str> = id.split('/').collect();
        let is_name = |part: &&str| {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.()".contains(&byte);
            !part.is_empty() && part.bytes().all(allowed) && part.bytes().any(|byte| byte != b'.')
        };
        let is = |place: usize, word: &str| parts.get(place).is_some_and(|part| part.eq_ignore_ascii_case(word));
        let frame = is(0, "") && is(1, "subscriptions") && is(3, "resourcegroups") && is(5, "providers");
        let types = self.facts().types;
        let of_type = match types.split_first() {
            // Whole pairs of type and name follow the namespace.
            None => parts.len() >= 9 && parts.len() % 2 == 1,
            Some((namespace, kinds)) => {
                let pairs = parts.len().saturating_sub(7) / 2;
                (1..=kinds.len()).contains(&pairs)
                    && parts.len() == 7 + 2 * pairs
                    && is(6, namespace)
                    && kinds.iter().take(pairs).zip((7..).step_by(2)).all(|(kind, place)| is(place, kind))
            }
        };
        frame && of_type && parts.iter().skip(1).all(is_name)
    }

    const fn facts(self) -> &'static Facts {
        &FACTS[self as usize]
    }
}

/// One entry per kind, in the order of [`TargetKind::ALL`].
const FACTS: &[Facts; 10] = &[
    Facts {
        word: "webapp",
        noun: "an App Service site or slot with its resource id",
        types: &["Microsoft.Web", "sites", "slots"],
        name: NameRule {
            least: 1,
            most: 60,
            letters: Letters::Any,
            says: "the site's name, or `SITE/SLOT`: up to 60 letters, digits and hyphens each",
        },
        address: Address::Usually("https://", ".azurewebsites.net"),
    },
    Facts {
        word: "keyvault",
        noun: "a Key Vault with its resource id",
        types: &["Microsoft.KeyVault", "vaults"],
        name: NameRule {
            least: 3,
            most: 24,
            letters: Letters::Any,
            says: "the vault's name: 3 to 24 letters, digits and hyphens",
        },
        address: Address::OfName("https://", ".vault.azure.net"),
    },
    Facts {
        word: "postgres",
        noun: "a PostgreSQL flexible server with its resource id",
        types: &["Microsoft.DBforPostgreSQL", "flexibleServers"],
        name: NameRule {
            least: 3,
            most: 63,
            letters: Letters::Lower,
            says: "the server's name: 3 to 63 lower-case letters, digits and hyphens",
        },
        address: Address::OfName("postgresql://", ".postgres.database.azure.com"),
    },
    Facts {
        word: "containerapp",
        noun: "a Container App with its resource id",
        types: &["Microsoft.App", "containerApps"],
        name: NameRule {
            least: 2,
            most: 32,
            letters: Letters::Lower,
            says: "the app's name: 2 to 32 lower-case letters, digits and hyphens",
        },
        // Its host holds a random part of its environment.
        address: Address::Given(&[]),
    },
    Facts {
        word: "search",
        noun: "an AI Search service with its resource id",
        types: &["Microsoft.Search", "searchServices"],
        name: NameRule {
            least: 2,
            most: 60,
            letters: Letters::Lower,
            says: "the service's name: 2 to 60 lower-case letters, digits and hyphens",
        },
        address: Address::OfName("https://", ".search.windows.net"),
    },
    Facts {
        word: "storage",
        noun: "a storage account with its resource id",
        types: &["Microsoft.Storage", "storageAccounts"],
        name: NameRule {
            least: 3,
            most: 24,
            letters: Letters::LowerNoHyphen,
            says: "the account's name: 3 to 24 lower-case letters and digits",
        },
        address: Address::OfName("https://", ".blob.core.windows.net"),
    },
    Facts {
        word: "redis",
        noun: "an Azure Cache for Redis with its resource id",
        types: &["Microsoft.Cache", "Redis"],
        name: NameRule {
            least: 1,
            most: 63,
            letters: Letters::Any,
            says: "the cache's name: up to 63 letters, digits and hyphens",
        },
        // The port for TLS is the service's own, and not the scheme's.
        address: Address::OfName("rediss://", ".redis.cache.windows.net:6380"),
    },
    Facts {
        word: "cognitive",
        noun: "an account of Azure AI services with its resource id",
        types: &["Microsoft.CognitiveServices", "accounts"],
        name: NameRule {
            least: 2,
            most: 64,
            letters: Letters::Any,
            says: "the account's name: 2 to 64 letters, digits and hyphens",
        },
        // Its host is a custom subdomain, which need not be its name, and which it need not have.
        address: Address::Given(&[".cognitiveservices.azure.com", ".openai.azure.com", ".services.ai.azure.com"]),
    },
    Facts {
        word: "acr",
        noun: "a container registry with its resource id",
        types: &["Microsoft.ContainerRegistry", "registries"],
        name: NameRule {
            least: 5,
            most: 50,
            letters: Letters::NoHyphen,
            says: "the registry's name: 5 to 50 letters and digits",
        },
        address: Address::OfName("https://", ".azurecr.io"),
    },
    Facts {
        word: "resource",
        noun: "a resource with its resource id",
        types: &[],
        name: NameRule { least: 1, most: 260, letters: Letters::Any, says: "the last name in its id" },
        address: Address::Absent,
    },
];

fn fits(name: &str, rule: &NameRule) -> bool {
    let lower = matches!(rule.letters, Letters::Lower | Letters::LowerNoHyphen);
    let hyphens = matches!(rule.letters, Letters::Any | Letters::Lower);
    (rule.least..=rule.most).contains(&name.len())
        && name.bytes().all(|byte| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || (byte.is_ascii_uppercase() && !lower)
                || (byte == b'-' && hyphens)
        })
        && !name.starts_with('-')
        && !name.ends_with('-')
}

impl fmt::Display for TargetKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSCRIPTION: &str = "22222222-2222-4222-8222-222222222222";

    #[test]
    fn the_id_that_follows_from_a_name_is_one_of_its_kind_and_of_no_other() {
        for kind in TargetKind::ALL {
            let Some(id) = kind.id("abcde", SUBSCRIPTION, "rg") else { continue };
            for other in TargetKind::ALL {
                let same = kind == other || other == TargetKind::Resource;
                assert_eq!(other.is_id(&id.to_lowercase()), same, "{id} as a {other}");
            }
            for bad in [format!("{id}/x"), format!("{id}/../y"), format!("{id}?x"), id.replace("/rg/", "/../")] {
                assert!(!kind.is_id(&bad), "{bad}");
            }
        }
        let slot = TargetKind::Webapp.id("shop/blue", SUBSCRIPTION, "rg").unwrap();
        assert!(TargetKind::Webapp.is_id(&slot) && slot.ends_with("/sites/shop/slots/blue"));
    }

    #[test]
    fn a_resource_of_any_type_is_known_by_its_whole_id() {
        let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/rg");
        for id in ["Microsoft.Sql/servers/a", "Microsoft.Sql/servers/a/databases/b"] {
            assert!(TargetKind::Resource.is_id(&format!("{group}/providers/{id}")), "{id}");
        }
        for id in ["", "/providers", "/providers/Microsoft.Sql", "/providers/Microsoft.Sql/servers/a/databases"] {
            assert!(!TargetKind::Resource.is_id(&format!("{group}{id}")), "{id}");
        }
    }

    #[test]
    fn a_name_that_could_leave_its_place_in_an_address_is_none_of_any_kind() {
        for kind in TargetKind::ALL {
            assert!(kind.is_name("abcde12345"), "{kind}");
            for bad in ["", "..", "a.b.c", "a/b/c", "-abcde", "abcde-", "abc?de", "abc@de", "abc:de", "abcdé", "abc de"]
            {
                assert!(!kind.is_name(bad), "{kind}: {bad}");
            }
            assert_eq!(kind.is_name("abcde/fghij"), kind == TargetKind::Webapp, "{kind}");
        }
        assert!(!TargetKind::Storage.is_name("shop-data") && !TargetKind::Postgres.is_name("Shop"));
        assert!(!TargetKind::Webapp.is_name(&format!("shop/{}", "a".repeat(60))));
    }

    #[test]
    fn the_address_that_follows_from_a_name_is_the_public_clouds() {
        let url = |kind: TargetKind, name| kind.url(name);
        assert_eq!(url(TargetKind::Webapp, "shop/blue").as_deref(), Some("https://shop-blue.azurewebsites.net"));
        assert_eq!(url(TargetKind::Storage, "shop").as_deref(), Some("https://shop.blob.core.windows.net"));
        assert_eq!(url(TargetKind::Postgres, "shop").as_deref(), Some("postgresql://shop.postgres.database.azure.com"));
        assert_eq!(url(TargetKind::Redis, "shop").as_deref(), Some("rediss://shop.redis.cache.windows.net:6380"));
        assert_eq!(url(TargetKind::Containerapp, "shop"), None);
    }

    #[test]
    fn the_word_of_a_kind_is_the_one_that_the_journal_has() {
        for kind in TargetKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.word());
        }
    }
}
