//! One request as it was received.

use axum::body::Bytes;
use axum::http::{HeaderMap, Method};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

/// A request with its body read in full. Routing goes by `host`, which is the *real* host's name.
pub(crate) struct Asked {
    pub(crate) method: Method,
    /// Lower case, without a port.
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    /// A header's value; nothing if it is absent or not visible ASCII.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first value of a query parameter, decoded.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The first value of a form field of the body, decoded.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(&self.body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The path's parts. Empty ones are left out: Key Vault's clients ask for `/secrets/NAME/`.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|part| !part.is_empty()).collect()
    }

    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    /// Whether the request may change something, by its method.
    pub(crate) fn may_change(&self) -> bool {
        !matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS)
    }
}

/// `2023-12-01`, `2024-03-01-preview`, `7.5` and `7.6-preview.1` are well formed.
///
/// A simulator takes any well-formed version: Microsoft's clients move on, and what they ask for does not change here.
pub(crate) fn is_api_version(text: &str) -> bool {
    let (numbers, suffix) = text.split_once("-preview").unwrap_or((text, ""));
    let dated = numbers.len() == 10 && numbers.split('-').map(str::len).eq([4, 2, 2]);
    let dotted = numbers.split('.').count() == 2;
    (dated || dotted)
        && numbers.split(['-', '.']).all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
        && suffix.bytes().all(|byte| byte == b'.' || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::is_api_version;

    #[test]
    fn well_formed_api_versions_pass_and_others_do_not() {
        for good in ["7.5", "7.6-preview.1", "2023-12-01", "2024-03-01-preview", "2026-10-01"] {
            assert!(is_api_version(good), "{good}");
        }
        for bad in ["", "latest", "7", "7.", "2023-1-01", "2023-12-01-beta", "7.5;drop"] {
            assert!(!is_api_version(bad), "{bad}");
        }
    }
}
