"""The page that asks for the token, and the cookie for who knows it."""

import asyncio
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tased.apps.filled import filled
from tased.apps.serve.guard import COOKIE, Guard

_LONGEST = 4096  # bytes of the form
_PAUSE = 0.5  # seconds that a wrong token costs


def login(guard: Guard) -> APIRouter:
    """The routes of the page."""
    router = APIRouter(include_in_schema=False)

    @router.get("/login")
    async def ask() -> HTMLResponse:
        return _form(wrong=False)

    @router.post("/login")
    async def answer(request: Request) -> Response:
        body = b""
        async for piece in request.stream():
            body += piece
            if len(body) > _LONGEST:
                return _form(wrong=True)
        token = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0]
        session = guard.session_for(token)
        if session is None:
            await asyncio.sleep(_PAUSE)
            return _form(wrong=True)
        after = request.query_params.get("next", "/")
        local = after.startswith("/") and not after.startswith(("//", "/\\"))
        response = RedirectResponse(after if local else "/", 303)
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, session, httponly=True, samesite="strict", secure=secure)
        return response

    return router


def _form(*, wrong: bool) -> HTMLResponse:
    return HTMLResponse(filled("login.html", wrong=wrong), 401 if wrong else 200)
