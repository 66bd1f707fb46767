"""How Sphinx builds this site; nothing is fetched."""

import tased

project = "tased"
author = "The tased authors"
copyright = "2026, The tased authors"
release = version = tased.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
default_role = "code"  # docstrings write code in single backquotes

myst_heading_anchors = 3
napoleon_google_docstring = False
autodoc_typehints = "none"  # the docstrings say shapes and units in words
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = f"tased {release}"
html_show_sourcelink = False
