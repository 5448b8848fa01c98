//! The service as Resource Manager knows it (Microsoft.Search 2023-11-01).

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::sim::answer::{Answer, arm_error};
use crate::sim::web::arm::{GROUP, SUBSCRIPTION};

/// Answers for `…/providers/Microsoft.Search/searchServices` and what is below it.
pub(crate) fn answer(method: &Method, rest: &[&str]) -> Answer {
    match (method, rest) {
        (&Method::GET, []) => Answer::ok(&json!({"value": [service()]})),
        (&Method::GET, ["chatbot-search"]) => Answer::ok(&service()),
        _ => {
            let name = rest.first().copied().unwrap_or_default();
            let text = format!(
                "The Resource 'Microsoft.Search/searchServices/{name}' under resource group '{GROUP}' was not found."
            );
            arm_error(StatusCode::NOT_FOUND, "ResourceNotFound", &text)
        }
    }
}

fn service() -> Value {
    json!({
        "id": format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.Search/searchServices/chatbot-search"),
        "name": "chatbot-search",
        "type": "Microsoft.Search/searchServices",
        "location": "West Europe",
        "tags": {"app": "chatbot"},
        "properties": {
            "replicaCount": 1,
            "partitionCount": 1,
            "status": "running",
            "statusDetails": "",
            "hostingMode": "default",
            "provisioningState": "succeeded",
            "publicNetworkAccess": "enabled",
            "networkRuleSet": {"ipRules": []},
            "privateEndpointConnections": [],
            "sharedPrivateLinkResources": [],
            "encryptionWithCmk": {"enforcement": "Unspecified", "encryptionComplianceStatus": "Compliant"},
            "disableLocalAuth": true,
        },
        "sku": {"name": "basic"},
    })
}
