//! The listener, and connections that can be cut without an answer.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

use super::postgres;
use super::server::Hall;

/// The scissors for one connection. Once closed, not one more byte is written and the connection is reset.
#[derive(Clone, Default)]
pub(crate) struct Scissors(Arc<AtomicBool>);

impl Scissors {
    pub(crate) fn cut(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_cut(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Connected<IncomingStream<'_, Door>> for Scissors {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.io().scissors.clone()
    }
}

/// Accepts connections on the loopback port. A connection tells by its first byte what it speaks: HTTP begins with a letter,
/// and PostgreSQL's protocol with the length of its first message, which is small.
pub(crate) struct Door {
    address: SocketAddr,
    http: mpsc::Receiver<(TcpStream, SocketAddr)>,
    /// Ends with this value, and every connection of PostgreSQL's with it.
    _accepting: AbortOnDrop,
}

/// A task that ends when nobody wants it any more.
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Door {
    /// Begins to accept.
    pub(crate) fn open(mut listener: TcpListener, address: SocketAddr, hall: &Arc<Hall>) -> Self {
        let (passing, http) = mpsc::channel(16);
        let hall = Arc::clone(hall);
        let accepting = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, address) = Listener::accept(&mut listener).await;
                // Small answers are to leave at once; a refusal costs only time.
                let _ = stream.set_nodelay(true);
                let (passing, hall) = (passing.clone(), Arc::clone(&hall));
                connections.spawn(async move {
                    let mut first = [0];
                    match stream.peek(&mut first).await {
                        // An error is the client's: its connection ends.
                        Ok(1) if first == [0] => drop(postgres::serve(stream, address, hall).await),
                        // If nobody takes it, the server ends.
                        Ok(1..) => drop(passing.send((stream, address)).await),
                        _ => {}
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, http, _accepting: AbortOnDrop(accepting) }
    }
}

impl Listener for Door {
    type Io = Wire;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.http.recv().await {
            Some((stream, address)) => (Wire { stream, scissors: Scissors::default() }, address),
            // The accepting task ends with this value and not before.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

/// One connection.
pub(crate) struct Wire {
    stream: TcpStream,
    scissors: Scissors,
}

impl Wire {
    fn check(&self) -> io::Result<()> {
        if !self.scissors.is_cut() {
            return Ok(());
        }
        // With no time to linger the close is a reset: the client sees a broken connection, never half an answer.
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
