"""Who may ask for what: the host's name, the page that asks, and the token."""

import hmac
import secrets
from urllib.parse import quote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tased.apps.serve.job import API
from tased.apps.serve.refusal import Refusal
from tased.apps.serve.settings import ServerSettings

COOKIE = "tased-session"
_OPEN = ("/login", "/health", "/favicon.ico")  # to those who have not given the token
_SAFE = ("GET", "HEAD", "OPTIONS")
# Everything comes from this server. NiceGUI writes its scripts into the page and makes its templates there.
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; media-src 'self' data: blob:; "
    "font-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # "no-referrer" would hide the origin of our own forms too
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """Stands before an ASGI app; lets through what may pass."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self.app = app
        self._settings = settings
        self._session = secrets.token_urlsafe(32)  # what the cookie holds; another one with each start

    def session_for(self, token: str) -> str | None:
        """What to put into the cookie of who knows the token; None for who does not."""
        right = self._settings.token is not None and _same(token, self._settings.token)
        return self._session if right else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer for the app where it must not be reached."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    answer.setdefault(name, value)
            await send(message)

        try:
            self._check_site(scope, headers)
            known = self._known(scope, headers)
        except Refusal as other:
            await self._refuse(other, scope, receive, send)
            return
        if known:
            await self.app(scope, receive, send_guarded)
        elif (
            scope["type"] == "http" and scope["method"] == "GET" and "text/html" in headers.get("accept", "")
        ):
            answer = RedirectResponse(f"/login?next={quote(scope['path'])}", 303)
            await answer(scope, receive, send)
        else:
            refusal = Refusal(401, "this server asks for a token; send it as Authorization: Bearer TOKEN")
            await self._refuse(refusal, scope, receive, send)

    def _check_site(self, scope: Scope, headers: Headers) -> None:
        """Refusal for another name than the server's, and for what another site's page asks for."""
        host = headers.get("host", "")
        hosts = self._settings.hosts
        if hosts is not None and _name(host) not in hosts:
            raise Refusal(403, f"{host[:100]!r} is no name of this server; it is told its names with --name")
        if scope["type"] == "http" and scope["method"] in _SAFE:
            return
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            raise Refusal(
                403, f"{origin[:100]!r} is another site; requests are taken from this server's own pages"
            )
        if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            raise Refusal(403, "requests of other sites' pages are not taken")

    def _known(self, scope: Scope, headers: Headers) -> bool:
        """Whether this may pass: no token is asked for, or it was given, or this is there for everybody."""
        token, path = self._settings.token, scope["path"]
        if token is None or path in _OPEN or path.startswith("/_nicegui/"):  # there its own files only
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and _same(given, token):
            return True
        return _same(cookie_parser(headers.get("cookie", "")).get(COOKIE, ""), self._session)

    async def _refuse(self, refusal: Refusal, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        answer = JSONResponse({"error": str(refusal)}, refusal.status)
        if refusal.status == 401 and scope["path"].startswith(API):
            answer.headers["WWW-Authenticate"] = "Bearer"
        await answer(scope, receive, send)


def _same(given: str, right: str) -> bool:
    """In a time that does not tell how much of it is right."""
    return hmac.compare_digest(given.encode(), right.encode())


def _name(host: str) -> str:
    """The Host header without its port, in lower case."""
    name = host.lower()
    if name.startswith("["):
        return name.partition("]")[0] + "]"
    return name.partition(":")[0]
