"""Where people look in video."""

__version__ = "0.1.0"
