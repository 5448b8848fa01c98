use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;
use serde_json::Value as Json;
use url::Url;

use super::super::redirect::Network;

/// Where a simulated estate tells whose certificates its servers show.
const AUTHORITY: &str = "https://localhost/_sim/authority";

/// How a server's certificate is verified: as the operating system does or, for a simulated estate, by the one authority
/// that the estate itself names. That one is good on this machine only, because nothing is connected to but the endpoint.
pub(super) async fn trusted(network: &Network) -> Result<Arc<ClientConfig>, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let failed = |error: rustls::Error| format!("cannot prepare TLS: {error}");
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(failed)?;
    let config = if network.endpoint().is_some() {
        let mut roots = RootCertStore::empty();
        roots.add(authority(network).await?).map_err(failed)?;
        builder.with_root_certificates(roots).with_no_client_auth()
    } else {
        builder.with_platform_verifier().map_err(failed)?.with_no_client_auth()
    };
    Ok(Arc::new(config))
}

async fn authority(network: &Network) -> Result<CertificateDer<'static>, String> {
    let wrong = "the simulated estate does not tell whose certificates it shows";
    let url: Url = AUTHORITY.parse().map_err(|_| wrong)?;
    let answer = network.get(&url).send().await.map_err(|_| wrong)?;
    let body: Json = serde_json::from_slice(&answer.bytes().await.map_err(|_| wrong)?).map_err(|_| wrong)?;
    let text = body.get("certificate").and_then(Json::as_str).ok_or(wrong)?;
    Ok(CertificateDer::from(STANDARD.decode(text).map_err(|_| wrong)?))
}
