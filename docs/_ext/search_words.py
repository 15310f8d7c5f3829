"""Words by which readers search for pages, other than those of their titles: entries of the index, which rank first."""

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

API = "reference/api/autograd_lite"
WORDS = {
    "start": "install, installation, quick start, gpu, cuda, alternatives, comparison, complex numbers",
    "tour": "overview, features",
    "extending": "custom operation, new operation, custom function, own operation, backward rule, autograd function",
    "verify": "gradient check, gradient checking, gradcheck, finite differences, homework, verify derivation",
    "derive": "show derivation, latex, print gradient, formulas",
    "speed": "performance, benchmark, fast, time per step",
    "programs": "compile, jit, compiled step",
    "native": "numba, machine code",
    "vmap": "batch, per-sample gradient, vectorize",
    "distributed": "mpi, several processes, data parallel, multiprocessing",
    "scaling": "large data, dask, cluster, out of memory",
    "from_pytorch": "pytorch, torch, port from pytorch, float64, promotion",
    "numpy": "numpy functions, supported functions",
    "architecture": "design, glossary, subgradient, kink",
    "howto/debug_nan": "nan, inf, infinity, not a number",
    "howto/save_and_resume": "save model, load model, save, load, resume training, pickle",
    "howto/troubleshooting": "float32, grad is none, slow, loss does not decrease, reproducible, zero grad",
    "howto/scikit_learn_and_scipy": "scikit-learn, sklearn, scipy, pipeline",
    "errors/index": "error message, errors, exceptions",
    "learn/index": "course, tutorial, notebooks, exercises",
    "learn/07_second_derivatives": "second derivative, newton",
    "learn/08_from_characters_to_a_gpt": "gpt, language model",
    f"{API}.nn.Module": "new layer, custom layer, own layer, subclass module, freeze",
    f"{API}.Tensor": "stop gradient, detach, requires grad",
    f"{API}.data.Batches": "mini-batch, minibatch, dataloader, shuffle",
    f"{API}.manual_seed": "random seed, seed",
    f"{API}.cross_entropy": "cross entropy, softmax loss",
    f"{API}.draw": "computation graph, graph picture, visualize",
    f"{API}.nn.utils.clip_grad_norm_": "gradient clipping, exploding gradient",
    f"{API}.no_grad": "inference, without gradient",
    "reference/schedules": "learning rate, scheduler, warm-up, decay",
    "reference/nn": "layers, network",
    "reference/layers": "loss function, activation function",
}  # fmt: skip


def _enter(app: Sphinx, tree: nodes.document) -> None:
    """Entries as `index` directives make them; in Markdown such a directive would be shown where the page is read."""
    words = WORDS.get(app.env.docname)
    if words:
        tree.append(addnodes.index(entries=[("single", word, "", "main", None) for word in words.split(", ")]))


def _written_again(app: Sphinx, env: object) -> list[str]:
    """All pages that have words: the index of the search forgets the entries of pages that a build does not write.

    A page that was renamed would lose its words, so it is an error.
    """
    missing = [page for page in WORDS if page not in app.env.found_docs]
    if missing:
        raise LookupError(f"docs/_ext/search_words.py names pages that do not exist: {', '.join(missing)}")
    return list(WORDS)


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("doctree-read", _enter)
    app.connect("env-updated", _written_again)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
