"""How Sphinx builds this documentation: MyST Markdown, no network, no theme to install."""

from importlib.metadata import metadata

_metadata = metadata("txcar")

project = "The open Common Agent Runtime"
author = "The authors"
release = version = _metadata["Version"]

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "alabaster"
html_theme_options = {"description": _metadata["Summary"], "fixed_sidebar": True}
html_show_copyright = False
