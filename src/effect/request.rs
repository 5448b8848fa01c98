use std::fmt::{self, Write as _};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::{Digest, SecretRef, canonical};

/// Which hand carries a request, and so which audience its token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Azure Resource Manager, `https://management.azure.com`.
    ResourceManager,
    /// A Key Vault's data plane, through Microsoft's crate.
    KeyVault,
    /// A PostgreSQL server, over its own protocol and signed in by a secret of its own. The address is
    /// `postgresql://HOST:PORT`, and the body says what is asked, in words that only our hand understands.
    Sql,
    /// The data plane of an AI Search service.
    Search,
    /// The data plane of a storage account: blobs and queues.
    Storage,
    /// Anything else over HTTP; it never gets a token of ours.
    Http,
}

impl Service {
    /// The headers that the service wants of every request with this method, beside those of HTTP itself and the token.
    /// They never differ from one request to the next, so no digest covers them.
    pub fn headers(self, method: Method) -> impl Iterator<Item = (&'static str, &'static str)> {
        let header = match (self, method) {
            // The version of the data plane. Without it a storage account speaks its oldest one.
            (Self::Storage, _) => Some(("x-ms-version", "2024-08-04")),
            // Its specification demands this of every PUT; the answer then shows what was made.
            (Self::Search, Method::Put) => Some(("prefer", "return=representation")),
            _ => None,
        };
        header.into_iter()
    }
}

/// An HTTP method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// Reads.
    Get,
    /// Acts, or creates.
    Post,
    /// Replaces.
    Put,
    /// Changes in part.
    Patch,
    /// Removes.
    Delete,
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        })
    }
}

/// A condition that the service checks before it acts (RFC 9110 §13.1); if it does not hold, nothing is changed (412).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// There is nothing of that name yet.
    Absent,
    /// What is there still has this entity tag, quotes included.
    Unchanged(String),
}

impl Condition {
    /// The header that says it: its name, in lower case, and its value.
    pub fn header(&self) -> (&'static str, &str) {
        match self {
            Self::Absent => ("if-none-match", "*"),
            Self::Unchanged(tag) => ("if-match", tag),
        }
    }
}

/// A JSON body as rendered: it may hold a reference to a secret or the place of the attempt's id, both of which are
/// filled in memory when the request leaves. Member order is kept, because a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number, as JSON writes it. It is never worked with, only passed on.
    Number(serde_json::Number),
    /// Text.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// An object; keys are the service's.
    Object(Vec<(String, Json)>),
    /// A secret, by reference.
    Secret(SecretRef),
    /// The id of the attempt that sends the request.
    Attempt,
}

impl Json {
    /// An object of the given members.
    pub fn object<const N: usize>(members: [(&str, Json); N]) -> Self {
        Self::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// Fills the places: `secret` gives each secret's text, `attempt` the attempt's id.
    ///
    /// # Errors
    /// The first error of `secret`.
    pub fn fill<E>(
        &self,
        attempt: &str,
        secret: &mut impl FnMut(&SecretRef) -> Result<String, E>,
    ) -> Result<serde_json::Value, E> {
        Ok(match self {
            Self::Null => serde_json::Value::Null,
            Self::Boolean(value) => json!(value),
            Self::Integer(value) => json!(value),
            Self::Number(value) => serde_json::Value::Number(value.clone()),
            Self::Text(text) => json!(text),
            Self::Array(items) => {
                let items: Result<Vec<_>, E> = items.iter().map(|item| item.fill(attempt, secret)).collect();
                serde_json::Value::Array(items?)
            }
            Self::Object(members) => {
                let mut object = serde_json::Map::new();
                for (name, value) in members {
                    object.insert(name.clone(), value.fill(attempt, secret)?);
                }
                serde_json::Value::Object(object)
            }
            Self::Secret(reference) => json!(secret(reference)?),
            Self::Attempt => json!(attempt),
        })
    }

    /// The body as a person sees it and as the digest covers it: secrets as references, the attempt as a placeholder.
    pub fn masked(&self) -> serde_json::Value {
        let mut mask = |reference: &SecretRef| Ok::<_, std::convert::Infallible>(reference.to_string());
        match self.fill("«attempt»", &mut mask) {
            Ok(masked) => masked,
            Err(never) => match never {},
        }
    }

    /// Tells whether the body holds a secret.
    pub fn holds_secret(&self) -> bool {
        match self {
            Self::Secret(_) => true,
            Self::Array(items) => items.iter().any(Self::holds_secret),
            Self::Object(members) => members.iter().any(|(_, value)| value.holds_secret()),
            Self::Null | Self::Boolean(_) | Self::Integer(_) | Self::Number(_) | Self::Text(_) | Self::Attempt => false,
        }
    }

    /// Every secret that the body holds, in order.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::Secret(secret) => vec![secret],
            Self::Array(items) => items.iter().flat_map(Self::secrets).collect(),
            Self::Object(members) => members.iter().flat_map(|(_, value)| value.secrets()).collect(),
            Self::Null | Self::Boolean(_) | Self::Integer(_) | Self::Number(_) | Self::Text(_) | Self::Attempt => {
                Vec::new()
            }
        }
    }

    fn for_digest(&self) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Boolean(value) => json!(value),
            Self::Integer(value) => json!(value),
            // The canonical form has whole numbers only; any other travels as its text.
            Self::Number(value) => json!({"$number": value.to_string()}),
            Self::Text(text) => json!(text),
            Self::Array(items) => items.iter().map(Self::for_digest).collect(),
            Self::Object(members) => members
                .iter()
                .map(|(name, value)| json!({"name": name, "value": value.for_digest()}))
                .collect::<serde_json::Value>(),
            Self::Secret(reference) => json!({"$secret": reference}),
            Self::Attempt => json!({"$attempt": true}),
        }
    }
}

impl From<serde_json::Value> for Json {
    /// The same document; it holds no secret and no attempt.
    fn from(value: serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Boolean(value),
            serde_json::Value::Number(value) => value.as_i64().map_or(Self::Number(value), Self::Integer),
            serde_json::Value::String(text) => Self::Text(text),
            serde_json::Value::Array(items) => Self::Array(items.into_iter().map(Self::from).collect()),
            serde_json::Value::Object(members) => {
                Self::Object(members.into_iter().map(|(name, value)| (name, value.into())).collect())
            }
        }
    }
}

/// One HTTP request, exactly as it will leave, but for secrets, the attempt's id and the headers of authorization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which hand carries it.
    pub service: Service,
    /// The method.
    pub method: Method,
    /// The whole address, query included.
    pub url: String,
    /// What must hold for it to be carried out at all, if anything must.
    pub condition: Option<Condition>,
    /// The JSON body, if there is one.
    pub body: Option<Json>,
}

impl Request {
    /// A request without a body.
    pub fn new(service: Service, method: Method, url: impl Into<String>) -> Self {
        Self { service, method, url: url.into(), condition: None, body: None }
    }

    /// The same with a body.
    #[must_use]
    pub fn with_body(mut self, body: Json) -> Self {
        self.body = Some(body);
        self
    }

    /// The same under a condition.
    #[must_use]
    pub fn only_if(mut self, condition: Condition) -> Self {
        self.condition = Some(condition);
        self
    }

    /// The digest of method, address, condition and body, each secret by its reference and the attempt by its place.
    ///
    /// Two requests have the same digest exactly if they would ask for the same, at any attempt. Object members are
    /// compared in their order; the order is part of what was rendered.
    pub fn digest(&self) -> Digest {
        let mut parts = json!({
            "method": self.method.to_string(),
            "url": self.url,
            "body": self.body.as_ref().map(Json::for_digest),
        });
        // Left out where there is none, so that a request without one keeps the digest that it always had.
        if let Some(condition) = &self.condition {
            parts["condition"] = json!(condition.header());
        }
        // Keys are the four above and whole numbers come from `i64`s; what has no canonical form (a number of more
        // than 53 bits) is digested as it is written.
        let text = canonical(&parts).unwrap_or_else(|_| parts.to_string());
        Digest::of("request-v1", text.as_bytes())
    }

    /// Method and address, condition and body for a person, on one line each.
    pub fn shown(&self) -> String {
        let mut text = format!("{} {}", self.method, self.url);
        if let Some(condition) = &self.condition {
            let (name, value) = condition.header();
            let _ = write!(text, "\n{name}: {value}");
        }
        if let Some(body) = &self.body {
            // Writing to a String cannot fail.
            let _ = write!(text, "\n{}", body.masked());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(secret: SecretRef) -> Request {
        let body = Json::object([
            ("value", Json::Secret(secret)),
            ("tags", Json::object([("callout-attempt", Json::Attempt)])),
        ]);
        Request::new(Service::KeyVault, Method::Put, "https://v.vault.azure.net/secrets/s?api-version=7.5")
            .with_body(body)
    }

    #[test]
    fn the_digest_is_of_the_reference_so_it_is_the_same_at_every_attempt_and_differs_by_reference() {
        let from = |name: &str| set(SecretRef::Environment { name: name.into() });
        assert_eq!(from("A").digest(), from("A").digest());
        assert_ne!(from("A").digest(), from("B").digest());
    }

    #[test]
    fn what_is_shown_names_the_secret_and_never_holds_it() {
        let shown = set(SecretRef::Environment { name: "TOKEN".into() }).shown();
        assert!(shown.contains("«secret: environment variable TOKEN»"), "{shown}");
        assert!(shown.contains("«attempt»"), "{shown}");
    }

    #[test]
    fn a_condition_is_shown_and_part_of_what_is_asked_for() {
        let request = || Request::new(Service::Search, Method::Put, "https://s.search.windows.net/aliases('a')");
        let unchanged = request().only_if(Condition::Unchanged("\"0x8D9\"".into()));
        assert_ne!(request().digest(), unchanged.digest());
        assert_ne!(request().only_if(Condition::Absent).digest(), unchanged.digest());
        assert!(unchanged.shown().ends_with("\nif-match: \"0x8D9\""), "{}", unchanged.shown());
    }

    #[test]
    fn a_foreign_document_is_passed_on_as_it_is_and_every_number_of_it_counts() {
        let document = json!({"k1": 1.2, "b": null, "on": true, "items": [1, "x", 18_446_744_073_709_551_615_u64]});
        let body = Json::from(document.clone());
        assert_eq!(body.masked(), document);
        let digest = |number: f64| {
            Request::new(Service::Search, Method::Put, "https://s").with_body(json!({ "k1": number }).into()).digest()
        };
        assert_ne!(digest(1.2), digest(1.3));
        assert_eq!(digest(1.2), digest(1.2));
    }

    #[test]
    fn filling_puts_the_secret_and_the_attempt_in_their_places() {
        let request = set(SecretRef::Environment { name: "TOKEN".into() });
        let body = request.body.unwrap();
        let filled = body.fill("a-1", &mut |_| Ok::<_, ()>("s3cret".into())).unwrap();
        assert_eq!(filled, json!({"value": "s3cret", "tags": {"callout-attempt": "a-1"}}));
    }
}
