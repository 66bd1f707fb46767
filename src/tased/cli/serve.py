"""`tased serve`."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from tased.cli.console import say
from tased.cli.model import Model


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: Annotated[str | None, Parameter(env_var="TASED_TOKEN")] = None,
    name: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    model: Model | None = None,
    max_size: str = "500MB",
    max_seconds: float = 600,
    max_jobs: int = 8,
    workers: int = 1,
    timeout: str = "1h",
    keep: str = "1h",
    folder: Path | None = None,
) -> None:
    """Serve a web page and an HTTP API that predict uploaded videos.

    Ends with Ctrl-C or SIGTERM, and with 0; all files are deleted then. Needs `pip install "tased[serve]"`.

    - On this machine, at http://127.0.0.1:8000: `tased serve`
    - For others, who know a token: `TASED_TOKEN=... tased serve --host 0.0.0.0`
    - Small and quick: `tased serve --max-size 50MB --max-seconds 60 --keep 10min`

    Parameters
    ----------
    host
        Address to listen on; 0.0.0.0 is every one of this machine.
    port
        Port to listen on; 0 takes a free one.
    token
        What clients must know, 8 characters or more. Better given by the environment, where other users do
        not see it.
    name
        A further host name by which the server is called, as behind a proxy; can be repeated.
    model
        Which model is the default one, and on what it runs.
    max_size
        Of one upload: a number with kB, MB or GB.
    max_seconds
        Length of one video.
    max_jobs
        Jobs that may wait; more are told to come back later.
    workers
        Processes that predict, one job each at a time.
    timeout
        Time of work that one job may take: a number with s, min or h.
    keep
        Time after its end for which a job's files are kept.
    folder
        Where files are kept meanwhile; the system's folder for temporary files if none is given.

    """
    from tased.apps.serve.server import serve as run
    from tased.apps.serve.settings import ServerSettings, bytes_of, seconds_of

    chosen = model or Model()
    settings = ServerSettings(
        model=chosen.named(),
        device=chosen.device,
        precision=chosen.precision,
        resolution=chosen.rows_columns(),
        host=host,
        port=port,
        token=token,
        names=name,
        max_bytes=bytes_of(max_size),
        max_seconds=max_seconds,
        max_jobs=max_jobs,
        workers=workers,
        timeout=seconds_of(timeout),
        keep=seconds_of(keep),
        folder=folder,
    )
    run(settings, announce=lambda url: say(f"serving at {url} until Ctrl-C"))
