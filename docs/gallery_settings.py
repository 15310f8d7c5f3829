"""How the studies in examples/ become the gallery of the site: settings, order and pictures for sphinx-gallery.

AUTOGRAD_LITE_GALLERY decides what runs: all studies in full (the default), `quick` for short runs of all, or `short`
for short runs of those that take less than five seconds; the others then have pages without results. With `0` the site
has no gallery (conf.py).
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
EXAMPLES = DOCS.parent / "examples"
OUTPUT = EXAMPLES / "output"  # where a study saves its picture, unless it is told otherwise
sys.path.append(str(EXAMPLES))

from run_all import GROUPS  # noqa: E402

MODE = os.environ.get("AUTOGRAD_LITE_GALLERY", "full")
ORDER = [name for group in GROUPS.values() for name in group]
LONG = {"characters", "convolution", "forecasting", "minimizers", "verify"}
WITHOUT_QUICK = {"digits", "your_derivation", "new_operation"}

Box = tuple[float, float, float, float]

# For each picture the part that is its thumbnail (left, top, right, bottom, as shares of width and height), and a text
# for those who do not see it.
PICTURES: dict[str, tuple[Box, str]] = {
    "logic_gates": (
        (0.755, 0.12, 1, 0.58),
        "Above, the half planes where units for NOT, AND and OR fire, and the strip where two layers compute XOR. "
        "Below, how many units compute each of the 16 functions of two bits, none of them XOR, and a truth table "
        "of three bits as a network.",
    ),
    "perceptron": (
        (0.66, 0.12, 1, 0.57),
        "Above, six updates of the line that separates two classes of points. Below, the number of updates of "
        "many data sets, all under the bound; the mistakes in each epoch, which stop on separable points but not "
        "on XOR; and the lines that repeat on XOR.",
    ),
    "logistic_and_probit": (
        (0.415, 0.14, 0.74, 1),
        "The weights of both models with their intervals, each in the ring of its reference; the probability of "
        "malignant against the score; and the gradient, which falls to rounding within nine Newton steps.",
    ),
    "per_sample": (
        (0.548, 0.13, 1, 0.65),
        "Predicted and measured changes of the loss without one training digit lie on the line y = x; leaving out "
        "the most harmful digits turns the reading from 5 to 3; below, the misread 3 and the digits that harm and "
        "help.",
    ),
    "gaussian_process": (
        (0, 0.52, 0.57, 1),
        "Measurements and the band of the process before and after learning, wide where nothing was measured; on "
        "the right the path of L-BFGS-B over the probability of length scales and noise.",
    ),
    "descents": (
        (0, 0.56, 0.5, 1),
        "The excess of the loss of five descents against epochs and against updates; their paths through the "
        "valley; and what remains for each learning rate, with the limit 2/λ of the full batch.",
    ),
    "minimizers": (
        (0, 0.15, 0.5, 1),
        "The distance from the least value against evaluations, for six minimizers on Rosenbrock's function and "
        "on logistic regression; LBFGS and L-BFGS-B need the fewest.",
    ),
    "large_data": (
        (0, 0.18, 0.466, 1),
        "The largest entry of the gradient against passes over all files, which Newton's method brings to "
        "rounding in six and LBFGS more slowly; and the fitted weights within their errors.",
    ),
    "search": (
        (0, 0.15, 0.37, 1),
        "The share of digits misread for a hundred pairs of learning rate and momentum, against the effective "
        "rate, and the best one so far.",
    ),
    "backprop_by_hand": (
        (0.07, 0.46, 0.4, 1),
        "The gradients of five layers, by the recursion and by the engine, look the same; their relative "
        "differences are near the spacing of floating-point numbers.",
    ),
    "derive": (
        (0.32, 0.17, 0.63, 0.66),
        "A program, the graph of its loss, and beside it the gradients of all layers as formulas.",
    ),
    "universal_approximation": (
        (0.22, 0.13, 0.605, 0.71),
        "Networks of 1, 4 and 16 units approximate a smooth function, one with kinks and Takagi's; the largest "
        "error of each falls with the number of units, below that of the staircase.",
    ),
    "convolution": (
        (0.1, 0.11, 0.61, 0.6),
        "Sixteen filters, the feature maps they make of a 0, a 3 and a 7, the loss, and the held-out digits of "
        "which the network is least certain.",
    ),
    "autoencoder": (
        (0, 0.11, 0.525, 1),
        "The plane of two numbers with the classes in different regions; held-out digits and their "
        "reconstructions by the network and by PCA; and the decoder's images across the plane.",
    ),
    "gan": (
        (0, 0.68, 0.56, 1),
        "Drawings from the same noise over the epochs, from grey squares to digits; the first five recognised as "
        "each class; both losses; and the number of drawings by class.",
    ),
    "vae": (
        (0, 0.13, 0.402, 1),
        "Held-out digits where the encoder puts them, what the decoder draws across the same square, and the "
        "posterior of two digits beside its approximation q.",
    ),
    "differential_equation": (
        (0.62, 0.12, 1, 0.57),
        "The solution of the network as a map over time, its distance from the exact one, both at five times, and "
        "the residual during training.",
    ),
    "forecasting": (
        (0.1, 0.13, 0.382, 0.72),
        "Clouds 1 to 30 frames ahead by simulation and by forecast, with five times their difference; the flow "
        "and the shares of one cell; and the error, far below that of persistence.",
    ),
    "characters": (
        (0.31, 0.13, 0.62, 0.7),
        "The loss in training; nats per character of the n-gram models and of the network, which is lowest; a "
        "held-out sonnet with unlikely characters in red; and sampled text.",
    ),
    "small_gpt": (
        (0.33, 0.13, 0.68, 0.9),
        "Bits per character fall below those of the best n-gram; a map of attention with a diagonal, the "
        "character before; and sampled text.",
    ),
    "digits": (
        (0, 0.11, 0.62, 0.645),
        "The losses of four trainings, the confusion matrix of the best network, and its mistakes with their "
        "probabilities.",
    ),
}


def arguments(_: dict[str, Any], script: dict[str, Any]) -> list[str]:
    """What a study finds in `sys.argv`."""
    return ["--quick"] if MODE != "full" and Path(script["src_file"]).stem not in WITHOUT_QUICK else []


def before(_: dict[str, Any], file: str) -> None:
    """Let a study start as in a process of its own, without an older picture.

    Files that it imports are imported anew, and operations that the one before has declared are forgotten. Progress
    bars are turned off, because they would become part of the page.
    """
    import tqdm

    from autograd_lite.core.numpy_protocols import numpy_operations

    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(EXAMPLES)):
            del sys.modules[name]
    for function, operation in list(numpy_operations.items()):
        if not operation.__module__.startswith("autograd_lite."):
            del numpy_operations[function]

    class Silent(tqdm.std.tqdm):
        def __init__(self, *inputs: Any, **options: Any) -> None:
            super().__init__(*inputs, **{**options, "disable": True})

    tqdm.tqdm = Silent
    (OUTPUT / f"{Path(file).stem}.png").unlink(missing_ok=True)


def pictures(_: Any, script: dict[str, Any], conf: dict[str, Any]) -> str:
    """Take the picture that the study has just saved. The first image is a part of it, for the thumbnail."""
    from PIL import Image
    from sphinx_gallery.scrapers import figure_rst

    name = Path(script["src_file"]).stem
    saved = OUTPUT / f"{name}.png"
    if not saved.exists():
        return ""
    part, text = PICTURES[name]
    images = script["image_path_iterator"]
    with Image.open(saved) as image:
        size = image.size * 2
        image.convert("RGB").crop(tuple(round(a * b) for a, b in zip(part, size, strict=True))).save(next(images))
    whole = next(images)
    shutil.move(saved, whole)
    return str(figure_rst([whole], conf["src_dir"], text))


def arrange(_: Any, page: str, source: list[str]) -> None:
    """Keep the groups of the first page. Move the results of a study to below its introduction; say what it needs."""
    if page == "gallery/index":
        source[0] = source[0].partition(".. The end of the groups")[0]
    if not page.startswith("gallery/") or "sphx-glr-example-title" not in source[0]:
        return
    text = source[0]
    code = [place.start() for place in re.finditer(r"^\.\. GENERATED FROM PYTHON SOURCE", text, flags=re.MULTILINE)]
    end = text.find(".. rst-class:: sphx-glr-timing")
    results = [
        place.start()
        for place in re.finditer(r"^\.\. (image-sg|rst-class:: sphx-glr-script-out)", text, flags=re.MULTILINE)
    ]
    if results and results[0] > code[0]:
        text = text[: code[0]] + text[results[0] : end] + text[code[0] : results[0]] + text[end:]
    downloads = f".. _sphx_glr_download_{page.replace('/', '_')}.py:"
    needed = "The script and the notebook need the other files of the folder ``examples/``, as in a clone.\n\n"
    source[0] = text.replace(downloads, needed + downloads)


def position(path: str) -> int:
    """The place of a study in the gallery."""
    return ORDER.index(Path(path).stem)


def setup(app: Any) -> dict[str, bool]:
    app.connect("source-read", arrange)
    app.add_css_file("gallery.css", priority=900)  # after that of sphinx-gallery
    return {"parallel_read_safe": True}


sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "backreferences_dir": "gallery/uses",  # without it, minigalleries warn
    "filename_pattern": rf"/({'|'.join(sorted(set(ORDER) - LONG) if MODE == 'short' else ORDER)})\.py$",
    "ignore_pattern": r"^(__init__|progress|run_all|studies)\.py$",
    "minigallery_sort_order": "gallery_settings.position",
    "reset_argv": "gallery_settings.arguments",
    "reset_modules": ("gallery_settings.before",),
    "image_scrapers": ("gallery_settings.pictures",),
    "run_stale_examples": MODE == "full",  # pages of short runs may be there
    "capture_repr": (),
    "thumbnail_size": (480, 336),
    "default_thumb_file": str(DOCS / "_static" / "no_picture.png"),
    "download_all_examples": False,
    "show_signature": False,
    "first_notebook_cell": "import sys\n\nsys.argv[1:] = []  # the arguments of the study, such as '--quick'",
}
