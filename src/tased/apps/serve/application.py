"""The ASGI application: the API, the pages, and the guard before them."""

from fastapi import FastAPI
from nicegui import ui
from nicegui.language import Language
from starlette.types import ASGIApp

import tased
from tased.apps.serve.api import answer_errors, api
from tased.apps.serve.guard import Guard
from tased.apps.serve.job import API
from tased.apps.serve.login import login
from tased.apps.serve.page import pages
from tased.apps.serve.queue import Queue

_ICON = "👁"


def application(queue: Queue) -> ASGIApp:
    """All of it for one queue; NiceGUI allows one in a process."""
    # The usual pages about the API would be loaded from other servers.
    app = FastAPI(
        title="tased",
        version=tased.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{API}/openapi.json",
    )
    guard = Guard(app, queue.settings)
    answer_errors(app)
    app.include_router(api(queue))
    app.include_router(login(guard))
    app.include_router(pages(queue))
    language: Language = "en-US"
    ui.run_with(
        app,
        title="tased",
        favicon=_ICON,
        dark=None,
        language=language,
        tailwind=False,
        show_welcome_message=False,
    )
    return guard
