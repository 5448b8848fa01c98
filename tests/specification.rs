//! The traffic of the real program and of the simulated estate, judged by Microsoft's own specifications with Microsoft's
//! own validator.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use callout::base::{Clock as _, Span};
use callout::world::SystemClock;
use serde_json::Value as Json;

use crate::support::require::skip;
use crate::support::{Estate, Home, Tap};

/// What is left out, and why.
const EXEMPT: [(&str, &str); 7] = [
    ("/docs/$count?", "the real service answers in plain text, as recordings show, and the specification says JSON"),
    ("/datasources?$select=", "what is not selected is not answered, and the specification requires it of the answer"),
    (
        ".blob.core.windows.net",
        "the validator has no specification of storage's data plane; it is held against Azurite",
    ),
    (".queue.core.windows.net", "the same"),
    (
        "/config/configreferences/appsettings/refresh",
        "documented by App Service, and not in the specification of 2023-12-01",
    ),
    (".azurewebsites.net", "the apps' own pages, which are nobody's interface but theirs"),
    ("login.microsoftonline.com", "the sign-in service, which has no specification here"),
];

/// Whatever has traffic in this test and is judged; the names are those of the specifications.
pub(crate) const JUDGED: &[&str] = &[
    "ActivityLogs_List",
    "Aliases_CreateOrUpdate",
    "Aliases_List",
    "CheckNameAvailability_Execute",
    "Configurations_ListByServer",
    "Configurations_Put",
    "Documents_SearchGet",
    "FirewallRules_CreateOrUpdate",
    "FirewallRules_Delete",
    "FirewallRules_ListByServer",
    "GetSecret",
    "GetSecretVersions",
    "GetServiceStatistics",
    "Indexers_CreateOrUpdate",
    "Indexers_Delete",
    "Indexers_GetStatus",
    "Indexers_List",
    "Indexers_Reset",
    "Indexers_Run",
    "Indexes_CreateOrUpdate",
    "Indexes_Delete",
    "Indexes_GetStatistics",
    "Indexes_List",
    "ManagementLocks_CreateOrUpdateByScope",
    "ManagementLocks_DeleteByScope",
    "ManagementLocks_ListByScope",
    "Metrics_List",
    "Servers_Create",
    "Servers_Delete",
    "Servers_Get",
    "Servers_ListByResourceGroup",
    "Services_Get",
    "SetSecret",
    "UpdateSecret",
    "WebApps_ApplySlotConfigurationSlot",
    "WebApps_Get",
    "WebApps_GetAppSettingsKeyVaultReferences",
    "WebApps_GetAppSettingsKeyVaultReferencesSlot",
    "WebApps_GetConfiguration",
    "WebApps_GetSlot",
    "WebApps_ListApplicationSettings",
    "WebApps_ListApplicationSettingsSlot",
    "WebApps_ListByResourceGroup",
    "WebApps_ListDeployments",
    "WebApps_ListDeploymentsSlot",
    "WebApps_ListInstanceIdentifiers",
    "WebApps_ListInstanceIdentifiersSlot",
    "WebApps_ListSlotConfigurationNames",
    "WebApps_ListSlotDifferencesSlot",
    "WebApps_ListSlots",
    "WebApps_ResetProductionSlotConfig",
    "WebApps_RestartSlot",
    "WebApps_Start",
    "WebApps_Stop",
    "WebApps_SwapSlotSlot",
    "WebApps_UpdateApplicationSettingsSlot",
];

/// Runbooks that ask for what no shipped one does, and their inputs.
const EVERYTHING: [(&str, &str, &[&str]); 3] = [
    (
        "everything",
        include_str!("specification/everything.yaml"),
        &["vault=chatbot-kv", "app=chatbot-web", "slot=chatbot-web/staging", "worker=chatbot-worker"],
    ),
    ("everything-search", include_str!("specification/everything-search.yaml"), &["service=chatbot-search"]),
    (
        "everything-postgres",
        include_str!("specification/everything-postgres.yaml"),
        &["server=chatbot-pg", "spare=chatbot-pg-r1"],
    ),
];

/// Where Microsoft's data lies; where it does not, that is said.
pub(crate) fn azure_data() -> Option<PathBuf> {
    let data = env::var_os("CALLOUT_AZURE_DATA").map(PathBuf::from);
    let data = data.filter(|data| data.join("validate.mjs").is_file());
    if data.is_none() {
        skip("CALLOUT_AZURE_DATA names no folder with Microsoft's specifications");
    }
    data
}

/// Where Microsoft's data lies, and where its validator is installed.
fn parts() -> Option<(PathBuf, PathBuf)> {
    let data = azure_data()?;
    let oav = env::var_os("CALLOUT_OAV").map(PathBuf::from);
    let Some(oav) = oav.filter(|oav| oav.join("node_modules/oav").is_dir()) else {
        skip("CALLOUT_OAV names no folder in which npm has installed oav");
        return None;
    };
    Some((data, oav))
}

#[test]
fn all_traffic_of_a_set_of_runs_is_as_the_specifications_say() {
    let Some((data, oav)) = parts() else { return };
    let home = Home::new();
    let estate = Estate::serve(&home);
    let tap = Tap::before(estate.endpoint());
    estate.announce(&tap.endpoint);
    fs::create_dir(home.desk().join("runbooks")).unwrap();
    let run = |home: &Home, runbook: &str, inputs: &[&str]| {
        let run = ["run", runbook, "--headless", "--yes", "irreversible", "--speed", "max"];
        home.callout(run).args(inputs.iter().flat_map(|input| ["-i", *input])).run().succeeded();
    };
    // A moment that can be restored, as the estate's clock began.
    let at = format!("at={}", SystemClock.host_now().before(Span::minutes(60)));
    for (name, text, inputs) in EVERYTHING {
        fs::write(home.desk().join(format!("runbooks/{name}.yaml")), text).unwrap();
        let at = text.contains("inputs.at").then_some(at.as_str());
        run(&home, name, &inputs.iter().copied().chain(at).collect::<Vec<_>>());
    }
    fs::remove_dir_all(home.desk().join("runbooks")).unwrap();
    for shipped in ["key-rotation", "rollback", "index-restore"] {
        run(&home, shipped, &[]);
    }

    let is_exempt = |one: &&Json| EXEMPT.iter().any(|(part, _)| one["url"].as_str().unwrap().contains(part));
    let exchanges = tap.exchanges();
    let judged: Vec<&Json> = exchanges.iter().filter(|one| !is_exempt(one)).collect();
    for (part, why) in EXEMPT {
        assert!(
            exchanges.iter().any(|one| one["url"].as_str().unwrap().contains(part)),
            "{part} ({why}) is not asked for any more"
        );
    }
    let verdicts = verdicts(&home, &judged, &data, &oav);
    let failed = verdicts.iter().filter(|verdict| verdict["result"] != "PASS");
    let failed: BTreeSet<String> = failed
        .map(|verdict| format!("{} {}: {} {}", verdict["method"], verdict["url"], verdict["result"], verdict["errors"]))
        .collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert_eq!(verdicts.len(), judged.len());
    let operations: BTreeSet<&str> = verdicts.iter().filter_map(|verdict| verdict["operationId"].as_str()).collect();
    let missing: Vec<&str> = JUDGED.iter().copied().filter(|operation| !operations.contains(operation)).collect();
    assert!(missing.is_empty(), "no traffic of {missing:?}; there is {operations:?}, in {} exchanges", judged.len());
}

/// What the validator says of each exchange. It leaves nothing to the lenient: neither our requests nor the simulator's
/// answers are Azure's.
fn verdicts(home: &Home, exchanges: &[&Json], data: &Path, oav: &Path) -> Vec<Json> {
    let (captured, out) = (home.path("captured.jsonl"), home.path("verdicts.jsonl"));
    let lines: Vec<String> = exchanges.iter().map(ToString::to_string).collect();
    fs::write(&captured, lines.join("\n")).unwrap();
    let mut node = Command::new("node");
    node.arg(data.join("validate.mjs")).arg(&captured).arg("--oav").arg(oav).arg("--json").arg(&out);
    let said = node.args(["--client", "--strict-enums", "--quiet"]).output().expect("node is there if oav is");
    let text = fs::read_to_string(&out).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&said.stderr)));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
