//! A server that speaks TLS with a certificate of its own: kubectl shows its token to no other.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use axum::Router;
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
    server::TlsStream,
};

/// A server; dropping it ends it.
#[derive(Debug)]
pub(super) struct TlsServer {
    address: SocketAddr,
    certificate: PathBuf,
    _tasks: JoinSet<()>,
}

struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl TlsServer {
    /// Serves `router` on a free port; certificate and key are put into `folder`.
    pub(super) async fn start(router: Router, folder: &Path) -> Self {
        let certificate = folder.join("server.crt");
        let config = config(&certificate, &folder.join("server.key"));
        let tcp = TcpListener::bind("127.0.0.1:0").await.expect("a free port on 127.0.0.1");
        let address = tcp.local_addr().expect("a bound socket has an address");
        let listener = TlsListener { tcp, acceptor: TlsAcceptor::from(Arc::new(config)) };
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            axum::serve(listener, router).await.expect("serving ends only with the fake");
        });
        Self { address, certificate, _tasks: tasks }
    }

    /// `https://127.0.0.1:PORT`.
    pub(super) fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// The file of the certificate.
    pub(super) fn certificate(&self) -> &Path {
        &self.certificate
    }
}

impl axum::serve::Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let Ok((stream, address)) = self.tcp.accept().await else { continue };
            // A client that breaks off is its own problem.
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}

fn config(certificate: &Path, key: &Path) -> ServerConfig {
    let mut openssl = Command::new("openssl");
    openssl.args([
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
    ]);
    openssl.args([
        "-days",
        "2",
        "-subj",
        "/CN=kubernetes",
        "-addext",
        "subjectAltName=IP:127.0.0.1",
    ]);
    let made = openssl.arg("-out").arg(certificate).arg("-keyout").arg(key).output();
    let made = made.expect("this fake needs `openssl`");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let certificate = CertificateDer::from_pem_file(certificate).expect("a certificate");
    let key = PrivateKeyDer::from_pem_file(key).expect("a key");
    ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring speaks them")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .expect("they belong together")
}
