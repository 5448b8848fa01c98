//! Connections of PostgreSQL's protocol, from their first byte to their last.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::{SinkExt as _, StreamExt as _};
use pgwire::api::copy::CopyHandler;
use pgwire::api::{DefaultClient, NoopHandler, PgWireConnectionState};
use pgwire::messages::PgWireFrontendMessage;
use pgwire::tokio::server::{PgWireMessageServerCodec, process_error, process_message};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::codec::Framed;

use super::SUFFIX;
use super::session::Session;
use crate::sim::answer::Answer;
use crate::sim::error::SimError;
use crate::sim::server::Hall;

/// The first message of every client that wants TLS: its length, and a number that no version of the protocol has.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Whose certificates the servers show. It is made anew whenever an estate is served, and signs for these hosts only.
pub(crate) struct Authority {
    certificate: Vec<u8>,
    acceptor: TlsAcceptor,
}

impl Authority {
    /// Makes the authority and one certificate for all servers.
    pub(crate) fn make() -> Result<Self, SimError> {
        let made = || -> Result<_, rcgen::Error> {
            let mut own = CertificateParams::new(Vec::new())?;
            own.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
            own.key_usages = vec![KeyUsagePurpose::KeyCertSign];
            own.distinguished_name.push(DnType::CommonName, "Simulated estate");
            let authority = CertifiedIssuer::self_signed(own, KeyPair::generate()?)?;
            let key = KeyPair::generate()?;
            let certificate = CertificateParams::new(vec![format!("*{SUFFIX}")])?.signed_by(&key, &authority)?;
            Ok((authority.der().to_vec(), certificate.der().clone(), key.serialize_der()))
        };
        let (authority, certificate, key) = made().map_err(|source| SimError::Certificate { source })?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
            .map_err(|source| SimError::Tls { source })?;
        Ok(Self { certificate: authority, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    /// The authority's certificate, for those who are to trust it.
    pub(crate) fn answer(&self) -> Answer {
        Answer::json(StatusCode::OK, &json!({"certificate": STANDARD.encode(&self.certificate)}))
    }
}

/// Serves one connection to its end. What goes wrong concerns nobody but the client, who sees it end.
pub(crate) async fn serve(mut stream: TcpStream, address: SocketAddr, hall: Arc<Hall>) -> io::Result<()> {
    let mut opening = [0; 8];
    stream.read_exact(&mut opening).await?;
    if opening != SSL_REQUEST {
        // Azure's servers take no connection without TLS.
        return Ok(());
    }
    stream.write_all(b"S").await?;
    let mut stream = hall.authority().acceptor.accept(stream).await?;
    let host = stream.get_ref().1.server_name().unwrap_or_default().to_ascii_lowercase();
    match hall.behind(host.strip_suffix(SUFFIX).unwrap_or_default()) {
        Some(port) => {
            let mut real = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
            copy_bidirectional(&mut stream, &mut real).await.map(drop)
        }
        None => converse(stream, address, Arc::new(Session::new(hall, &host))).await,
    }
}

async fn converse(stream: TlsStream<TcpStream>, address: SocketAddr, session: Arc<Session>) -> io::Result<()> {
    let client = DefaultClient::new(address, true);
    let mut socket = Framed::new(stream, PgWireMessageServerCodec::<String>::new(client));
    pgwire::api::ClientInfo::set_state(&mut socket, PgWireConnectionState::AwaitingStartup);
    let startup = Arc::new(session.startup());
    let copy: Arc<NoopHandler> = Arc::new(NoopHandler);
    while let Some(Ok(message)) = socket.next().await {
        if matches!(message, PgWireFrontendMessage::Terminate(_)) {
            break;
        }
        let is_extended = message.is_extended_query();
        let (simple, extended, cancel) = (session.clone(), session.clone(), Arc::new(NoopHandler));
        let done =
            process_message(message, &mut socket, startup.clone(), simple, extended, no_copy(&copy), cancel).await;
        if let Err(error) = done {
            let is_fatal = error.is_fatal();
            process_error(&mut socket, error, is_extended).await?;
            if is_fatal {
                break;
            }
        }
    }
    socket.close().await
}

fn no_copy(handler: &Arc<NoopHandler>) -> Arc<impl CopyHandler + use<>> {
    handler.clone()
}
