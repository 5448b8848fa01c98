//! The documents that the resource provider answers with.

use serde_json::{Value, json};

use super::SUFFIX;
use super::server::{ADMINISTRATOR, PARAMETERS, RETENTION, Server};
use crate::sim::clock::Moment;
use crate::sim::web::{GROUP, SUBSCRIPTION};

const LOCATION: &str = "West Europe";

/// The resource id of a server.
pub(crate) fn server_id(name: &str) -> String {
    let group = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}");
    format!("{group}/providers/Microsoft.DBforPostgreSQL/flexibleServers/{name}")
}

/// A server. It tells neither its source nor the moment that it was restored to.
pub(crate) fn server(name: &str, server: &Server, now: Moment) -> Value {
    let availability = if server.has_standby {
        json!({"mode": "ZoneRedundant", "state": "Healthy", "standbyAvailabilityZone": "2"})
    } else {
        json!({"mode": "Disabled", "state": "NotEnabled"})
    };
    json!({
        "sku": {"name": "Standard_D2s_v3", "tier": "GeneralPurpose"},
        "systemData": {"createdAt": server.created},
        "properties": {
            "dataEncryption": {"type": "SystemManaged"},
            "storage": {"storageSizeGB": 128},
            "authConfig": {"activeDirectoryAuth": "Disabled", "passwordAuth": "Enabled"},
            "fullyQualifiedDomainName": format!("{name}{SUFFIX}"),
            "version": "14",
            "minorVersion": "15",
            "administratorLogin": ADMINISTRATOR,
            "state": server.state.word(),
            "availabilityZone": "1",
            "backup": {
                "backupRetentionDays": RETENTION,
                "geoRedundantBackup": "Disabled",
                "earliestRestoreDate": server.earliest(now),
            },
            "network": {"publicNetworkAccess": "Enabled"},
            "highAvailability": availability,
            "maintenanceWindow": {"customWindow": "Disabled", "dayOfWeek": 0, "startHour": 0, "startMinute": 0},
            "replicationRole": "Primary",
            "replicaCapacity": 5,
        },
        "location": LOCATION,
        "tags": server.tags,
        "id": server_id(name),
        "name": name,
        "type": "Microsoft.DBforPostgreSQL/flexibleServers",
    })
}

/// A parameter; nothing if there is none of that name.
pub(crate) fn parameter(server_name: &str, server: &Server, name: &str) -> Option<Value> {
    let (_, default, kind, allowed) = PARAMETERS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))?;
    let value = server.parameter(name)?;
    Some(json!({
        "properties": {
            "value": value,
            "description": format!("The parameter {name}."),
            "defaultValue": default,
            "dataType": kind,
            "allowedValues": allowed,
            "source": if server.parameters.contains_key(name) { "user-override" } else { "system-default" },
            "isDynamicConfig": true,
            "isReadOnly": false,
            "isConfigPendingRestart": false,
        },
        "id": format!("{}/configurations/{name}", server_id(server_name)),
        "name": name,
        "type": "Microsoft.DBforPostgreSQL/flexibleServers/configurations",
    }))
}

/// A firewall rule.
pub(crate) fn rule(server_name: &str, name: &str, (from, to): ([u8; 4], [u8; 4])) -> Value {
    let written = |[a, b, c, d]: [u8; 4]| format!("{a}.{b}.{c}.{d}");
    json!({
        "properties": {"startIpAddress": written(from), "endIpAddress": written(to)},
        "id": format!("{}/firewallRules/{name}", server_id(server_name)),
        "name": name,
        "type": "Microsoft.DBforPostgreSQL/flexibleServers/firewallRules",
    })
}
