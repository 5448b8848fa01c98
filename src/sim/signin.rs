//! The sign-in service: tokens for the simulated service principal.
//!
//! Tokens look like JSON Web Tokens and are not signed; in the place of the signature stands a mark that belongs to the
//! world, so that a token of another world is refused and one of this world outlives a restarted server.

use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::answer::{Answer, simulator_error};
use super::asked::Asked;
use super::clock::Moment;
use super::error::SimError;
use super::host;

pub(crate) const HOST: &str = "login.microsoftonline.com";
pub(crate) const TENANT: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const CLIENT: &str = "33333333-3333-4333-8333-333333333333";
pub(crate) const CLIENT_SECRET: &str = "simulated";
const PRINCIPAL: &str = "44444444-4444-4444-8444-444444444444";

pub(crate) const VAULT_AUDIENCE: &str = "https://vault.azure.net";
pub(crate) const ARM_AUDIENCE: &str = "https://management.azure.com";
pub(crate) const SEARCH_AUDIENCE: &str = "https://search.azure.com";
pub(crate) const STORAGE_AUDIENCE: &str = "https://storage.azure.com";
/// The older name of Resource Manager's audience, which Microsoft's command line still asks for.
const OLD_ARM_AUDIENCE: &str = "https://management.core.windows.net";

/// How long a token lives, in seconds of the *host's* clock: clients compare it with theirs.
const LIFETIME: i64 = 3600;

#[derive(Serialize, Deserialize)]
struct Claims {
    aud: String,
    iss: String,
    iat: i64,
    nbf: i64,
    exp: i64,
    appid: String,
    oid: String,
    sub: String,
    tid: String,
    ver: String,
}

/// Why a request is not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unauthorized {
    /// No `Authorization: Bearer …` at all.
    Missing,
    /// Not a token of this world.
    Invalid,
    /// A token whose time is over.
    Expired,
    /// A token for another service.
    Audience,
}

/// Checks the token of a request. `now` is the host's time.
pub(crate) fn admit(asked: &Asked, audience: &str, mark: &str, now: Moment) -> Result<(), Unauthorized> {
    let token = asked.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let parts: Vec<&str> = token.ok_or(Unauthorized::Missing)?.split('.').collect();
    let [_, claims, signature] = parts[..] else { return Err(Unauthorized::Invalid) };
    let claims = URL_SAFE_NO_PAD.decode(claims).ok().and_then(|text| serde_json::from_slice::<Claims>(&text).ok());
    let claims = claims.filter(|_| signature == mark).ok_or(Unauthorized::Invalid)?;
    if claims.exp <= now.seconds() {
        return Err(Unauthorized::Expired);
    }
    let (asked_for, wanted) = (claims.aud.trim_end_matches('/'), audience);
    let same = asked_for == wanted || (wanted == ARM_AUDIENCE && asked_for == OLD_ARM_AUDIENCE);
    if same { Ok(()) } else { Err(Unauthorized::Audience) }
}

/// Answers for the sign-in host: token, discovery of the instance and of the tenant.
pub(crate) fn answer(asked: &Asked, mark: &str, now: Moment) -> Result<Answer, SimError> {
    match asked.segments()[..] {
        [tenant, "oauth2", "v2.0", "token"] if asked.method == Method::POST => token(asked, tenant, mark, now),
        [_, "v2.0", ".well-known", "openid-configuration"] => Ok(openid_configuration()),
        ["common", "discovery", "instance"] => Ok(instance()),
        _ => Ok(simulator_error(StatusCode::NOT_FOUND, "the simulated sign-in service has no such page")),
    }
}

fn token(asked: &Asked, tenant: &str, mark: &str, now: Moment) -> Result<Answer, SimError> {
    let field = |name| asked.field(name).unwrap_or_default();
    let (bad, unauthorized) = (StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED);
    if tenant != TENANT {
        let text = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud."
        );
        return refusal(bad, "invalid_request", 90002, &text, now);
    }
    if field("grant_type") != "client_credentials" {
        let text = format!("The app requested an unsupported grant type '{}'.", field("grant_type"));
        return refusal(bad, "unsupported_grant_type", 70003, &text, now);
    }
    if field("client_id") != CLIENT {
        let text =
            format!("Application with identifier '{}' was not found in the directory 'Simulated'.", field("client_id"));
        return refusal(bad, "unauthorized_client", 700_016, &text, now);
    }
    if field("client_secret") != CLIENT_SECRET {
        let text = format!(
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{CLIENT}'."
        );
        return refusal(unauthorized, "invalid_client", 7_000_215, &text, now);
    }
    let scope = field("scope");
    let audience = scope.strip_suffix("/.default").unwrap_or_default().trim_end_matches('/');
    let known = [VAULT_AUDIENCE, ARM_AUDIENCE, OLD_ARM_AUDIENCE, SEARCH_AUDIENCE, STORAGE_AUDIENCE];
    if !known.contains(&audience) {
        let text = format!("The resource principal named {scope} was not found in the tenant named Simulated.");
        return refusal(bad, "invalid_resource", 500_011, &text, now);
    }
    let token = issue(audience, mark, now);
    let document =
        json!({"token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token});
    Ok(Answer::ok(&document).with("cache-control", "no-store"))
}

fn issue(audience: &str, mark: &str, now: Moment) -> String {
    let claims = json!(Claims {
        aud: audience.to_owned(),
        iss: format!("https://sts.windows.net/{TENANT}/"),
        iat: now.seconds(),
        nbf: now.seconds(),
        exp: now.seconds() + LIFETIME,
        appid: CLIENT.to_owned(),
        oid: PRINCIPAL.to_owned(),
        sub: PRINCIPAL.to_owned(),
        tid: TENANT.to_owned(),
        ver: "1.0".to_owned(),
    });
    let head = URL_SAFE_NO_PAD.encode(json!({"typ": "JWT", "alg": "none"}).to_string());
    format!("{head}.{}.{mark}", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// An error as the sign-in service writes it; the description has line breaks inside, as the real one has.
fn refusal(status: StatusCode, error: &str, code: u32, text: &str, now: Moment) -> Result<Answer, SimError> {
    let (trace, correlation, at) = (host::uuid()?, host::uuid()?, now.spaced_text());
    let description =
        format!("AADSTS{code}: {text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {at}");
    Ok(Answer::json(
        status,
        &json!({
            "error": error,
            "error_description": description,
            "error_codes": [code],
            "timestamp": at,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://{HOST}/error?code={code}"),
        }),
    ))
}

fn openid_configuration() -> Answer {
    let base = format!("https://{HOST}/{TENANT}");
    Answer::ok(&json!({
        "issuer": format!("{base}/v2.0"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
    }))
}

fn instance() -> Answer {
    Answer::ok(&json!({
        "tenant_discovery_endpoint": format!("https://{HOST}/{TENANT}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": HOST, "preferred_cache": "login.windows.net", "aliases": [HOST, "login.windows.net"]}],
    }))
}
