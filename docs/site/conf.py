"""The site (make docs): the Markdown pages of the tree as they are, tutorials, both references."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import ntkit
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

sys.path.insert(0, str(Path(__file__).parent))
import docstrings

project = "ntkit"
version = ntkit.__version__
html_title = "ntkit"
root_doc = "docs/index"
include_patterns = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "docs/*.md",
    "docs/*.rst",
    "docs/c/*.rst",
    "docs/tutorials/*.md",
    "examples/README.md",
    "examples/*/README.md",
    "findings/README.md",
]
exclude_patterns = ["build", "dist", "demo"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "breathe"]

# Pages: GitHub's flavour, with anchors at titles as a forge has them.
myst_heading_anchors = 4
smartquotes = False  # --save is an option
nitpicky = True
# Types in signatures that are of no page here: Python's, NumPy's, C's.
nitpick_ignore_regex = [
    ("py:.*", r"(?!ntkit\.).*\..*"),
    ("py:.*", r"\w+"),  # names of types that are written out where they stand
    ("py:.*", r"ntkit\.\w+\.(_\w+|T_co)"),
    ("c:.*", r"(size_t|u?int\d+_t|bool|FILE|double|char|void)"),
    ("c:.*", r"ntk_(weights_file|model_folder)"),  # owned: no part of the interface
]

# Tutorials run while the site is made: an error in one is an error of the site.
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_merge_streams = True
_ipython = Path(__file__).resolve().parents[2] / "build" / "docs" / "ipython"
(_ipython / "profile_default").mkdir(parents=True, exist_ok=True)
(_ipython / "profile_default" / "ipython_kernel_config.py").write_text(
    "c.IPKernelApp.log_level = 40\nc.InlineBackend.figure_formats = {'svg'}\n"
)
os.environ["IPYTHONDIR"] = str(_ipython)

autodoc_member_order = "bysource"
autodoc_type_aliases = {
    "npt.ArrayLike": "array",
    "Array": "array",
    "npt.NDArray[np.float64]": "array",
    "Progress": "bool | Callable",
    "Biases": "bool | Sequence",
}
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
add_module_names = False

breathe_projects = {"ntkit": "../../build/docs/doxygen/xml"}
breathe_default_project = "ntkit"
breathe_domain_by_extension = {"h": "c"}
breathe_show_include = False
c_maximum_signature_line_length = 88

# Nothing is taken from elsewhere: the theme brings what it shows, in light and in dark.
html_theme = "furo"
html_static_path = ["style.css"]
html_css_files = ["style.css"]
html_extra_path = ["index.html"]
html_copy_source = False
html_show_copyright = False
html_use_opensearch = ""
pygments_style = "friendly"
pygments_dark_style = "native"


def _reference(app: Sphinx, page: str, source: list[str]) -> None:
    """Every public name, by modules, behind the words of docs/reference.rst."""
    if page == "docs/reference":
        source[0] += docstrings.reference()


def _stale(app: Sphinx, env: object, added: set, changed: set, removed: set) -> list[str]:
    """What the package says or does, not the page alone."""
    return [page for page in app.env.found_docs if page.startswith(("docs/ref", "docs/tut"))]


def _complete(app: Sphinx, env: object) -> None:
    python = app.env.get_domain("py")
    known = {*python.objects, *python.modules}
    for name in ntkit.__all__:
        if f"ntkit.{name}" not in known:
            logging.getLogger(__name__).warning("ntkit.%s is on no page", name)


def _links(app: Sphinx, tree: nodes.document, page: str) -> None:
    """Sphinx takes "FILE:KEY" in plain text for an address, and asks nothing of one."""
    for link in tree.findall(nodes.reference):
        address = link.get("refuri", "")
        if re.match(r"\w+:(?!//)", address):
            logging.getLogger(__name__).warning("%s: %s is no address", page, address)


def setup(app: Sphinx) -> None:
    app.connect("source-read", _reference)
    app.connect("env-get-outdated", _stale)
    app.connect("autodoc-process-docstring", docstrings.as_rst)
    app.connect("autodoc-process-signature", docstrings.signature)
    app.connect("env-check-consistency", _complete)
    app.connect("doctree-resolved", _links)
