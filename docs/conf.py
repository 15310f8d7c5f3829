"""Settings of the documentation site: sphinx-build -W --keep-going -b html docs docs/_build/html"""

import importlib.util
import logging
import os
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS / "_ext"), str(DOCS), str(DOCS.parent / "tests"), str(DOCS.parent)]
os.environ.setdefault("MPLBACKEND", "Agg")

import autograd_lite
from reference_pages import linkcode_resolve

project = "autograd_lite"
author = "The autograd_lite authors"
copyright = author
version = release = autograd_lite.__version__
language = "en"

# The last five are files of this repository, in _ext.
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.linkcode",
    "numpydoc",
    "sphinx_copybutton",
    "katex_formulas",
    "repository_links",
    "reference_pages",
    "run_programs",
    "search_words",
]
exclude_patterns = [
    "_build",
    "_ext",
    "README.md",
    "package_description.md",
    "**/.ipynb_checkpoints",
    "**/jupyter_execute",
    "**/.jupyter_cache",
]
exclude_patterns += ["sg_execution_times.rst", "gallery/sg_execution_times.rst"]  # they load scripts of other hosts

# The studies in examples/ become the gallery; AUTOGRAD_LITE_GALLERY=0 leaves them out.
if importlib.util.find_spec("gallery_settings") and os.environ.get("AUTOGRAD_LITE_GALLERY") != "0":
    from gallery_settings import sphinx_gallery_conf

    extensions += ["sphinx_gallery.gen_gallery", "gallery_settings"]
    exclude_patterns += [f"gallery/*.{ending}" for ending in ("ipynb", "py", "md5", "zip")]  # for download, not pages
else:
    exclude_patterns += ["gallery"]  # of an earlier build

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence", "deflist"]
myst_fence_as_directive = ["math"]
myst_heading_anchors = 3
myst_update_mathjax = False

# Pages may be left out, and this warning has no type to suppress it by.
logging.getLogger("sphinx.sphinx.directives.other").addFilter(lambda record: "toctree glob" not in str(record.msg))

# AUTOGRAD_LITE_NOTEBOOKS=off builds the pages of the course without their outputs.
nb_execution_mode = os.environ.get("AUTOGRAD_LITE_NOTEBOOKS", "cache")
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True

autodoc_typehints = "none"
smartquotes = False
default_role = "py:obj"
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
add_module_names = False
toc_object_entries = False

pygments_style = "a11y_site.Light"
pygments_dark_style = "a11y_site.Dark"
html_theme = "furo"
html_title = "autograd_lite"
html_favicon = "_static/favicon.svg"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_copy_source = False
html_show_search_summary = False  # a summary loads the page of each result
html_show_sourcelink = False
html_theme_options = {"navigation_with_keys": True}
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
