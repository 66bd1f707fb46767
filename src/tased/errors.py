"""Every error that `tased` raises on purpose.

TasedError
├── UsageError (also ValueError)         an argument or option that cannot be
├── VideoError (also ValueError)         a video, picture or folder that cannot be read
│   └── TruncatedVideoError              its readable frames were given first
├── DataError (also ValueError)          a data set, ground truth or prediction that is missing or broken
├── OutputError (also OSError)           a file or folder that cannot be written
└── CheckpointError (also ValueError)    weights that do not fit, are damaged, or hold only an encoder

A message says what was given, what was needed and what to do next, in one line.
"""


class TasedError(Exception):
    """The root of the tree: catch it to catch them all."""


class UsageError(TasedError, ValueError):
    """An argument or option that cannot be; the command line exits with 2."""


class VideoError(TasedError, ValueError):
    """A video, picture or folder that cannot be read."""


class TruncatedVideoError(VideoError):
    """A video that ends before its own header says; raised after its last readable frame."""


class DataError(TasedError, ValueError):
    """A data set, a ground truth or a prediction that is missing, broken, or does not fit the other."""


class OutputError(TasedError, OSError):
    """A file or folder that cannot be written: no permission, no space, no such place."""


class CheckpointError(TasedError, ValueError):
    """Weights that do not fit this network, are damaged, or cannot be used for what was asked."""
