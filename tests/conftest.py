"""What every room's tests share."""

import sys
from pathlib import Path

# Test helpers are imported as `tests.NAME`, also when `pytest` is not started as `python -m pytest`.
ROOT = str(Path(__file__).parents[1])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)
