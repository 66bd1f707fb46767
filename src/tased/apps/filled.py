"""A template of this room, filled in."""

from functools import cache

import jinja2


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("tased.apps"), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )


def filled(template: str, **values: object) -> str:
    """The text of `templates/TEMPLATE`; values are escaped as HTML asks for."""
    return _environment().get_template(template).render(**values)
