"""Sizes as they are given on the command line."""

import re

from tased.errors import UsageError


def rows_columns(option: str, text: str, *others: str) -> tuple[int, int]:
    """Of WIDTHxHEIGHT, or UsageError, which also names the `others` that the option takes."""
    found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if found is None:
        known = ", ".join(["WIDTHxHEIGHT (640x360)", *others])
        raise UsageError(f"{option} {text} is not a size; give {known}")
    return int(found[2]), int(found[1])
