"""The sections of each page of the reference: a heading, a sentence, and what is in it, in the order of a textbook.

What is in a section is told by names, and by modules (the last part of their dotted names) for all other names that
they define. A name or a module that is in no section fails the build.
"""

Section = tuple[str, str, str]

PAGES: dict[str, list[Section]] = {
    "tensors": [
        ("The tensor", "An array that remembers how it was computed.", "tensor"),
        ("No gradients", "Whether operations are recorded.", "grad_mode"),
        ("Operations of your own", "A NumPy function and one rule per argument.", "primitive axes"),
        ("Seeds and other libraries", "Random numbers that repeat; memory shared with other libraries.",
         "random interop"),
    ],
    "transforms": [
        ("Gradients", "The derivative of a function as a function.", "functions"),
        ("Matrices of derivatives", "Jacobian and Hessian, whole or times a vector.", "matrices"),
        ("Batches and loops", "A function of one sample for all of them; a loop as one operation.", "mapping scan"),
    ],
    "programs": [
        ("Derivations and pictures", "How the gradient of a loss comes about, as formulas and as a graph.",
         "derive drawing"),
        ("NaN and infinity", "The operation where they begin.", "anomalies"),
        ("Compiled programs", "A function as a flat list of calls, or in machine code.", "compiler recorder_interface"),
        ("Saving models and training runs", "Files of numbers; no code is run when they are read.",
         "saving checkpoint"),
        ("Threads and memory", "Settings of the process.", "threads heap"),
    ],
    "elementwise": [
        ("Arithmetic, powers and roots", "Sums, products, quotients, powers.", "arithmetic"),
        ("Exponentials and logarithms", "With the logistic sigmoid and the error function.", "elementary"),
        ("Trigonometric functions", "With their inverses, and angles in degrees.", "trigonometric"),
        ("Hyperbolic functions", "With their inverses.", "hyperbolic"),
        ("Larger and smaller of two", "The gradient goes to the one that was taken.", "extremes"),
        ("Rounding and remainders", "Between the steps of these functions their derivative is 0 or 1.", "rounding"),
    ],
    "arrays": [
        ("Shape", "The same elements in another shape, or as another dtype.", "shape axes"),
        ("Joining and splitting", "Arrays put together and taken apart.", "joining concatenate stack"),
        ("Selecting elements", "By index, by position, by condition.", "indexing choosing"),
        ("Order and repetition", "Elements reversed, shifted, repeated, padded.", "ordering"),
        ("Sorting", "Elements by their order.", "sorting"),
        ("Diagonals and triangles", "Parts of matrices.", "diagonals"),
        ("Segments and windows", "Parts of an axis.", "segments"),
        ("Functions of pieces", "A function of each piece of an array; even spacing.", "functions"),
    ],
    "reductions": [
        ("Sums, means, extremes", "One number for each position that is left.", "reduction average ptp trace"),
        ("Medians and quantiles", "Weighted sums of one or two elements of the sorted array.", "quantiles"),
        ("Covariance and polynomials", "Statistics of pairs, and values of polynomials.", "covariance"),
        ("Running sums and products", "Each element depends on those before it.", "scans"),
        ("Differences and integrals", "Differences of neighbours, and the trapezoidal rule.", "differences"),
        ("Without NaN", "Elements that are NaN count as absent and receive no gradient.", "nanfunctions"),
    ],
    "linalg": [
        ("Products", "Of matrices, vectors and tensors.", "matmul products contraction"),
        ("Norms", "Where a norm is 0, its derivative is 0.", "norms"),
        ("Inverses and linear systems", "Solutions, powers, least squares.", "solving triangular least_squares"),
        ("Determinants", "Of regular and of singular matrices.", "determinant"),
        ("Decompositions", "Cholesky and QR.", "decompositions"),
        ("Eigenvalues and singular values", "Of symmetric matrices, and of all.", "spectral"),
        ("The exponential of a matrix", "The sum of its powers over factorials.", "exponential"),
    ],
    "layers": [
        ("Activations", "What makes a network nonlinear; softmax, which makes probabilities of scores.", "activation"),
        ("Convolution", "A kernel that moves over a signal or an image, and its transpose.",
         "convolution transposed_convolution"),
        ("Pooling and resizing", "Windows reduced to their mean or maximum; images made larger or smaller.",
         "pooling interpolation"),
        ("Normalization", "Mean 0 and variance 1 over a batch or over the features of a sample.", "normalization"),
        ("Embedding", "Rows of a table by index, and labels as rows of the identity.", "embedding one_hot"),
        ("Losses of classification", "Negative log-likelihoods of labels; most take scores, not probabilities.",
         "loss"),
        ("Losses of regression and of distributions", "Distances, margins, and the divergence of distributions.",
         "mse_loss distance"),
    ],
    "special": [
        ("Gamma and beta functions", "With their logarithms, derivatives and incomplete integrals.", "gamma_functions"),
        ("Error function and normal distribution", "With their inverses (DLMF 7).", "error_functions"),
        ("Logistic function, powers, exponentials", "As SciPy defines them.", "logistic exponentials"),
        ("Entropy and divergence", "x log y and what is made of it, elementwise.", "entropy"),
        ("Bessel functions", "Orders have no rule: a tensor that requires gradients is refused there (DLMF 10.6).",
         "bessel"),
    ],
    "nn": [
        ("Module and containers", "A network is a module made of modules; parameters are its tensors.",
         "module container parameter parameter_container"),
        ("Linear layers", "x Wᵀ + b, and the bilinear form.", "linear"),
        ("Activations", "Functions of single elements, and softmax.", "activation RReLU"),
        ("Convolution", "A kernel that moves over signals, images and volumes.", "convolution"),
        ("Pooling", "Windows reduced to their maximum, mean or norm.", "pooling norm_pooling"),
        ("Padding, size and shape", "Borders, resizing, flattening, channels rearranged.",
         "padding reshaping ChannelShuffle PixelShuffle PixelUnshuffle"),
        ("Normalization", "Over the batch, over the features, or over groups of channels.",
         "normalization group_normalization LocalResponseNorm"),
        ("Dropout", "Elements or channels that are 0 at random, in training only.",
         "regularization random_activations"),
        ("Embedding", "A table of vectors, indexed by integers.", "embedding"),
        ("Recurrent layers", "Over whole sequences, and single steps as cells.", "recurrent recurrent_cells"),
        ("Attention and transformers", "Means of values, weighted by how queries match keys.",
         "attention transformer transformer_decoder"),
        ("Losses of classification", "Negative log-likelihoods of labels.",
         "CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss linear_loss KLDivLoss"),
        ("Losses of regression", "Distances of numbers, and likelihoods of counts and measurements.", "loss"),
        ("Losses with a margin", "Errors count until they are beaten by a margin.", "HingeLoss margin_loss"),
        ("Similarities", "Of pairs of vectors.", "similarity Softmax2d"),
        ("Threshold units", "McCulloch and Pitts, and Rosenblatt: units with a step in place of a derivative.",
         "threshold"),
    ],
    "functional": [
        ("Linear maps", "x Wᵀ + b, and the bilinear form.", "linear bilinear"),
        ("Activations", "Functions of single elements, and softmax.",
         "activation rectifiers smooth_activations log_softmax softmax softmin softplus rrelu sigmoid tanh"),
        ("Convolution", "A kernel that moves over signals, images and volumes.", "convolution transposed_convolution"),
        ("Pooling", "Windows reduced to their maximum, mean or norm.", "pooling adaptive_pooling norm_pooling"),
        ("Padding, size and channels", "Borders, resizing, channels rearranged.",
         "padding interpolation channel_shuffle pixel_shuffle pixel_unshuffle"),
        ("Normalization", "Over the batch, over the features, or over groups of channels.",
         "normalization group_normalization local_response_norm normalize"),
        ("Dropout", "Elements or channels that are 0 at random, in training only.",
         "regularization random_activations"),
        ("Embedding", "Rows of a table by index, and labels as rows of the identity.", "embedding one_hot"),
        ("Attention", "Means of values, weighted by how queries match keys.", "dot_products"),
        ("Losses of classification", "Negative log-likelihoods of labels.", "weighted_losses linear_loss kl_div"),
        ("Losses of regression", "Distances of numbers, and likelihoods of counts and measurements.",
         "loss distance likelihood_losses"),
        ("Losses with a margin", "Errors count until they are beaten by a margin.", "hinge_loss margin_losses"),
        ("Similarities", "Of pairs of vectors.", "similarity"),
    ],
    "init": [("Initial values", "By the sizes of the layer, or given.", "init")],
    "utils": [
        ("Clipping of gradients", "By their norm, or element by element.", "clipping"),
        ("Parameters as one vector", "All parameters one after the other, and back.", "vectors"),
        ("Sequences of several lengths", "Padded to one length, or packed.", "rnn"),
    ],
    "optim": [
        ("What all optimizers share", "Groups of parameters, steps, saving.", "optimizer"),
        ("Gradient descent", "With momentum, or averaged.", "SGD ASGD"),
        ("Adam and its relatives", "Steps scaled by running means of the squared gradient.", "adam nadam Adamax"),
        ("Adaptive learning rates", "One learning rate for each parameter.", "adagrad adamax rmsprop"),
        ("For full batches", "The sign of the gradient, or its curvature; noise misleads them.", "rprop lbfgs"),
    ],
    "schedules": [
        ("What all schedules share", "Epochs, initial learning rates, saving.", "schedule"),
        ("Formulas of the epoch", "Steps, powers, lines, cosines, and functions of your own.",
         "lr_scheduler lambda_lr"),
        ("Cycles", "Learning rates that rise and fall.", "cyclic one_cycle"),
        ("By progress", "A learning rate that falls when the loss does not.", "plateau"),
        ("Several schedules", "One after the other, or all at once.", "sequential_lr"),
    ],
    "testing": [
        ("A formula from paper", "Compared with the engine; the error says what is wrong.",
         "check_closed_form verdicts find_counterexample"),
        ("A derivation, line by line", "The first false line is found.", "derivation_steps checked_steps"),
        ("An operation of your own", "Its rules compared with central differences, its contract tested.",
         "primitives gradients numerical"),
        ("A whole course", "Formulas that pytest checks, and many answers graded.", "declared grading grades"),
        ("Errors and warnings", "What the checks raise and return.", "mismatch caveats counterexample"),
        ("Inputs for Hypothesis", "Small, well-conditioned arrays that shrink to simple ones.", "strategies"),
    ],
    "data": [
        ("Mini-batches", "Aligned arrays in random order, and a split for testing.", "data"),
        ("Random numbers", "The common generator and its state.", "random"),
    ],
    "distributed": [
        ("The processes", "Those that mpiexec has started.", "launch communicator exchange"),
        ("Training", "Gradients, statistics and values of all processes.", "optimizer batch_normalization metrics"),
    ],
}  # fmt: skip


def place_of(name: str, source: str, page: str) -> int:
    """The number of the section of a name: the one that tells the name, else the one that tells its module."""
    listed = [words.split() for _, _, words in PAGES[page]]
    for word in (name, source.rpartition(".")[2]):
        for number, words in enumerate(listed):
            if word in words:
                return number
    raise LookupError(f"docs/_ext/sections.py: no section of the page {page!r} has {name} or its module {source}")
