"""`python -m tased`."""

import sys

from tased.cli import main

sys.exit(main())
