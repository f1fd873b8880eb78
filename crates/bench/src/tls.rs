//! TLS before an embedded service, as before AWS: a handshake, and the randomness that it needs, is a good part of what a
//! function does before its first answer.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use url::Url;

/// The root certificates of this machine as one file.
const OF_THE_MACHINE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// A listener that takes TLS off and hands the rest on, until it is dropped.
#[derive(Debug)]
pub struct TlsFront {
    /// Where it listens.
    pub url: String,
    /// The machine's root certificates and the one that vouches for this listener, in one file.
    pub roots: PathBuf,
    _connections: JoinSet<()>,
}

impl TlsFront {
    /// Starts one before `service`, on any free port of loopback. Its certificate goes to `directory`.
    ///
    /// # Errors
    /// When the machine has no root certificates, or it cannot listen.
    pub async fn start(service: &str, directory: &Path) -> Result<Self> {
        let service = Url::parse(service)?;
        let port = service.port().context("a service on loopback has a port")?;
        let service = SocketAddr::from((Ipv4Addr::LOCALHOST, port));

        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let machines = std::fs::read_to_string(OF_THE_MACHINE)
            .with_context(|| format!("{OF_THE_MACHINE} cannot be read"))?;
        let roots = directory.join("roots.pem");
        std::fs::write(&roots, format!("{machines}\n{}", own.cert.pem()))?;

        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("https://localhost:{}", listener.local_addr()?.port());
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                // A connection ends as its function ends: in the middle of anything.
                let acceptor = acceptor.clone();
                open.spawn(async move { hand_on(&acceptor, stream, service).await.ok() });
                while open.try_join_next().is_some() {}
            }
        });
        Ok(Self { url, roots, _connections: connections })
    }
}

async fn hand_on(acceptor: &TlsAcceptor, stream: TcpStream, service: SocketAddr) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut outside = acceptor.accept(stream).await?;
    let mut inside = TcpStream::connect(service).await?;
    inside.set_nodelay(true)?;
    tokio::io::copy_bidirectional(&mut outside, &mut inside).await?;
    Ok(())
}
