"""The command line: parse, call one function, print.

The modules of this room import torch inside their functions only, so that help needs none.

Exit codes: 0 done, 1 failed with one clear line on stderr, 2 wrong usage, 130 interrupted, 143 told to stop
(training, which has saved everything).
"""

import logging
import os
import sys

from cyclopts import App, CycloptsError

import tased
from tased.cli.ablate import ablate
from tased.cli.attention import attention
from tased.cli.bench import bench
from tased.cli.compare import compare
from tased.cli.data import app as data
from tased.cli.demo import demo
from tased.cli.encode import encode
from tased.cli.evaluate import evaluate
from tased.cli.live import live
from tased.cli.predict import predict
from tased.cli.reframe import reframe
from tased.cli.serve import serve
from tased.cli.train import train
from tased.cli.weights import app as weights
from tased.errors import TasedError, UsageError

app = App(
    name="tased",
    help="Tells where people look in video.",
    version=tased.__version__,
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # `main` answers it
    help_epilogue="Begin with `tased demo`, or `tased predict clip.mp4`. Each COMMAND has --help. "
    "`--debug`, anywhere, shows where an error comes from.",
)
app.command(predict)
app.command(demo)
app.command(live)
app.command(serve)
app.command(attention)
app.command(reframe)
app.command(encode)
app.command(evaluate)
app.command(compare)
app.command(train)
app.command(ablate)
app.command(bench)
app.command(data)
app.command(weights)


def main(arguments: list[str] | None = None) -> int:
    """Run one command, of the process's own arguments if none are given; return its exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    debug = "--debug" in given
    logging.basicConfig(format="tased: %(message)s", level=logging.WARNING, stream=sys.stderr)
    try:
        code = app([a for a in given if a != "--debug"], exit_on_error=False, print_error=False)
    except (CycloptsError, TasedError) as error:
        if debug:
            raise
        print(f"tased: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
        return 2 if isinstance(error, CycloptsError | UsageError) else 1
    except MemoryError:
        print("tased: not enough memory; try --size network, or a smaller video", file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("tased: interrupted; nothing half-written is left", file=sys.stderr)  # noqa: T201
        return 130
    except BrokenPipeError:  # whoever read the progress has gone (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return code if isinstance(code, int) else 0
