//! The server: one loopback port, one world.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::answer::{Answer, simulator_error};
use super::asked::Asked;
use super::clock::Speed;
use super::control;
use super::error::SimError;
use super::log::{Dropped, Outcome};
use super::postgres::Authority;
use super::store;
use super::wire::{Door, Scissors};
use super::world::{Ticket, Verdict, World};

/// No request of the simulated services has a larger body.
const LARGEST_BODY: usize = 1 << 20;
/// Someone who only looks for the server holds the lock for an instant; so a taken lock is tried again before it is
/// believed.
const LOCK_TRIES: u32 = 5;
const LOCK_PAUSE: Duration = Duration::from_millis(20);

/// What is to be served, and how.
#[derive(Debug, Clone)]
pub struct Setting {
    /// The world file, by convention `X.sim.jsonl` beside the store `X`. It is created (mode 0600) if it is missing; its
    /// folder is not. `.lock` and `.endpoint` files are kept beside it; the lock file stays for ever.
    pub world_file: PathBuf,
    /// The port on 127.0.0.1; none: any free one.
    pub port: Option<u16>,
    /// How fast the estate's clock runs. It is not kept in the file.
    pub speed: Speed,
}

/// A server that runs in the background of the runtime it was started in.
///
/// Dropping it asks it to stop without waiting; [`stop`](Self::stop) waits.
#[derive(Debug)]
pub struct Server {
    endpoint: String,
    stopping: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

/// What the handlers share.
pub(crate) struct Hall {
    world: Mutex<World>,
    /// Counts how often the fault rules were removed: whoever holds an answer back waits for it.
    released: watch::Sender<u64>,
    stopping: watch::Sender<bool>,
    authority: Authority,
    /// The ports of real servers that stand behind simulated ones, by the simulated one's name. Not kept in the file.
    behind: Mutex<BTreeMap<String, u16>>,
}

/// Serves a simulated estate on a loopback port.
///
/// Takes the exclusive lock on `<world_file>.lock`, replays the world file, listens on 127.0.0.1 and writes the endpoint
/// to `<world_file>.endpoint`. When this returns, requests are accepted. Must be called inside a tokio runtime with its
/// network and time enabled.
///
/// # Errors
///
/// [`SimError::AlreadyServed`] if somebody holds the lock; any other if the file is not ours, newer or damaged, or if
/// the file or the port cannot be had. Nothing is served then, and the lock is free again.
pub async fn serve(setting: Setting) -> Result<Server, SimError> {
    let world = open(&setting).await?;
    let port = setting.port.unwrap_or(0);
    let listen = |source| SimError::Listen { port, source };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(listen)?;
    let address: SocketAddr = listener.local_addr().map_err(listen)?;
    let endpoint = format!("http://{address}");
    world.publish(&endpoint)?;

    let (stopping, mut stopped) = watch::channel(false);
    let hall = Arc::new(Hall {
        world: Mutex::new(world),
        released: watch::Sender::new(0),
        stopping: stopping.clone(),
        authority: Authority::make()?,
        behind: Mutex::default(),
    });
    let service = Router::new().fallback(handle).with_state(Arc::clone(&hall));
    let serving =
        axum::serve(Door::open(listener, address, &hall), service.into_make_service_with_connect_info::<Scissors>())
            .with_graceful_shutdown(async move {
                // An error means that nobody is left who could ask; then there is nothing to serve for either.
                let _ = stopped.wait_for(|stop| *stop).await;
            });
    let task = tokio::spawn(async move {
        let ended = serving.await;
        let closed = hall.world().close_file();
        if let Err(error) = ended {
            tracing::warn!("the simulated estate was served until an error: {error}");
        }
        if let Err(error) = closed {
            tracing::warn!("the simulated estate's clock could not be written: {error}");
        }
    });
    Ok(Server { endpoint, stopping, task: Some(task) })
}

/// Finds the server of a world file: its endpoint, only if somebody holds the lock.
///
/// Nothing is also the answer while a server is still starting; whoever then tries to [`serve`] gets
/// [`SimError::AlreadyServed`] and may ask again. The lock is held for an instant by this look.
///
/// # Errors
///
/// [`SimError::Lock`] or [`SimError::Endpoint`] if the files beside the world file cannot be read.
pub fn find(world_file: &Path) -> Result<Option<String>, SimError> {
    store::endpoint(world_file)
}

impl Server {
    /// Where the estate is served: `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Stops serving and waits until it is done: connections are closed (held and stalled answers are never given), the
    /// clock's reading is written, the lock is free.
    pub async fn stop(self) {
        self.stopping.send_replace(true);
        self.join().await;
    }

    /// Waits until the server is stopped by someone else, with `POST /_sim/stop`.
    pub async fn join(mut self) {
        if let Some(task) = self.task.take() {
            // The task does not panic and nobody aborts it; and if its runtime is gone there is nothing to wait for.
            let _ = task.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.send_replace(true);
    }
}

impl Hall {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        // A handler that panicked had not finished its change, but what is in the file is what was answered.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose certificates the simulated database servers show.
    pub(crate) const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The port of the real server that stands behind a simulated one.
    pub(crate) fn behind(&self, server: &str) -> Option<u16> {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner).get(server).copied()
    }

    /// Puts a real server, which listens on this machine, behind a simulated one; until this server ends.
    pub(crate) fn put_behind(&self, server: String, port: u16) {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner).insert(server, port);
    }

    /// Lets go of the answers that are held back.
    pub(crate) fn release(&self) {
        self.released.send_modify(|times| *times += 1);
    }

    /// Asks the server to end, as soon as the answers that are due have been given.
    pub(crate) fn stop(&self) {
        self.stopping.send_replace(true);
    }

    /// Waits until `ready`, or until the server stops: then the answer is `false`.
    async fn waited(&self, ready: impl Future<Output = ()>) -> bool {
        let mut stopping = self.stopping.subscribe();
        tokio::select! {
            () = ready => true,
            _ = stopping.wait_for(|stop| *stop) => false,
        }
    }

    /// Ends a request whose answer was kept waiting.
    fn end(&self, ticket: Ticket, answer: Answer, scissors: &Scissors, waited: bool) -> Response {
        let outcome = if waited { Outcome::Status(answer.status()) } else { Outcome::Dropped(Dropped::After) };
        if !waited {
            scissors.cut();
        }
        match self.world().end(ticket, outcome) {
            Ok(()) => answer.into_response(),
            Err(error) => own_fault(&error).into_response(),
        }
    }
}

async fn open(setting: &Setting) -> Result<World, SimError> {
    let mut tries = 1;
    loop {
        match World::open(&setting.world_file, setting.speed) {
            Err(SimError::AlreadyServed { .. }) if tries < LOCK_TRIES => sleep(LOCK_PAUSE).await,
            opened => return opened,
        }
        tries += 1;
    }
}

async fn handle(
    State(hall): State<Arc<Hall>>,
    ConnectInfo(scissors): ConnectInfo<Scissors>,
    request: Request,
) -> Response {
    let asked = match read(request).await {
        Ok(asked) => asked,
        Err(answer) => return answer.into_response(),
    };
    if asked.path.starts_with("/_sim/") {
        let answered = control::answer(&hall, &asked);
        return answered.unwrap_or_else(|error| own_fault(&error)).into_response();
    }
    // Taken before the request is carried out, so that no release is missed.
    let mut released = hall.released.subscribe();
    let received = hall.world().receive(&asked);
    match received {
        Err(error) => own_fault(&error).into_response(),
        Ok(Verdict::Answer(answer)) => answer.into_response(),
        Ok(Verdict::Cut) => {
            scissors.cut();
            // Never written: the first byte of it finds the connection cut.
            Answer::empty(StatusCode::OK).into_response()
        }
        Ok(Verdict::Stall(answer, seconds, ticket)) => {
            let waited = hall.waited(sleep(Duration::try_from_secs_f64(seconds).unwrap_or_default())).await;
            hall.end(ticket, answer, &scissors, waited)
        }
        Ok(Verdict::Hold(answer, ticket)) => {
            let waited = hall.waited(async { drop(released.changed().await) }).await;
            hall.end(ticket, answer, &scissors, waited)
        }
    }
}

async fn read(request: Request) -> Result<Asked, Answer> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, LARGEST_BODY).await.map_err(|error| {
        simulator_error(StatusCode::PAYLOAD_TOO_LARGE, &format!("the request's body cannot be read: {error}"))
    })?;
    let host = parts.headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let host = host.rsplit_once(':').map_or(host, |(name, _)| name).to_ascii_lowercase();
    let (path, query) = (parts.uri.path().to_owned(), parts.uri.query().unwrap_or_default().to_owned());
    Ok(Asked { method: parts.method, host, path, query, headers: parts.headers, body })
}

/// The simulator itself could not do its work. If the change was not written it has not happened; if only the log could
/// not be written it has, as with any 500.
fn own_fault(error: &SimError) -> Answer {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        text = format!("{text}: {found}");
        cause = found.source();
    }
    simulator_error(StatusCode::INTERNAL_SERVER_ERROR, &text)
}
