"""Of the documentation site: `scripts/docs` builds it, without network."""

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "justfit"
author = "The justfit developers"
copyright = f"2026, {author}"  # noqa: A001 - Sphinx's name
release = metadata.version("justfit")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "justfit_docs.site"]
exclude_patterns = ["_ext", "_templates"]

html_theme = "furo"
html_title = "justfit"
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {"footer_icons": []}

# In commands, - and " are what they are.
smartquotes = False
pygments_style = "a11y-high-contrast-light"
pygments_dark_style = "a11y-high-contrast-dark"

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3

# Docstrings are Google's style; a name in `backticks` is a reference where it has an entry.
default_role = "py:obj"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_rtype = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
autodoc_inherit_docstrings = False
nitpicky = True
nitpick_ignore = [("py:exc", "NotFittedError")]  # scikit-learn's, which there is no network to ask about
