//! The web page: the list, an incident's thread, its live stream, and the forms of the demo's personas.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    Form, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{
        Html, IntoResponse, Redirect, Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::{get, post},
};
use domain::{
    card::Button,
    digest::Digest,
    id::IncidentId,
    person::{ChatName, Person},
    place::Place,
    words::Words,
};
use futures_util::{Stream, stream};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use web::{IncidentView, IndexView, Pages, Viewer};

use super::{
    Failure,
    session::{Session, set_persona, set_token},
};
use crate::{
    engine::{Decide, Engine, Wish},
    ids, view,
};

/// How many incidents the list shows.
const LISTED: u32 = 50;
/// Without a ring the stream looks this often: another process may have committed.
const LOOK: Duration = Duration::from_secs(2);

/// What the handlers use.
#[derive(Clone)]
pub struct PageRoutes {
    /// Reads the state and takes decisions.
    pub engine: Engine,
    /// Renders.
    pub pages: Arc<Pages>,
    /// Whether visitors may act as anybody.
    pub demo_personas: bool,
    /// Ends live streams at shutdown.
    pub shutdown: CancellationToken,
}

pub(super) fn router(routes: PageRoutes) -> Router {
    let demo = routes.demo_personas;
    let router = Router::new()
        .route("/", get(index))
        .route("/incidents/{id}", get(incident))
        .route("/incidents/{id}/events", get(events))
        .route("/assets/{name}", get(asset));
    let router = if demo {
        router
            .route("/persona", post(persona))
            .route("/incidents/{id}/decide", get(reload).post(decide))
    } else {
        router
    };
    router.with_state(routes)
}

async fn index(State(routes): State<PageRoutes>, headers: HeaderMap) -> Result<Response, Failure> {
    let session = Session::read(&headers);
    let mut cards = Vec::new();
    for found in routes.engine.store.incidents(LISTED, None).await? {
        cards.extend(view::card(&routes.engine.store, &found.value.id).await?);
    }
    let token = session.token.clone().unwrap_or_else(ids::nonce);
    let view = IndexView {
        rows: cards.iter().collect(),
        people: routes.engine.policies.people(),
        viewer: routes.viewer(&session),
        csrf: routes.csrf(&token),
        now: routes.engine.clock.now(),
        speed: 1,
    };
    let html = routes.pages.index(&view)?;
    Ok(routes.page(StatusCode::OK, html, &session, &token))
}

async fn incident(
    State(routes): State<PageRoutes>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let session = Session::read(&headers);
    routes.show(&id, &session, None, StatusCode::OK).await
}

#[derive(Deserialize)]
struct PersonaForm {
    person: String,
    token: String,
    #[serde(default)]
    back: String,
}

async fn persona(
    State(routes): State<PageRoutes>,
    headers: HeaderMap,
    Form(form): Form<PersonaForm>,
) -> Result<Response, Failure> {
    let session = Session::read(&headers);
    let person = routes.everyone().into_iter().find(|person| person.id.as_str() == form.person);
    let Some(person) = person.filter(|_| session.allows(&form.token)) else {
        return routes.message(
            StatusCode::FORBIDDEN,
            "That did not work",
            "This form is not from this page, or names nobody. Please go back and reload.",
        );
    };
    // Only a path of ours: a full address could lead away.
    let back = if form.back.starts_with('/') && !form.back.starts_with("//") {
        form.back
    } else {
        "/".to_owned()
    };
    let mut response = Redirect::to(&back).into_response();
    response.headers_mut().append(header::SET_COOKIE, set_persona(&person.id));
    Ok(response)
}

#[derive(Deserialize)]
struct DecideForm {
    proposal: String,
    plan: String,
    verdict: String,
    #[serde(default)]
    stop: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    typed: String,
    token: String,
}

async fn decide(
    State(routes): State<PageRoutes>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<DecideForm>,
) -> Result<Response, Failure> {
    let session = Session::read(&headers);
    let person =
        session.person(routes.engine.policies.people()).filter(|_| session.allows(&form.token));
    let identity = person.and_then(|person| {
        person.identities.iter().find(|identity| identity.chat == ChatName::Web)
    });
    let Some(identity) = identity else {
        return routes.message(
            StatusCode::FORBIDDEN,
            "Who are you?",
            "Choose as whom you act, then decide again. Nothing was changed.",
        );
    };
    let button = Button::ALL.into_iter().find(|button| button.name() == form.verdict);
    let wish = button.and_then(|button| Wish::of(button, form.stop.parse().ok(), form.reason));
    let (Some(wish), Ok(proposal), Ok(plan)) =
        (wish, form.proposal.parse(), Digest::try_from(form.plan))
    else {
        return routes.message(
            StatusCode::BAD_REQUEST,
            "That did not work",
            "The form is not complete. Please go back, reload, and decide again.",
        );
    };
    let (identity, wish) = (identity.clone(), wish.typing(form.typed));
    let decide = Decide { identity, proposal, plan, wish, place: Place::default() };
    let answer = routes.engine.decide(&decide).await?;
    routes.show(&id, &session, Some(&answer.words()), StatusCode::OK).await
}

/// A reload after a decision: the incident, without deciding once more.
async fn reload(Path(id): Path<String>) -> Response {
    match id.parse::<IncidentId>() {
        Ok(id) => Redirect::to(&format!("/incidents/{id}")).into_response(),
        Err(_) => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn events(
    State(routes): State<PageRoutes>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let session = Session::read(&headers);
    let Ok(id) = id.parse::<IncidentId>() else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let stream = live(routes, id, session);
    Ok(Sse::new(stream)
        .keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
        .into_response())
}

/// One event now and one for every change; the same HTML is not sent twice.
fn live(
    routes: PageRoutes,
    id: IncidentId,
    session: Session,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let changes = routes.engine.bell.watchers();
    let state = (routes, id, session, changes, String::new());
    stream::unfold(state, |(routes, id, session, mut changes, shown)| async move {
        loop {
            match routes.fragment(&id, &session).await {
                Ok(html) if html != shown => {
                    let event = Event::default().event("thread").data(&html);
                    return Some((Ok(event), (routes, id, session, changes, html)));
                }
                Ok(_) => {}
                Err(Failure(error)) => {
                    tracing::warn!(incident.id = %id, "a live page could not be drawn: {error:#}");
                    return None;
                }
            }
            tokio::select! {
                () = routes.shutdown.cancelled() => return None,
                // Lagging behind, or another incident: looking again is right in every case.
                _ = changes.recv() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    })
}

async fn asset(Path(name): Path<String>) -> Response {
    match web::asset(&name) {
        Some((kind, bytes)) => {
            ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], bytes)
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl PageRoutes {
    /// Everybody who could act in the demo.
    fn everyone(&self) -> Vec<&Person> {
        let people = self.engine.policies.people().iter();
        people
            .filter(|person| {
                person.identities.iter().any(|identity| identity.chat == ChatName::Web)
            })
            .collect()
    }

    fn viewer(&self, session: &Session) -> Viewer<'_> {
        if !self.demo_personas {
            return Viewer::ReadOnly;
        }
        let everyone = self.everyone();
        match session.person(self.engine.policies.people()) {
            Some(person) => Viewer::Persona { person, everyone },
            None => Viewer::ChoosePersona { everyone },
        }
    }

    fn csrf<'t>(&self, token: &'t str) -> &'t str {
        if self.demo_personas { token } else { "" }
    }

    async fn show(
        &self,
        id: &str,
        session: &Session,
        answer: Option<&Words>,
        status: StatusCode,
    ) -> Result<Response, Failure> {
        let token = session.token.clone().unwrap_or_else(ids::nonce);
        let found = match id.parse::<IncidentId>() {
            Ok(id) => self.draw(&id, session, &token, answer, Pages::incident).await?,
            Err(_) => None,
        };
        match found {
            Some(html) => Ok(self.page(status, html, session, &token)),
            None => self.message(
                StatusCode::NOT_FOUND,
                "No such incident",
                "There is no incident with this id. The list shows those there are.",
            ),
        }
    }

    async fn fragment(&self, id: &IncidentId, session: &Session) -> Result<String, Failure> {
        let token = session.token.clone().unwrap_or_default();
        Ok(self.draw(id, session, &token, None, Pages::fragment).await?.unwrap_or_default())
    }

    /// An incident as a whole page or as its live part alone; `None` where there is no such incident.
    async fn draw(
        &self,
        id: &IncidentId,
        session: &Session,
        token: &str,
        answer: Option<&Words>,
        render: fn(&Pages, &IncidentView<'_>) -> Result<String, web::Error>,
    ) -> Result<Option<String>, Failure> {
        let (store, policies) = (&self.engine.store, &self.engine.policies);
        let Some(card) = view::card_with_links(store, policies, id).await? else {
            return Ok(None);
        };
        let people = self.engine.policies.people();
        let lines = view::thread(&self.engine.store, id).await?;
        let view = IncidentView {
            card: &card,
            lines: &lines,
            people,
            viewer: self.viewer(session),
            csrf: self.csrf(token),
            answer,
            now: self.engine.clock.now(),
            speed: 1,
        };
        Ok(Some(render(&self.pages, &view)?))
    }

    fn page(&self, status: StatusCode, html: String, session: &Session, token: &str) -> Response {
        let mut response = hardened(status, html);
        let headers = response.headers_mut();
        if self.demo_personas && session.token.is_none() {
            headers.append(header::SET_COOKIE, set_token(token));
        }
        response
    }

    fn message(&self, status: StatusCode, title: &str, text: &str) -> Result<Response, Failure> {
        let html = self.pages.message(title, &Words::plain(text), self.engine.policies.people())?;
        Ok(hardened(status, html))
    }
}

/// A page that runs no foreign script, is in no frame, and is kept by nobody.
fn hardened(status: StatusCode, html: String) -> Response {
    let headers = [
        (header::CONTENT_SECURITY_POLICY, web::CONTENT_SECURITY_POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}
