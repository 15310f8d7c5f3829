"""From 0.1 to 0.2: public names are where they were, and each row of docs/howto/from_0_1.md is so.

run_of_0_1 holds the file that 0.1 wrote after the second step of `training` below.
"""

import math
import operator
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Checkpoint, Tensor, data, load, nn, optim, save

FILE = Path(__file__).parent / "run_of_0_1" / "checkpoint-0000000002.npz"

PUBLIC = {
    "": """
        absolute add anomaly AnomalyError append arccos arccosh arcsin arcsinh arctan arctan2 arctanh around
        array_split astype atleast_1d atleast_2d atleast_3d average avg_pool2d batch_norm binary_cross_entropy
        binary_cross_entropy_with_logits block broadcast_arrays broadcast_to cbrt ceil Checkpoint cholesky choose clip
        clone column_stack compile CompileError compress concatenate cond conjugate conv1d conv2d conv_transpose2d
        convolve copy copysign correlate cos cosh cross cross_entropy cumprod cumsum cumulative_prod cumulative_sum
        data deg2rad degrees delete derive det diag diagflat diagonal diff divide divmod dot draw dsplit dstack
        ediff1d eigh eigvalsh einsum elu embedding enable_grad erf exp exp2 expand_dims expm1 extract fabs fix flatten
        flip fliplr flipud float_power floor floor_divide fmax fmin fmod frexp full_like gelu getitem grad gradient
        hardtanh heaviside hessian hinge_loss hsplit hstack huber_loss hvp hypot inner insert interp interpolate inv
        is_grad_enabled jacobian jvp keep_freed_memory kl_div kron l1_loss layer_norm ldexp leaky_relu linear load log
        log10 log1p log2 log_softmax logaddexp logaddexp2 logsumexp lstsq manual_seed matmul matrix_norm matrix_power
        matrix_transpose max max_pool2d maximum mean median meshgrid min minimum mod modf moveaxis mse_loss multi_dot
        multiply nan_to_num nancumprod nancumsum nanmax nanmean nanmedian nanmin nanpercentile nanprod nanquantile
        nanstd nansum nanvar negative nll_loss nn no_grad norm one_hot optim outer pad percentile permute_dims pinv
        positive power Primitive primitive prod ptp qr quantile rad2deg radians ravel real real_if_close reciprocal
        relu remainder repeat reshape resize rint roll rollaxis rot90 round save scatter select setitem sigmoid sign
        silu sin sinc sinh slogdet softmax softplus solve sort split sqrt square squeeze stack StaleProgramError std
        subtract sum svd svdvals swapaxes take take_along_axis tan tanh Tensor tensordot tensorinv tensorsolve tile
        trace transpose trapezoid tril trim_zeros triu true_divide trunc unique unstack value_and_grad vander var vdot
        vecdot vector_norm vjp vsplit vstack where
    """,
    "nn": """
        AvgPool2d BatchNorm1d BatchNorm2d BCELoss BCEWithLogitsLoss Buffer Conv1d Conv2d ConvTranspose2d
        CrossEntropyLoss Dropout ELU Embedding Flatten functional GELU GRU Hardtanh HingeLoss HuberLoss Identity init
        KLDivLoss L1Loss LayerNorm LeakyReLU Linear LogSoftmax LSTM MaxPool2d Module ModuleDict ModuleList MSELoss
        NLLLoss Parameter Perceptron ReLU RNN Sequential Sigmoid SiLU Softmax Softplus Tanh Threshold Upsample utils
    """,
    "nn.functional": """
        avg_pool2d batch_norm binary_cross_entropy binary_cross_entropy_with_logits conv1d conv2d conv_transpose2d
        cross_entropy dropout elu embedding gelu hardtanh hinge_loss huber_loss interpolate kl_div l1_loss layer_norm
        leaky_relu linear log_softmax max_pool2d mse_loss nll_loss one_hot relu sigmoid silu softmax softplus tanh
    """,
    "nn.init": """
        calculate_gain constant_ kaiming_normal_ kaiming_uniform_ normal_ ones_ uniform_ xavier_normal_
        xavier_uniform_ zeros_
    """,
    "nn.utils": "clip_grad_norm_ clip_grad_value_",
    "optim": "Adagrad Adam AdamW lr_scheduler Optimizer RMSprop SGD",
    "optim.lr_scheduler": """
        CosineAnnealingLR ExponentialLR LambdaLR LinearLR LRScheduler MultiStepLR ReduceLROnPlateau SequentialLR StepLR
    """,
    "data": "Batches train_test_split",
    "testing": """
        check_closed_form check_gradients check_primitive check_steps CheckedLine CheckedSteps closed_form
        Counterexample find_counterexample Finding Grade grade Grades GradientMismatch NotDifferentiableWarning
        NotGeneralWarning numerical_gradient Search StepMismatch strategies
    """,
    "Tensor": """
        all any argmax argmin argsort astype backward choose clip clone compress conj conjugate copy cumprod cumsum
        data detach diagonal dot dtype flatten grad is_leaf item max mean min mT name ndim nonzero numpy prod ravel
        repeat requires_grad reshape round searchsorted shape size squeeze std sum swapaxes T take tolist trace
        transpose var zero_grad
    """,
    "nn.Module": """
        astype buffers eval extra_repr forward load_state_dict modules named_buffers named_modules named_parameters
        parameters register_buffer register_parameter requires_grad_ state_dict
        train training zero_grad
    """,
    "optim.Optimizer": """
        add_param_group load_state_dict param_groups state_dict
        state_names step update updates zero_grad
    """,
}


def test_public_names_of_0_1_are_where_they_were():
    missing = []
    for place, names in PUBLIC.items():
        home = operator.attrgetter(place)(ag) if place else ag
        missing += [f"{place}.{name}" for name in names.split() if not hasattr(home, name)]
    assert not missing
    assert sum(len(names.split()) for names in PUBLIC.values()) > 450


x, probabilities, labels = np.ones((2, 3)), np.full((2, 3), 1 / 3), np.array([0, 1])
layer = nn.Linear(3, 2, rng=0)
weight, parameters = layer.weight, [layer.weight]
F = nn.functional

ERRORS = [  # one for each row of the page
    ("float", lambda: ag.grad(lambda x: float(x) * x)(2.0), TypeError, "float"),
    ("math", lambda: ag.grad(lambda x: math.sin(x) * x)(2.0), TypeError, "float"),
    ("an array element", lambda: ag.grad(lambda x: operator.setitem(np.zeros(2), 0, x))(2.0), TypeError, "np.stack"),
    ("an array as a parameter", lambda: setattr(layer, "weight", np.ones((2, 3))), TypeError, "Parameter"),
    ("a masked array", lambda: Tensor(1.0) * np.ma.ones(2), TypeError, "MaskedArray"),
    ("probabilities as logarithms", lambda: F.nll_loss(x, labels), ValueError, "logarithms of probabilities"),
    ("a label out of range", lambda: F.cross_entropy(x, labels + 2), ValueError, "target"),
    ("a value outside the dtype", lambda: load_exactly(np.full((2, 3), 1e300)), ValueError, "float32"),
    ("dropout's rng", lambda: F.dropout(x, 0.5, True, np.random.default_rng(0)), TypeError, "inplace"),
    ("SGD, nesterov", lambda: optim.SGD(parameters, 0.1, 0.9, 0.0, True), ValueError, "weight_decay"),
    ("SGD, weight_decay", lambda: optim.SGD(parameters, 0.1, 0.9, 0.0, False, 0.01), ValueError, "weight_decay"),
    *[
        (f"reduction of {function.__name__}", lambda f=function, y=y: f(x, y, "sum"), TypeError, "positional|numbers")
        for function, y in [(F.cross_entropy, labels), (F.mse_loss, x), (F.l1_loss, x), (ag.cross_entropy, labels)]
    ],
    ("reduction of MSELoss", lambda: nn.MSELoss("sum"), TypeError, "positional"),
    ("reduction of CrossEntropyLoss", lambda: nn.CrossEntropyLoss("sum"), TypeError, "numbers"),
    ("rng of init", lambda: nn.init.normal_(weight, 0.0, 1.0, 0), TypeError, "positional"),
    ("dtype of Parameter", lambda: nn.Parameter([1.0], True, np.float32), TypeError, "positional"),
    ("value", lambda: nn.init.constant_(weight, value=1.0), TypeError, "value"),
    ("classes", lambda: F.one_hot(labels, classes=2), TypeError, "classes"),
    ("dtype of one_hot", lambda: F.one_hot(labels, 2, dtype=np.float32), TypeError, "dtype"),
    ("x of a module", lambda: layer(x=x), TypeError, "'x'"),
    ("logits", lambda: nn.CrossEntropyLoss()(logits=x, target=labels), TypeError, "'logits'"),
    ("x of a function", lambda: F.relu(x=x), TypeError, "'input'"),
    ("log_probabilities", lambda: F.nll_loss(log_probabilities=-x, target=labels), TypeError, "'log_probabilities'"),
    ("p", lambda: F.binary_cross_entropy(p=probabilities, target=probabilities), TypeError, "'p'"),
    ("indices", lambda: F.embedding(indices=labels, weight=weight), TypeError, "'input'"),
]


def load_exactly(weight):
    layer.load_state_dict({"weight": weight, "bias": np.zeros(2)})


@pytest.mark.parametrize(("call", "error", "message"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_what_0_1_took_and_0_2_takes_otherwise_is_an_error(call, error, message):
    before = layer.state_dict()
    with pytest.raises(error, match=message):
        call()
    np.testing.assert_equal(layer.state_dict(), before)


def test_numbers_that_the_page_says_have_changed():
    cube, t = np.random.default_rng(0).normal(size=(2, 3, 4)), np.array([1.0, 20.0, 50.0])
    for function in (nn.Softmax(), F.softmax):
        np.testing.assert_allclose(function(cube).data, np.exp(cube) / np.exp(cube).sum(axis=0))
    np.testing.assert_allclose(nn.LogSoftmax()(cube).data, cube - np.log(np.exp(cube).sum(axis=0)))
    np.testing.assert_array_equal(nn.Softplus()(t).data, [np.log1p(np.exp(1.0)), np.log1p(np.exp(20.0)), 50])
    logits = np.zeros((2, 3))
    assert nn.CrossEntropyLoss(reduction="sum")(logits, [0, -100]).item() == pytest.approx(np.log(3))
    assert nn.NLLLoss(reduction="sum")(logits - 1, [0, -100]).item() == 1
    assert F.one_hot(labels, num_classes=2).dtype.kind == "i"
    assert nn.Parameter(np.ones(2)).dtype == np.float64
    w = nn.Parameter(np.array([1.0]))
    optimizer = optim.SGD([w], lr=1.0, momentum=0.5, dampening=0.5)
    for value in (1 - 1.0, 1 - 1.0 - (0.5 + 0.5)):  # v₁ = g₁, then v₂ = 0.5 v₁ + 0.5 g₂
        w.grad = np.array([1.0])
        optimizer.step()
        assert w.item() == value


def test_a_gradient_with_respect_to_one_input_is_connected_to_tensors_from_outside():
    a = Tensor(3.0, requires_grad=True)
    slope = ag.grad(lambda x: a * x * x)
    slope(2.0).backward()
    assert a.grad == 4
    with ag.no_grad():
        assert not isinstance(slope(2.0), Tensor)


def test_writes_reach_views_and_batches_are_copies():
    u = Tensor([1.0, 2.0], requires_grad=True) * 1
    view, name = u[:1], u
    u += 1
    u[0] = 5
    np.testing.assert_array_equal(view.data, [5])
    assert name is u
    for whole in (len(labels), 1):
        for (batch,) in data.Batches(x, batch_size=whole):
            assert not np.shares_memory(batch, x)


def training():
    """The objects of a training, and a function that runs the rest of an epoch."""
    inputs, classes = np.sin(np.arange(24.0)).reshape(8, 3), np.arange(8) % 2
    batches = data.Batches(inputs, classes, batch_size=3, rng=0)
    parts = {"batches": batches}
    for name, options, schedule in [
        ("SGD", {"momentum": 0.9, "nesterov": True}, lambda o: optim.lr_scheduler.StepLR(o, 2)),
        ("Adam", {}, lambda o: optim.lr_scheduler.ExponentialLR(o, 0.9)),
        ("RMSprop", {"momentum": 0.9}, lambda o: optim.lr_scheduler.CosineAnnealingLR(o, 5)),
    ]:
        model = nn.Sequential(nn.Linear(3, 2, rng=0), nn.BatchNorm1d(2), nn.Dropout(0.5, rng=1))
        optimizer = getattr(optim, name)(model.parameters(), lr=0.1, **options)
        parts |= {f"model {name}": model, f"optimizer {name}": optimizer, f"schedule {name}": schedule(optimizer)}

    def epoch():
        for x, y in batches:
            for name in AFTER:
                parts[f"optimizer {name}"].zero_grad()
                ag.cross_entropy(parts[f"model {name}"](x), y).backward()
                parts[f"optimizer {name}"].step()
                parts[f"schedule {name}"].step()

    return parts, epoch


AFTER = {  # the weights that 0.1 had at the end of the second epoch
    "SGD": [0.105859, -0.30774, -0.523039, -1.21681, -0.342502, 0.374154],
    "Adam": [-0.230916, -0.660876, -0.158815, -0.247507, 0.676335, 0.726621],
    "RMSprop": [-2.497698, -3.044989, 1.797042, 1.686441, 2.63884, 3.551983],
}


def test_a_run_of_0_1_continues_with_its_numbers(tmp_path):
    file = shutil.copy(FILE, tmp_path)
    parts, epoch = training()
    with pytest.raises(ValueError, match=r"'floor'.*expected.*'eta_min'"):
        Checkpoint(tmp_path, **parts).resume()
    state = load(file)
    schedule = state["parts"]["schedule RMSprop"]
    schedule["eta_min"] = schedule.pop("floor")
    save(file, state)
    assert Checkpoint(tmp_path, **parts).resume() == {"step": 2, "note": "0.1"}
    for _ in range(2):
        epoch()
    for name, expected in AFTER.items():
        np.testing.assert_allclose(parts[f"model {name}"][0].weight.data.ravel(), expected, rtol=1e-4)


def test_a_pickle_of_0_1_does_not_load():
    with pytest.raises(ModuleNotFoundError, match=r"autograd_lite\.tensor"):
        pickle.loads(b"cautograd_lite.tensor\nTensor\n.")
