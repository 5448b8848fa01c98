//! The documents that Resource Manager and App Service answer with.

use serde_json::{Map, Value, json};

use super::app::{App, Content, Power, Slot, Trouble};
use super::arm::{GROUP, LOCATION, SUBSCRIPTION};
use super::reference::{self, Cached, Resolution};
use crate::sim::change::Place;
use crate::sim::clock::Moment;
use crate::sim::estate::PRODUCTION;
use crate::sim::signin::TENANT;

/// The location as App Service spells it.
const WEB_LOCATION: &str = "West Europe";
const PLAN: &str = "chatbot-plan";
/// How many instances a slot has.
const WORKERS: usize = 2;
/// The object id of the identity that the apps share.
const IDENTITY: &str = "55555555-5555-4555-8555-555555555555";

/// The name under which a slot answers.
pub(crate) fn default_host(place: &Place) -> String {
    match place.slot.as_str() {
        PRODUCTION => format!("{}.azurewebsites.net", place.app),
        slot => format!("{}-{slot}.azurewebsites.net", place.app),
    }
}

/// The resource id of a site or slot.
pub(crate) fn site_id(place: &Place) -> String {
    let site = format!("{}/providers/Microsoft.Web/sites/{}", group_id(), place.app);
    match place.slot.as_str() {
        PRODUCTION => site,
        slot => format!("{site}/slots/{slot}"),
    }
}

fn group_id() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}")
}

/// `chatbot-web`, or `chatbot-web/staging`.
fn site_name(place: &Place) -> String {
    if place.slot == PRODUCTION { place.app.clone() } else { format!("{}/{}", place.app, place.slot) }
}

/// What stands after `Microsoft.Web/` in the type of the site or of something below it.
fn site_type(place: &Place, below: &str) -> String {
    let slots = if place.slot == PRODUCTION { "" } else { "/slots" };
    format!("Microsoft.Web/sites{slots}{below}")
}

pub(crate) fn subscription() -> Value {
    json!({
        "id": format!("/subscriptions/{SUBSCRIPTION}"),
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "displayName": "Simulated",
        "state": "Enabled",
        "subscriptionPolicies": {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
        "authorizationSource": "RoleBased",
    })
}

pub(crate) fn group() -> Value {
    json!({
        "id": group_id(),
        "name": GROUP,
        "type": "Microsoft.Resources/resourceGroups",
        "location": LOCATION,
        "tags": {"app": "chatbot"},
        "properties": {"provisioningState": "Succeeded"},
    })
}

/// A site or slot.
pub(crate) fn site(place: &Place, app: &App, slot: &Slot) -> Value {
    json!({
        "id": site_id(place),
        "name": site_name(place),
        "type": site_type(place, ""),
        "kind": "app,linux",
        "location": WEB_LOCATION,
        "tags": {"app": "chatbot"},
        "identity": {"type": "SystemAssigned", "tenantId": TENANT, "principalId": IDENTITY},
        "properties": site_properties(place, app, slot),
    })
}

fn site_properties(place: &Place, app: &App, slot: &Slot) -> Value {
    let host = default_host(place);
    let scm = host.replacen('.', ".scm.", 1);
    let state = match slot.power {
        Power::Running => "Running",
        Power::Stopped => "Stopped",
    };
    let ssl = |name: &str, kind: &str| json!({"name": name, "sslState": "Disabled", "hostType": kind});
    json!({
        "state": state,
        "hostNames": [host],
        "repositorySiteName": place.app,
        "usageState": "Normal",
        "enabled": slot.power == Power::Running,
        "enabledHostNames": [host, scm],
        "availabilityState": "Normal",
        "hostNameSslStates": [ssl(&host, "Standard"), ssl(&scm, "Repository")],
        "serverFarmId": format!("{}/providers/Microsoft.Web/serverfarms/{PLAN}", group_id()),
        "reserved": true,
        "isXenon": false,
        "hyperV": false,
        "lastModifiedTimeUtc": slot.modified.milliseconds_text(),
        "siteConfig": {"numberOfWorkers": WORKERS, "linuxFxVersion": "NODE|20-lts", "alwaysOn": true, "http20Enabled": true},
        // Told by the place that is to be taken, as in the recordings.
        "targetSwapSlot": app.preview.as_ref().filter(|it| it.target == place.slot).map(|it| it.source.clone()),
        "clientAffinityEnabled": false,
        "clientCertEnabled": false,
        "httpsOnly": true,
        "resourceGroup": GROUP,
        "defaultHostName": host,
        "slotSwapStatus": app.swapped.as_ref().map(|swap| json!({
            "timestampUtc": swap.at.milliseconds_text(),
            "sourceSlotName": slot_display(&swap.source),
            "destinationSlotName": slot_display(&swap.target),
        })),
        "redundancyMode": "None",
        "inProgressOperationId": app.swap.as_ref().map(|swap| swap.operation),
        "publicNetworkAccess": "Enabled",
        "storageAccountRequired": false,
        "keyVaultReferenceIdentity": "SystemAssigned",
    })
}

/// App Service writes `Production` where a swap is reported, whatever was asked.
fn slot_display(slot: &str) -> &str {
    if slot == PRODUCTION { "Production" } else { slot }
}

/// All references of a slot.
pub(crate) fn references(place: &Place, slot: &Slot) -> Value {
    let value: Vec<_> = slot.cache.iter().map(|(name, cached)| reference(place, slot, name, cached)).collect();
    json!({"value": value, "nextLink": null})
}

/// One reference: what is written in the setting, and what the app holds for it.
pub(crate) fn reference(place: &Place, slot: &Slot, name: &str, cached: &Cached) -> Value {
    let text = slot.settings.get(name).map(String::as_str).unwrap_or_default();
    let mut properties = Map::new();
    let mut put = |key: &str, value: Value| properties.insert(key.to_owned(), value);
    put("reference", json!(text));
    if let Some(named) = reference::parse(text) {
        put("vaultName", json!(named.vault));
        put("secretName", json!(named.secret));
        put("secretVersion", json!(named.version.unwrap_or_default()));
    }
    put("identityType", json!({"type": "SystemAssigned"}));
    put("source", json!("KeyVault"));
    match &cached.resolution {
        Resolution::Resolved { version, .. } => {
            put("status", json!("Resolved"));
            put("details", json!("Reference has been successfully resolved."));
            put("activeVersion", json!(version));
        }
        Resolution::Unresolved(status) => {
            put("status", json!(status.word()));
            put("details", json!(status.details()));
        }
    }
    json!({
        "id": format!("{}/config/configreferences/appsettings/{name}", site_id(place)),
        "name": name,
        "type": site_type(place, "/config/configreferences"),
        "properties": properties,
    })
}

/// The settings of a slot, as they are written: references are not resolved.
pub(crate) fn settings(place: &Place, slot: &Slot) -> Value {
    json!({
        "id": format!("{}/config/appsettings", site_id(place)),
        "name": "appsettings",
        "type": site_type(place, "/config"),
        "properties": slot.settings,
    })
}

/// The configuration of a slot, as far as it says anything here: all traffic stays in production.
pub(crate) fn configuration(place: &Place) -> Value {
    json!({
        "id": format!("{}/config/web", site_id(place)),
        "name": place.app,
        "type": site_type(place, "/config"),
        "properties": {
            "numberOfWorkers": WORKERS,
            "linuxFxVersion": "NODE|20-lts",
            "alwaysOn": true,
            "http20Enabled": true,
            "experiments": {"rampUpRules": []},
        },
    })
}

/// The instances of a slot. All of them start, and stop, at the same time.
pub(crate) fn instances(place: &Place, slot: &Slot, at: Moment) -> Value {
    let state = match slot.trouble(at) {
        Some(Trouble::Stopped) => "STOPPED",
        Some(Trouble::Starting) => "UNKNOWN",
        // The platform does not look into the app.
        Some(Trouble::Unresolved(_) | Trouble::NoDatabase) | None => "READY",
    };
    let instance = |number: usize| {
        // 64 hexadecimal digits, in which nothing can be read.
        let name = format!("{:0>64}", format!("{}{}{number}", hex::encode(&place.app), hex::encode(&place.slot)));
        json!({
            "id": format!("{}/instances/{name}", site_id(place)),
            "name": name,
            "type": site_type(place, "/instances"),
            "properties": {"state": state},
        })
    };
    json!({"value": (0..WORKERS).map(instance).collect::<Vec<_>>(), "nextLink": null})
}

/// Which settings stay with their slot.
pub(crate) fn sticky_names(place: &Place, app: &App) -> Value {
    json!({
        "id": format!("{}/config/slotConfigNames", site_id(place)),
        "name": place.app,
        "type": "Microsoft.Web/sites",
        "properties": {"connectionStringNames": null, "appSettingNames": app.sticky, "azureStorageConfigNames": null},
    })
}

/// What was deployed to a slot. It belongs to the content, and moves with it in a swap.
pub(crate) fn deployment(place: &Place, content: &Content) -> Value {
    let id = deployment_id(content);
    json!({
        "id": format!("{}/deployments/{id}", site_id(place)),
        "name": id,
        "type": site_type(place, "/deployments"),
        "properties": {
            "status": 4,
            "message": format!("{} (build {}, commit {})", content.message, content.build, content.commit),
            "author": content.author,
            "deployer": "Azure Pipelines",
            "start_time": content.deployed,
            "end_time": content.deployed.plus_seconds(75),
            "active": true,
        },
    })
}

/// The identifier of a deployment: 32 hexadecimal digits that begin with the build and the commit.
pub(crate) fn deployment_id(content: &Content) -> String {
    format!("{:0<32}", format!("{}{}", content.build, content.commit))
}
