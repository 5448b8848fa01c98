//! One connection to a server: who signs in, and what is answered.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::{Sink, stream};
use pgwire::api::auth::cleartext::CleartextPasswordAuthStartupHandler;
use pgwire::api::auth::{
    AuthSource, DefaultServerParameterProvider, LoginInfo, Password as Kept, ServerParameterProvider,
};
use pgwire::api::portal::Portal;
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::results::{
    DataRowEncoder, DescribeStatementResponse, FieldFormat, FieldInfo, QueryResponse, Response, Tag,
};
use pgwire::api::stmt::{NoopQueryParser, StoredStatement};
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, METADATA_DATABASE, METADATA_USER, Type};
use pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::DataRow;

use super::fleet::Change;
use super::query::{Answer, Asker, select, show};
use super::role::{Denial, Password};
use super::server::{ADMINISTRATOR, State};
use super::statement::{Refusal, Statement, read};
use super::table::{Kind, View};
use super::{OPERATOR, SUFFIX};
use crate::sim::change::Change as Whole;
use crate::sim::server::Hall;

/// What the handlers of a connection share.
pub(crate) struct Session {
    hall: Arc<Hall>,
    /// The server's name, by the host that the client asked TLS for.
    server: String,
    transaction: Mutex<Transaction>,
}

/// How a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transaction {
    None,
    Open,
    /// Open, and it only reads.
    Reading,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({})", self.server)
    }
}

impl Session {
    pub(crate) fn new(hall: Arc<Hall>, host: &str) -> Self {
        let server = host.strip_suffix(SUFFIX).unwrap_or_default().to_owned();
        Self { hall, server, transaction: Mutex::new(Transaction::None) }
    }

    /// What signs in.
    pub(crate) fn startup(self: &Arc<Self>) -> CleartextPasswordAuthStartupHandler<Login, Parameters> {
        CleartextPasswordAuthStartupHandler::new(Login(self.clone()), Parameters)
    }

    fn sign_in(&self, role: &str, database: &str, password: &str) -> Result<(), Refusal> {
        let world = self.hall.world();
        let Some(server) = world.estate().databases.servers.get(&self.server) else {
            return Err(Refusal::new("08006", "there is no such server"));
        };
        if server.state != State::Ready {
            return Err(Refusal::new("57P03", "the database system is starting up"));
        }
        if !server.admits(OPERATOR) {
            let [a, b, c, d] = OPERATOR;
            let text = format!(
                "no pg_hba.conf entry for host \"{a}.{b}.{c}.{d}\", user \"{role}\", database \"{database}\", SSL encryption"
            );
            return Err(Refusal::new("28000", text));
        }
        server.signs_in(role, password).map_err(|denial| match denial {
            Denial::Password => Refusal::new("28P01", format!("password authentication failed for user \"{role}\"")),
            Denial::NoLogin => Refusal::new("28000", format!("role \"{role}\" is not permitted to log in")),
        })?;
        if ![super::server::DATABASE, "postgres"].contains(&database) {
            return Err(Refusal::new("3D000", format!("database \"{database}\" does not exist")));
        }
        Ok(())
    }

    /// Carries out one statement. Nothing is answered by what gives no rows.
    fn carry_out(&self, statement: &Statement, role: &str, database: &str) -> Result<Option<Answer>, Refusal> {
        let mut world = self.hall.world();
        let now = world.now().map_err(|error| Refusal::new("XX000", error.to_string()))?;
        let clients = world.estate().connected();
        let estate = world.estate();
        let gone = || Refusal::new("57P01", "terminating connection due to administrator command");
        let server = estate.databases.servers.get(&self.server).ok_or_else(gone)?;
        let here: Vec<_> = clients.into_iter().filter(|client| client.server == self.server).collect();
        let view = View { server, now, clients: &here };
        let mut transaction = self.transaction.lock().unwrap_or_else(PoisonError::into_inner);
        let refuse_writing =
            |what: &str| Refusal::new("25006", format!("cannot execute {what} in a read-only transaction"));
        match statement {
            Statement::Select(question) => {
                let asker = Asker { server: &self.server, role, database };
                select(&view, asker, question).map(Some)
            }
            Statement::Show(name) => show(&view, name).map(Some),
            Statement::Begin { read_only } => {
                *transaction = if *read_only { Transaction::Reading } else { Transaction::Open };
                Ok(None)
            }
            Statement::Set => Ok(None),
            Statement::Commit | Statement::Rollback => {
                *transaction = Transaction::None;
                Ok(None)
            }
            Statement::Role { .. } if *transaction == Transaction::Reading => Err(refuse_writing("ALTER ROLE")),
            // A role may set its own password and nothing else of itself.
            Statement::Role { role: other, login, .. }
                if role != ADMINISTRATOR && (role != other || login.is_some()) =>
            {
                Err(Refusal::new("42501", "permission denied to alter role"))
            }
            Statement::Role { role: other, .. } if !server.has_role(other) => {
                Err(Refusal::new("42704", format!("role \"{other}\" does not exist")))
            }
            Statement::Role { role: other, password, login } => {
                let (server, role) = (self.server.clone(), other.clone());
                let password = password.as_deref().map(Password::stated);
                let change = Change::RoleAltered { server, role, password, login: *login };
                let written = world.change(now, Whole::Database(change));
                written.map(|()| None).map_err(|error| Refusal::new("53100", error.to_string()))
            }
            Statement::Writes(what) if *transaction == Transaction::Reading => Err(refuse_writing(what)),
            Statement::Writes(what) => {
                Err(Refusal::new("0A000", format!("the simulated server does not carry out {what}")))
            }
        }
    }
}

/// Verifies passwords.
#[derive(Debug)]
pub(crate) struct Login(Arc<Session>);

#[async_trait]
impl AuthSource for Login {
    async fn get_password(&self, login: &LoginInfo) -> PgWireResult<Kept> {
        // A password is verified and never given out.
        Err(PgWireError::InvalidPassword(login.user().unwrap_or_default().to_owned()))
    }

    async fn verify_password(&self, login: &LoginInfo, given: &[u8]) -> PgWireResult<Option<()>> {
        let role = login.user().unwrap_or_default();
        let given = String::from_utf8_lossy(given);
        // Clients send the password with the NUL that ends it.
        let given = given.trim_end_matches('\0');
        let signed_in = self.0.sign_in(role, login.database().unwrap_or(role), given);
        signed_in.map(|()| Some(())).map_err(|refusal| error("FATAL", refusal))
    }
}

/// What a server tells of itself when somebody has signed in.
pub(crate) struct Parameters;

impl ServerParameterProvider for Parameters {
    fn server_parameters<C: ClientInfo>(&self, client: &C) -> Option<HashMap<String, String>> {
        let mut usual = DefaultServerParameterProvider::default();
        "14.15".clone_into(&mut usual.server_version);
        usual.server_parameters(client)
    }
}

fn error(severity: &str, refusal: Refusal) -> PgWireError {
    PgWireError::UserError(Box::new(ErrorInfo::new(severity.to_owned(), refusal.code.to_owned(), refusal.message)))
}

fn metadata<C: ClientInfo>(client: &C) -> (String, String) {
    let of = |name: &str| client.metadata().get(name).cloned();
    let role = of(METADATA_USER).unwrap_or_default();
    let database = of(METADATA_DATABASE).unwrap_or_else(|| role.clone());
    (role, database)
}

fn fields(answer: &Answer) -> Vec<FieldInfo> {
    let kind = |kind: Kind| match kind {
        Kind::Int8 => Type::INT8,
        Kind::Text => Type::TEXT,
        Kind::Boolean => Type::BOOL,
        Kind::Moment => Type::TIMESTAMPTZ,
    };
    let field = |(name, own): &(String, Kind)| FieldInfo::new(name.clone(), None, None, kind(*own), FieldFormat::Text);
    answer.columns.iter().map(field).collect()
}

/// Rows as text, whatever their type: so they are asked for.
fn rows(answer: &Answer) -> Response {
    let schema = Arc::new(fields(answer));
    let encoded: Vec<PgWireResult<DataRow>> = answer
        .rows
        .iter()
        .map(|row| {
            let mut encoder = DataRowEncoder::new(Arc::clone(&schema));
            for (cell, field) in row.iter().zip(schema.iter()) {
                let text = cell.as_ref().map(super::table::Cell::text);
                let options = field.format_options();
                encoder.encode_field_with_type_and_format(&text, &Type::TEXT, FieldFormat::Text, options)?;
            }
            Ok(encoder.take_row())
        })
        .collect();
    Response::Query(QueryResponse::new(schema, stream::iter(encoded)))
}

#[async_trait]
impl SimpleQueryHandler for Session {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let (role, database) = metadata(client);
        let mut responses = Vec::new();
        for statement in read(query).map_err(|refusal| error("ERROR", refusal))? {
            let answer = self.carry_out(&statement, &role, &database).map_err(|refusal| error("ERROR", refusal))?;
            responses.push(match (&statement, answer) {
                (_, Some(answer)) => rows(&answer),
                (Statement::Begin { .. }, None) => Response::TransactionStart(Tag::new("BEGIN")),
                (Statement::Commit, None) => Response::TransactionEnd(Tag::new("COMMIT")),
                (Statement::Rollback, None) => Response::TransactionEnd(Tag::new("ROLLBACK")),
                (Statement::Role { .. }, None) => Response::Execution(Tag::new("ALTER ROLE")),
                (_, None) => Response::Execution(Tag::new("SET")),
            });
        }
        Ok(responses)
    }
}

#[async_trait]
impl ExtendedQueryHandler for Session {
    type Statement = String;
    type QueryParser = NoopQueryParser;

    fn query_parser(&self) -> Arc<Self::QueryParser> {
        Arc::new(NoopQueryParser::new())
    }

    /// Tells the columns of a statement, which must be one alone.
    async fn do_describe_statement<C>(
        &self,
        client: &mut C,
        target: &StoredStatement<Self::Statement>,
    ) -> PgWireResult<DescribeStatementResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let (role, database) = metadata(client);
        let statements = read(&target.statement).map_err(|refusal| error("ERROR", refusal))?;
        let [statement] = &statements[..] else {
            let text = "cannot insert multiple commands into a prepared statement";
            return Err(error("ERROR", Refusal::new("42601", text)));
        };
        // Only what reads is looked at now; anything else is carried out when it is executed.
        let answer = match statement {
            Statement::Select(_) | Statement::Show(_) => self.carry_out(statement, &role, &database),
            _ => Ok(None),
        };
        let answer = answer.map_err(|refusal| error("ERROR", refusal))?;
        Ok(DescribeStatementResponse::new(Vec::new(), answer.as_ref().map(fields).unwrap_or_default()))
    }

    async fn do_query<C>(&self, _: &mut C, _: &Portal<Self::Statement>, _: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = Self::Statement>,
        C::Error: fmt::Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let text = "the simulated server executes no prepared statement; ask in the simple protocol";
        Err(error("ERROR", Refusal::new("0A000", text)))
    }
}
