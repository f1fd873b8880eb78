//! `GET status`, `POST login`, `POST resume_login`, `POST link`, `POST unlink`: a user's tie to Garmin.
//!
//! Passwords and codes live as long as their request; tokens and waiting sign-ins are sealed before they are stored.

use chrono::{DateTime, TimeDelta, Utc};
use lambda_http::{Body, Error, Request, RequestExt, Response};
use secrecy::ExposeSecret;
use sync_core::sign_in::{GarminSignIn, SignInStore, SignInVault};
use sync_core::use_cases::erase::Eraser;
use sync_core::use_cases::link::{Linker, LoggedIn};
use sync_core::use_cases::unlink::Unlinker;
use sync_core::{
    ChunkQueue, Clock, ErasureQueue, ErasureStore, Ids, JobStore, LinkStore, TokenVault, UserId,
};
use sync_http::request::JsonBody;
use sync_http::view::{LinkStatusView, LinkedView, LoginView, UnlinkView};
use sync_http::{ApiError, Reply, RequestError, Route, identity, reply, route};

const STATUS: Route = ("GET", "/integrations/garmin/status");
const LOGIN: Route = ("POST", "/integrations/garmin/login");
const RESUME_LOGIN: Route = ("POST", "/integrations/garmin/resume_login");
const LINK: Route = ("POST", "/integrations/garmin/link");
const UNLINK: Route = ("POST", "/integrations/garmin/unlink");

/// The routes this function answers.
pub const ROUTES: &[Route] = &[STATUS, LOGIN, RESUME_LOGIN, LINK, UNLINK];

/// What storing a link takes at the end of a request that has asked Garmin.
const STORE_MARGIN: TimeDelta = TimeDelta::seconds(3);

/// What an invocation without a deadline has, as a test's.
const WITHOUT_DEADLINE: TimeDelta = TimeDelta::seconds(20);

/// How long the person who erases waits for the first of it: small histories are gone by then, and large ones go on in
/// the background. A batch is begun while five seconds of this are left.
const FIRST_OF_ERASURE: TimeDelta = TimeDelta::seconds(8);

/// The use cases behind the routes.
#[derive(Clone, Debug)]
pub struct UseCases<J, L, S, V, G, Q, C, I, E> {
    /// Linking.
    pub linker: Linker<J, L, S, V, G, Q, C, I>,
    /// Unlinking.
    pub unlinker: Unlinker<J, L, S, C>,
    /// Erasing what was imported.
    pub eraser: Eraser<E, Q, C>,
}

/// Answers a request. Every failure is an answer too.
///
/// # Errors
/// None: an `Err` would be a bare 500.
pub async fn handle<J, L, S, V, G, Q, C, I, E>(
    use_cases: &UseCases<J, L, S, V, G, Q, C, I, E>,
    request: Request,
) -> Result<Response<Body>, Error>
where
    J: JobStore,
    L: LinkStore,
    S: SignInStore,
    V: TokenVault + SignInVault,
    G: GarminSignIn,
    Q: ChunkQueue + ErasureQueue,
    C: Clock,
    I: Ids,
    E: ErasureStore,
{
    Ok(sync_http::serve(&request, answer(use_cases, &request)).await)
}

async fn answer<J, L, S, V, G, Q, C, I, E>(
    use_cases: &UseCases<J, L, S, V, G, Q, C, I, E>,
    request: &Request,
) -> Result<Reply, ApiError>
where
    J: JobStore,
    L: LinkStore,
    S: SignInStore,
    V: TokenVault + SignInVault,
    G: GarminSignIn,
    Q: ChunkQueue + ErasureQueue,
    C: Clock,
    I: Ids,
    E: ErasureStore,
{
    let UseCases { linker, unlinker, eraser } = use_cases;
    let route = route::find(ROUTES, request)?;
    let user = identity::user(request)?;
    if route == STATUS {
        return reply::ok(&LinkStatusView::of(linker.links.link(&user).await?));
    }
    let body = JsonBody::read(request)?;
    let now = linker.clock.now();
    let deadline = deadline(request, now) - STORE_MARGIN;
    match route {
        LOGIN => match linker.login(&user, &body.credentials()?, deadline).await? {
            LoggedIn::Linked => reply::ok(&LoginView::Success),
            LoggedIn::NeedsCode { state } => {
                reply::ok(&LoginView::NeedsMfa { client_state: state.to_string() })
            }
        },
        RESUME_LOGIN => {
            let (state, code) = body.sign_in_code()?;
            let state = state.ok_or(sync_core::use_cases::link::LinkError::NoSuchSignIn)?;
            linker.resume_login(&user, state, &code, deadline).await?;
            reply::ok(&LinkedView::Success)
        }
        LINK => {
            let tokens = body.tokens()?;
            let (tokens, _) =
                sync_garmin::parse_tokens(tokens.expose_secret()).map_err(|_| RequestError::NotTokens)?;
            linker.link(&user, &tokens, deadline).await?;
            reply::ok(&LinkedView::Success)
        }
        UNLINK => {
            let delete_data = body.delete_data()?;
            unlinker.unlink(&user, delete_data).await?;
            if delete_data {
                begin_to_erase(eraser, &user, now + FIRST_OF_ERASURE).await;
            }
            reply::ok(&UnlinkView::unlinked())
        }
        _ => Err(RequestError::NoSuchRoute.into()),
    }
}

/// The user is unlinked and the erasure durable, whatever becomes of its first batches.
async fn begin_to_erase<E: ErasureStore, Q: ErasureQueue, C: Clock>(
    eraser: &Eraser<E, Q, C>,
    user: &UserId,
    until: DateTime<Utc>,
) {
    if let Err(error) = eraser.erase(user, until).await {
        tracing::warn!(error = %error, "the erasure could not go on; the sweeper comes back to it");
    }
}

/// When this invocation is ended from outside.
fn deadline(request: &Request, now: DateTime<Utc>) -> DateTime<Utc> {
    request
        .lambda_context_ref()
        .and_then(|context| i64::try_from(context.deadline).ok())
        .and_then(DateTime::from_timestamp_millis)
        .filter(|deadline| *deadline > now)
        .unwrap_or(now + WITHOUT_DEADLINE)
}
