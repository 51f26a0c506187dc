"""Sphinx configuration; the build runs with warnings as errors."""

from meristem import __version__

project = "Meristem"
author = "The Meristem developers"
copyright = "2026, The Meristem developers"  # noqa: A001
release = __version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "Meristem"
html_static_path = ["_static"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#2f6f4f"},
    "dark_css_variables": {"color-brand-primary": "#8fd0ad"},
}
exclude_patterns = ["_build"]
napoleon_numpy_docstring = True
napoleon_google_docstring = False
autodoc_typehints = "description"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False}
suppress_warnings = ["myst.xref_missing"]
nitpicky = False


def _write_configuration(app: object) -> None:
    """Write the configuration page from the classes, so that it cannot go stale."""
    from pathlib import Path

    from meristem.config.document import configuration_page

    page = Path(__file__).parent / "configuration.md"
    page.write_text(configuration_page(), encoding="utf-8")


def setup(app: object) -> None:
    """Hook the generated page into the build."""
    _write_configuration(app)
