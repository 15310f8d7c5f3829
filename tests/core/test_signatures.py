"""A positional argument means what it means in PyTorch, or is refused: every signature of `nn` and `optim`.

The table below is what PyTorch 2.13 takes by position. Where PyTorch is installed, it is compared with that.
"""

import inspect

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, data, nn, optim
from autograd_lite.nn import functional, init, utils
from autograd_lite.optim import lr_scheduler

CONV = "in_channels out_channels kernel_size stride padding"
NORM = "num_features eps momentum affine track_running_stats device dtype"
RECURRENT = "input_size hidden_size num_layers bias batch_first dropout bidirectional"
OLD = "size_average reduce reduction"  # what PyTorch's losses took once, still by position

POSITIONAL = {
    # layers
    "nn.Linear": "in_features out_features bias device dtype",
    "nn.Conv1d": f"{CONV} dilation groups bias padding_mode device dtype",
    "nn.Conv2d": f"{CONV} dilation groups bias padding_mode device dtype",
    "nn.ConvTranspose2d": f"{CONV} output_padding groups bias dilation padding_mode device dtype",
    "nn.MaxPool2d": "kernel_size stride padding dilation return_indices ceil_mode",
    "nn.AvgPool2d": "kernel_size stride padding ceil_mode count_include_pad divisor_override",
    "nn.Upsample": "size scale_factor mode align_corners recompute_scale_factor",
    "nn.Flatten": "start_dim end_dim",
    "nn.Dropout": "p inplace",
    "nn.BatchNorm1d": NORM,
    "nn.BatchNorm2d": NORM,
    "nn.LayerNorm": "normalized_shape eps elementwise_affine bias device dtype",
    "nn.Embedding": "num_embeddings embedding_dim padding_idx max_norm norm_type scale_grad_by_freq sparse _weight "
    "_freeze device dtype",
    "nn.RNN": RECURRENT.replace("num_layers", "num_layers nonlinearity"),
    "nn.GRU": RECURRENT,
    "nn.LSTM": f"{RECURRENT} proj_size",
    "nn.ELU": "alpha inplace",
    "nn.GELU": "approximate",
    "nn.Hardtanh": "min_val max_val inplace min_value max_value",
    "nn.Identity": "",
    "nn.LeakyReLU": "negative_slope inplace",
    "nn.LogSoftmax": "dim",
    "nn.ReLU": "inplace",
    "nn.SiLU": "inplace",
    "nn.Sigmoid": "",
    "nn.Softmax": "dim",
    "nn.Softplus": "beta threshold",
    "nn.Tanh": "",
    "nn.Parameter": "data requires_grad",
    "nn.Buffer": "data",
    "nn.Module": "",
    "nn.Sequential": "",
    "nn.ModuleList": "modules",
    "nn.ModuleDict": "modules",
    "nn.AdaptiveAvgPool1d": "output_size",
    "nn.AdaptiveAvgPool2d": "output_size",
    "nn.AdaptiveAvgPool3d": "output_size",
    "nn.AdaptiveMaxPool1d": "output_size return_indices",
    "nn.AdaptiveMaxPool2d": "output_size return_indices",
    "nn.AdaptiveMaxPool3d": "output_size return_indices",
    "nn.AvgPool1d": "kernel_size stride padding ceil_mode count_include_pad",
    "nn.AvgPool3d": "kernel_size stride padding ceil_mode count_include_pad divisor_override",
    "nn.BatchNorm3d": NORM,
    "nn.Bilinear": "in1_features in2_features out_features bias device dtype",
    "nn.CELU": "alpha inplace",
    "nn.CircularPad1d": "padding",
    "nn.CircularPad2d": "padding",
    "nn.CircularPad3d": "padding",
    "nn.ConstantPad1d": "padding value",
    "nn.ConstantPad2d": "padding value",
    "nn.ConstantPad3d": "padding value",
    "nn.Conv3d": f"{CONV} dilation groups bias padding_mode device dtype",
    "nn.ConvTranspose1d": f"{CONV} output_padding groups bias dilation padding_mode device dtype",
    "nn.ConvTranspose3d": f"{CONV} output_padding groups bias dilation padding_mode device dtype",
    "nn.CosineSimilarity": "dim eps",
    "nn.Dropout1d": "p inplace",
    "nn.Dropout2d": "p inplace",
    "nn.Dropout3d": "p inplace",
    "nn.GLU": "dim",
    "nn.GroupNorm": "num_groups num_channels eps affine device dtype",
    "nn.Hardshrink": "lambd",
    "nn.Hardsigmoid": "inplace",
    "nn.Hardswish": "inplace",
    "nn.InstanceNorm1d": NORM,
    "nn.InstanceNorm2d": NORM,
    "nn.InstanceNorm3d": NORM,
    "nn.LogSigmoid": "",
    "nn.MaxPool1d": "kernel_size stride padding dilation return_indices ceil_mode",
    "nn.MaxPool3d": "kernel_size stride padding dilation return_indices ceil_mode",
    "nn.Mish": "inplace",
    "nn.PReLU": "num_parameters init device dtype",
    "nn.PairwiseDistance": "p eps keepdim",
    "nn.ParameterDict": "parameters",
    "nn.ParameterList": "values",
    "nn.RMSNorm": "normalized_shape eps elementwise_affine device dtype",
    "nn.ReLU6": "inplace",
    "nn.ReflectionPad1d": "padding",
    "nn.ReflectionPad2d": "padding",
    "nn.ReflectionPad3d": "padding",
    "nn.ReplicationPad1d": "padding",
    "nn.ReplicationPad2d": "padding",
    "nn.ReplicationPad3d": "padding",
    "nn.SELU": "inplace",
    "nn.Softmin": "dim",
    "nn.Softshrink": "lambd",
    "nn.Softsign": "",
    "nn.Tanhshrink": "",
    "nn.Unflatten": "dim unflattened_size",
    "nn.ZeroPad1d": "padding",
    "nn.ZeroPad2d": "padding",
    "nn.ZeroPad3d": "padding",
    # losses
    "nn.BCELoss": f"weight {OLD}",
    "nn.BCEWithLogitsLoss": f"weight {OLD} pos_weight",
    "nn.CrossEntropyLoss": "weight size_average ignore_index reduce reduction label_smoothing",
    "nn.HuberLoss": "reduction delta",
    "nn.KLDivLoss": f"{OLD} log_target",
    "nn.L1Loss": OLD,
    "nn.MSELoss": OLD,
    "nn.NLLLoss": "weight size_average ignore_index reduce reduction",
    "nn.CosineEmbeddingLoss": f"margin {OLD}",
    "nn.GaussianNLLLoss": "",
    "nn.HingeEmbeddingLoss": f"margin {OLD}",
    "nn.MarginRankingLoss": f"margin {OLD}",
    "nn.MultiLabelSoftMarginLoss": f"weight {OLD}",
    "nn.MultiMarginLoss": f"p margin weight {OLD}",
    "nn.PoissonNLLLoss": "log_input full size_average eps reduce reduction",
    "nn.SmoothL1Loss": f"{OLD} beta",
    "nn.SoftMarginLoss": f"{OLD}",
    "nn.TripletMarginLoss": f"margin p eps swap {OLD}",
    "nn.LinearCrossEntropyLoss": "in_features num_classes",
    "nn.MultiLabelMarginLoss": OLD,
    # rarer modules
    "nn.AlphaDropout": "p inplace",
    "nn.ChannelShuffle": "groups",
    "nn.FeatureAlphaDropout": "p inplace",
    **{f"nn.LPPool{n}d": "norm_type kernel_size stride ceil_mode" for n in (1, 2, 3)},
    "nn.LocalResponseNorm": "size alpha beta k",
    "nn.PixelShuffle": "upscale_factor",
    "nn.PixelUnshuffle": "downscale_factor",
    "nn.RReLU": "lower upper inplace",
    "nn.Softmax2d": "",
    "nn.Transformer": "d_model nhead num_encoder_layers num_decoder_layers dim_feedforward dropout activation "
    "custom_encoder custom_decoder layer_norm_eps batch_first norm_first bias device dtype",
    "nn.TransformerDecoder": "decoder_layer num_layers norm",
    "nn.TransformerDecoderLayer": "d_model nhead dim_feedforward dropout activation layer_norm_eps batch_first "
    "norm_first bias device dtype",
    # functions
    "functional.alpha_dropout": "input p training inplace",
    "functional.channel_shuffle": "input groups",
    "functional.feature_alpha_dropout": "input p training inplace",
    "functional.linear_cross_entropy": "input linear_weight target",
    "functional.local_response_norm": "input size alpha beta k",
    **{f"functional.lp_pool{n}d": "input norm_type kernel_size stride ceil_mode" for n in (1, 2, 3)},
    "functional.multilabel_margin_loss": f"input target {OLD}",
    "functional.pixel_shuffle": "input upscale_factor",
    "functional.pixel_unshuffle": "input downscale_factor",
    "functional.rrelu": "input lower upper training inplace",
    "functional.avg_pool2d": "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
    "functional.batch_norm": "input running_mean running_var weight bias training momentum eps",
    "functional.binary_cross_entropy": f"input target weight {OLD}",
    "functional.binary_cross_entropy_with_logits": f"input target weight {OLD} pos_weight",
    "functional.conv1d": "input weight bias stride padding dilation groups",
    "functional.conv2d": "input weight bias stride padding dilation groups",
    "functional.conv_transpose2d": "input weight bias stride padding output_padding groups dilation",
    "functional.cross_entropy": "input target weight size_average ignore_index reduce reduction label_smoothing",
    "functional.dropout": "input p training inplace",
    "functional.elu": "input alpha inplace",
    "functional.embedding": "input weight padding_idx max_norm norm_type scale_grad_by_freq sparse",
    "functional.gelu": "input approximate",  # by keyword only there
    "functional.hardtanh": "input min_val max_val inplace",
    "functional.huber_loss": "input target reduction delta weight",
    "functional.interpolate": "input size scale_factor mode align_corners recompute_scale_factor antialias",
    "functional.kl_div": f"input target {OLD} log_target",
    "functional.l1_loss": f"input target {OLD} weight",
    "functional.layer_norm": "input normalized_shape weight bias eps",
    "functional.leaky_relu": "input negative_slope inplace",
    "functional.linear": "input weight bias",
    "functional.log_softmax": "input dim _stacklevel dtype",
    "functional.max_pool2d": "input kernel_size stride padding dilation ceil_mode return_indices",
    "functional.mse_loss": f"input target {OLD} weight",
    "functional.nll_loss": "input target weight size_average ignore_index reduce reduction",
    "functional.one_hot": "input num_classes",
    "functional.relu": "input inplace",
    "functional.sigmoid": "input",
    "functional.silu": "input inplace",
    "functional.softmax": "input dim _stacklevel dtype",
    "functional.softplus": "input beta threshold",
    "functional.tanh": "input",
    "functional.adaptive_avg_pool1d": "input output_size",
    "functional.adaptive_avg_pool2d": "input output_size",
    "functional.adaptive_avg_pool3d": "input output_size",
    "functional.adaptive_max_pool1d": "input output_size return_indices",
    "functional.adaptive_max_pool2d": "input output_size return_indices",
    "functional.adaptive_max_pool3d": "input output_size return_indices",
    "functional.avg_pool1d": "input kernel_size stride padding ceil_mode count_include_pad",
    "functional.avg_pool3d": "input kernel_size stride padding ceil_mode count_include_pad divisor_override",
    "functional.bilinear": "input1 input2 weight bias",
    "functional.celu": "input alpha inplace",
    "functional.conv3d": "input weight bias stride padding dilation groups",
    "functional.conv_transpose1d": "input weight bias stride padding output_padding groups dilation",
    "functional.conv_transpose3d": "input weight bias stride padding output_padding groups dilation",
    "functional.cosine_embedding_loss": f"input1 input2 target margin {OLD}",
    "functional.cosine_similarity": "x1 x2 dim eps",
    "functional.dropout1d": "input p training inplace",
    "functional.dropout2d": "input p training inplace",
    "functional.dropout3d": "input p training inplace",
    "functional.gaussian_nll_loss": "input target var full eps reduction",
    "functional.glu": "input dim",
    "functional.group_norm": "input num_groups weight bias eps",
    "functional.hardshrink": "input lambd",
    "functional.hardsigmoid": "input inplace",
    "functional.hardswish": "input inplace",
    "functional.hinge_embedding_loss": f"input target margin {OLD}",
    "functional.instance_norm": "input running_mean running_var weight bias use_input_stats momentum eps",
    "functional.logsigmoid": "input",
    "functional.margin_ranking_loss": f"input1 input2 target margin {OLD}",
    "functional.max_pool1d": "input kernel_size stride padding dilation ceil_mode return_indices",
    "functional.max_pool3d": "input kernel_size stride padding dilation ceil_mode return_indices",
    "functional.mish": "input inplace",
    "functional.multi_margin_loss": f"input target p margin weight {OLD}",
    "functional.multilabel_soft_margin_loss": f"input target weight {OLD}",
    "functional.normalize": "input p dim eps out",
    "functional.pad": "input pad mode value",
    "functional.pairwise_distance": "x1 x2 p eps keepdim",
    "functional.poisson_nll_loss": "input target log_input full size_average eps reduce reduction",
    "functional.prelu": "input weight",
    "functional.relu6": "input inplace",
    "functional.rms_norm": "input normalized_shape weight eps",
    "functional.selu": "input inplace",
    "functional.smooth_l1_loss": f"input target {OLD} beta",
    "functional.soft_margin_loss": f"input target {OLD}",
    "functional.softmin": "input dim _stacklevel dtype",
    "functional.softshrink": "input lambd",
    "functional.softsign": "input",
    "functional.tanhshrink": "input",
    "functional.threshold": "input threshold value inplace",
    "functional.triplet_margin_loss": f"anchor positive negative margin p eps swap {OLD}",
    # initial values, gradients
    "init.calculate_gain": "nonlinearity param",
    "init.constant_": "tensor val",
    "init.eye_": "tensor",
    "init.orthogonal_": "tensor gain generator",
    "init.trunc_normal_": "tensor mean std a b generator",
    "init.kaiming_normal_": "tensor a mode nonlinearity generator",
    "init.kaiming_uniform_": "tensor a mode nonlinearity generator",
    "init.normal_": "tensor mean std generator",
    "init.ones_": "tensor",
    "init.uniform_": "tensor a b generator",
    "init.xavier_normal_": "tensor gain generator",
    "init.xavier_uniform_": "tensor gain generator",
    "init.zeros_": "tensor",
    "utils.clip_grad_norm_": "parameters max_norm norm_type error_if_nonfinite foreach",
    "utils.clip_grad_value_": "parameters clip_value foreach",
    # optimizers, schedules
    "optim.SGD": "params lr momentum dampening weight_decay nesterov",
    "optim.Adagrad": "params lr lr_decay weight_decay initial_accumulator_value eps foreach",
    "optim.Adam": "params lr betas eps weight_decay amsgrad",
    "optim.AdamW": "params lr betas eps weight_decay amsgrad",
    "optim.RMSprop": "params lr alpha eps weight_decay momentum centered capturable foreach maximize differentiable",
    "optim.Optimizer": "params defaults",
    "optim.ASGD": "params lr lambd alpha t0 weight_decay foreach maximize differentiable capturable",
    "optim.Adadelta": "params lr rho eps weight_decay foreach",
    "optim.Adamax": "params lr betas eps weight_decay foreach",
    "optim.LBFGS": "params lr max_iter max_eval tolerance_grad tolerance_change history_size line_search_fn",
    "optim.NAdam": "params lr betas eps weight_decay momentum_decay decoupled_weight_decay",
    "optim.RAdam": "params lr betas eps weight_decay decoupled_weight_decay",
    "optim.Rprop": "params lr etas step_sizes",
    "lr_scheduler.ChainedScheduler": "schedulers optimizer",
    "lr_scheduler.ConstantLR": "optimizer factor total_iters last_epoch",
    "lr_scheduler.CosineAnnealingWarmRestarts": "optimizer T_0 T_mult eta_min last_epoch",
    "lr_scheduler.CyclicLR": "optimizer base_lr max_lr step_size_up step_size_down mode gamma scale_fn scale_mode "
    "cycle_momentum base_momentum max_momentum last_epoch",
    "lr_scheduler.MultiplicativeLR": "optimizer lr_lambda last_epoch",
    "lr_scheduler.OneCycleLR": "optimizer max_lr total_steps epochs steps_per_epoch pct_start anneal_strategy "
    "cycle_momentum base_momentum max_momentum div_factor final_div_factor three_phase last_epoch",
    "lr_scheduler.PolynomialLR": "optimizer total_iters power last_epoch",
    "lr_scheduler.CosineAnnealingLR": "optimizer T_max eta_min last_epoch",
    "lr_scheduler.ExponentialLR": "optimizer gamma last_epoch",
    "lr_scheduler.LRScheduler": "optimizer last_epoch",
    "lr_scheduler.LambdaLR": "optimizer lr_lambda last_epoch",
    "lr_scheduler.LinearLR": "optimizer start_factor end_factor total_iters last_epoch",
    "lr_scheduler.MultiStepLR": "optimizer milestones gamma last_epoch",
    "lr_scheduler.ReduceLROnPlateau": "optimizer mode factor patience threshold threshold_mode cooldown min_lr eps",
    "lr_scheduler.SequentialLR": "optimizer schedulers milestones last_epoch",
    "lr_scheduler.StepLR": "optimizer step_size gamma last_epoch",
    # methods
    "nn.GRUCell": "input_size hidden_size bias device dtype",
    "nn.LSTMCell": "input_size hidden_size bias device dtype",
    "nn.RNNCell": "input_size hidden_size bias nonlinearity device dtype",
    "nn.MultiheadAttention": "embed_dim num_heads dropout bias add_bias_kv add_zero_attn kdim vdim batch_first device "
    "dtype",
    "nn.TransformerEncoder": "encoder_layer num_layers norm enable_nested_tensor mask_check",
    "nn.TransformerEncoderLayer": "d_model nhead dim_feedforward dropout activation layer_norm_eps batch_first "
    "norm_first bias device dtype",
    "functional.scaled_dot_product_attention": "query key value attn_mask dropout_p is_causal scale enable_gqa",
    "utils.parameters_to_vector": "parameters",
    "utils.vector_to_parameters": "vec parameters",
    "nn.Module.named_modules": "memo prefix remove_duplicate",
    "nn.Module.modules": "remove_duplicate",
    "nn.Module.named_parameters": "prefix recurse remove_duplicate",
    "nn.Module.parameters": "recurse",
    "nn.Module.named_buffers": "prefix recurse remove_duplicate",
    "nn.Module.buffers": "recurse",
    "nn.Module.register_buffer": "name tensor persistent",
    "nn.Module.register_parameter": "name param",
    "nn.Module.train": "mode",
    "nn.Module.add_module": "name module",
    "nn.Module.register_module": "name module",
    "nn.Module.apply": "fn",
    "nn.Module.children": "",
    "nn.Module.cpu": "",
    "nn.Module.double": "",
    "nn.Module.float": "",
    "nn.Module.half": "",
    "nn.Module.get_buffer": "target",
    "nn.Module.get_parameter": "target",
    "nn.Module.get_submodule": "target",
    "nn.Module.named_children": "",
    "nn.Module.to": "",
    "nn.Module.register_forward_hook": "hook",
    "nn.Module.register_forward_pre_hook": "hook",
    "nn.Module.register_full_backward_hook": "hook prepend",
    "nn.Module.eval": "",
    "nn.Module.requires_grad_": "requires_grad",
    "nn.Module.zero_grad": "set_to_none",
    "nn.Module.state_dict": "",
    "nn.Module.load_state_dict": "state_dict strict assign",
    "nn.Module.extra_repr": "",
    "nn.Sequential.append": "module",
    "nn.Sequential.forward": "input",
    "nn.ModuleList.append": "module",
    "nn.ModuleList.extend": "modules",
    "nn.ModuleList.insert": "index module",
    "nn.ModuleDict.clear": "",
    "nn.ModuleDict.items": "",
    "nn.ModuleDict.keys": "",
    "nn.ModuleDict.pop": "key",
    "nn.ModuleDict.update": "modules",
    "nn.ModuleDict.values": "",
    "optim.Optimizer.add_param_group": "param_group",
    "optim.Optimizer.load_state_dict": "state_dict",
    "optim.Optimizer.state_dict": "",
    "optim.Optimizer.step": "closure",
    "optim.Optimizer.zero_grad": "set_to_none",
    "lr_scheduler.LRScheduler.get_last_lr": "",
    "lr_scheduler.LRScheduler.load_state_dict": "state_dict",
    "lr_scheduler.LRScheduler.state_dict": "",
    "lr_scheduler.LRScheduler.step": "epoch",
    "lr_scheduler.ReduceLROnPlateau.step": "metrics epoch",
    "lr_scheduler.ReduceLROnPlateau.get_last_lr": "",
    "lr_scheduler.ReduceLROnPlateau.load_state_dict": "state_dict",
    "lr_scheduler.ReduceLROnPlateau.state_dict": "",
}
# The same under another name.
CALLED = {"x": "input", "logits": "input", "log_probabilities": "input", "indices": "input", "labels": "input",
          "classes": "num_classes", "group": "param_group"}  # fmt: skip
ONLY_HERE = {
    "nn.ModuleDict.pop": {"name": "key"},
    "functional.scaled_dot_product_attention": {"value": "value"},
}
# What PyTorch does not have, or has as another thing that our arguments refuse (`Threshold` wants arrays of weights).
OWN = {"nn.HingeLoss", "functional.hinge_loss", "nn.Perceptron", "nn.Threshold",
       "nn.Module.astype", "nn.Module.forward", "optim.Optimizer.check", "optim.Optimizer.prepare",
       "optim.Optimizer.apply", "optim.Optimizer.used_states",
       "optim.Optimizer.update", "optim.Optimizer.updates", "lr_scheduler.LRScheduler.check",
       "lr_scheduler.LRScheduler.factor", "lr_scheduler.LRScheduler.learning_rate",
       "lr_scheduler.ReduceLROnPlateau.check"}  # fmt: skip
# What `compile` asks of them, without arguments.
OWN |= {f"{name}.versioned_parts" for name in ("nn.Module", "optim.Optimizer", "lr_scheduler.LRScheduler",
                                               "lr_scheduler.ReduceLROnPlateau")}  # fmt: skip
OWN |= {f"{name}.read_state" for name in ("optim.Optimizer", "lr_scheduler.LRScheduler",
                                          "lr_scheduler.ReduceLROnPlateau")}  # fmt: skip

PLACES = {
    "nn": nn,
    "functional": functional,
    "init": init,
    "utils": utils,
    "optim": optim,
    "lr_scheduler": lr_scheduler,
}
WITH_METHODS = (nn.Module, nn.Sequential, nn.ModuleList, nn.ModuleDict, optim.Optimizer, lr_scheduler.LRScheduler,
                lr_scheduler.ReduceLROnPlateau)  # fmt: skip


def public():
    """Every public class, function and method that is called with arguments, by its name in the table."""
    found = {}
    for place, module in PLACES.items():
        for name in getattr(module, "__all__", vars(module)):
            thing = getattr(module, name)
            if inspect.ismodule(thing) or not callable(thing) or name.startswith("_") or not _is_of(place, thing):
                continue
            found[f"{place}.{name}"] = thing
            for method in vars(thing) if thing in WITH_METHODS else ():
                if not method.startswith("_") and inspect.isfunction(vars(thing)[method]):
                    found[f"{place}.{name}.{method}"] = vars(thing)[method]
    inherited = {"nn.Module": (
        "register_buffer", "register_parameter", "add_module", "register_module", "apply", "astype", "children", "cpu",
        "double", "float", "get_buffer", "get_parameter", "get_submodule", "half", "named_children", "to",
        "register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook")}  # fmt: skip
    inherited |= dict.fromkeys(("lr_scheduler.LRScheduler", "lr_scheduler.ReduceLROnPlateau"), (
        "check", "get_last_lr", "load_state_dict", "read_state", "state_dict", "versioned_parts"))  # fmt: skip
    for owner, methods in inherited.items():
        for method in methods:
            found[f"{owner}.{method}"] = getattr(found[owner], method)
    return found


def _is_of(place, thing):
    return place not in ("init", "utils") or f"nn.{place}" in getattr(thing, "__module__", "")


PUBLIC = public()


def positional(function):
    """The names of what a function, a method or the constructor of a class takes by position."""
    function = function.__init__ if inspect.isclass(function) else function
    if function is object.__init__:
        return []
    parameters = inspect.signature(function).parameters.values()
    return [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"]


def test_the_table_has_every_public_name():
    assert set(PUBLIC) == set(POSITIONAL) | OWN
    assert not OWN & set(POSITIONAL)


def test_what_is_taken_by_position_is_what_pytorch_takes_there():
    for name, theirs in POSITIONAL.items():
        called = {**CALLED, **ONLY_HERE.get(name, {})}
        ours = [called.get(own, own) for own in positional(PUBLIC[name])]
        assert ours == theirs.split()[: len(ours)], name


# What modules are called with, other than an input, or for losses an input and a target.
FORWARD = {
    "Bilinear": "input1 input2",
    "CosineEmbeddingLoss": "input1 input2 target",
    **{f"ConvTranspose{n}d": "input output_size" for n in (1, 2, 3)},
    "CosineSimilarity": "x1 x2",
    "GaussianNLLLoss": "input target var",
    "MarginRankingLoss": "input1 input2 target",
    "MultiheadAttention": "query key value key_padding_mask need_weights attn_mask average_attn_weights is_causal",
    "TransformerEncoder": "src mask src_key_padding_mask is_causal",
    "TransformerEncoderLayer": "src src_mask src_key_padding_mask is_causal",
    "PairwiseDistance": "x1 x2",
    "Transformer": "src tgt src_mask tgt_mask memory_mask src_key_padding_mask tgt_key_padding_mask "
    "memory_key_padding_mask src_is_causal tgt_is_causal memory_is_causal",
    **dict.fromkeys(
        ("TransformerDecoder", "TransformerDecoderLayer"),
        "tgt memory tgt_mask memory_mask tgt_key_padding_mask memory_key_padding_mask tgt_is_causal memory_is_causal",
    ),
    "TripletMarginLoss": "anchor positive negative",
}


@pytest.mark.parametrize("name", [name for name in nn.__all__ if isinstance(getattr(nn, name), type)])
def test_modules_are_called_as_in_pytorch(name):
    kind = getattr(nn, name)
    if issubclass(kind, nn.Module) and kind.forward is not nn.Module.forward:
        ours = " ".join(CALLED.get(own, own) for own in positional(kind.forward))
        theirs = FORWARD.get(name, "input target" if name.endswith("Loss") else "input")
        assert ours in (theirs, "input hx")


def test_the_table_is_what_pytorch_takes():
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")
    places = {"nn": torch.nn, "functional": torch.nn.functional, "init": torch.nn.init, "utils": torch.nn.utils,
              "optim": torch.optim, "lr_scheduler": torch.optim.lr_scheduler}  # fmt: skip
    different, compared = {}, 0
    for name, ours in POSITIONAL.items():
        place, *path = name.split(".")
        theirs = places[place]
        for part in path:
            theirs = getattr(theirs, part)
        try:
            signature = inspect.signature(theirs.__init__ if inspect.isclass(theirs) else theirs)
        except ValueError:
            continue  # written in C, without a signature
        if any(p.kind is p.VAR_POSITIONAL for p in signature.parameters.values()):
            continue
        compared += 1
        if positional(theirs) != ours.split():
            different[name] = positional(theirs)
    assert different == {}
    assert compared > 200


# -- what PyTorch does not have ---------------------------------------------------------------------------------------


ALL = {**PUBLIC, "Tensor": Tensor, **{f"data.{name}": getattr(data, name) for name in ("Batches", "train_test_split")}}


def parameters_of(thing):
    function = thing.__init__ if inspect.isclass(thing) else thing
    return {} if function is object.__init__ else inspect.signature(function).parameters


def test_generators_and_dtypes_are_never_taken_by_position():
    for name in ALL:
        if name.startswith(("nn", "func", "init", "optim", "data")):
            parameters = parameters_of(ALL[name])
            for own in {"rng", "dtype"} & set(parameters) - ({"dtype"} if name == "nn.Module.astype" else set()):
                assert parameters[own].kind is inspect.Parameter.KEYWORD_ONLY, (name, own)


WEIGHT = np.ones((2, 2), np.float32)
RANDOM = {
    "nn.Linear": lambda rng: nn.Linear(2, 2, rng=rng),
    "nn.Conv1d": lambda rng: nn.Conv1d(1, 1, 1, rng=rng),
    "nn.Conv2d": lambda rng: nn.Conv2d(1, 1, 1, rng=rng),
    **{f"nn.{name}": lambda rng, name=name: getattr(nn, name)(1, 1, 1, rng=rng)
       for name in ("Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d", "Bilinear")},
    **{f"nn.Dropout{n}": lambda rng, n=n: getattr(nn, f"Dropout{n}")(rng=rng) for n in ("", "1d", "2d", "3d")},
    "functional.dropout1d": lambda rng: functional.dropout1d(np.ones((1, 1)), rng=rng),
    "functional.dropout2d": lambda rng: functional.dropout2d(np.ones((1, 1, 1)), rng=rng),
    "functional.dropout3d": lambda rng: functional.dropout3d(np.ones((1, 1, 1, 1)), rng=rng),
    "nn.Embedding": lambda rng: nn.Embedding(2, 2, rng=rng),
    **{f"nn.{name}": lambda rng, name=name: getattr(nn, name)(2, 2, rng=rng) for name in
       ("RNN", "GRU", "LSTM", "RNNCell", "GRUCell", "LSTMCell", "MultiheadAttention", "TransformerEncoderLayer",
        "TransformerDecoderLayer", "LinearCrossEntropyLoss")},
    "nn.Transformer": lambda rng: nn.Transformer(2, 2, 1, 1, 2, rng=rng),
    **{f"nn.{name}": lambda rng, name=name: getattr(nn, name)(rng=rng)
       for name in ("AlphaDropout", "FeatureAlphaDropout", "RReLU")},
    **{f"functional.{name}": lambda rng, name=name: getattr(functional, name)(np.ones((1, 1)), training=True, rng=rng)
       for name in ("alpha_dropout", "feature_alpha_dropout", "rrelu")},
    "functional.scaled_dot_product_attention": lambda rng: functional.scaled_dot_product_attention(
        np.ones((2, 3)), np.ones((9, 3)), np.ones((9, 3)), dropout_p=0.5, rng=rng),
    "functional.dropout": lambda rng: functional.dropout(np.ones(3), rng=rng),
    **{f"init.{name}": lambda rng, name=name: getattr(init, name)(Tensor(WEIGHT), rng=rng)
       for name in ("uniform_", "normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_",
                    "orthogonal_", "trunc_normal_")},
    "data.Batches": lambda rng: data.Batches(WEIGHT, batch_size=1, rng=rng),
    "data.train_test_split": lambda rng: data.train_test_split(WEIGHT, rng=rng),
}  # fmt: skip


def test_the_list_of_what_draws_is_complete():
    assert {name for name in ALL if "rng" in parameters_of(ALL[name])} == set(RANDOM)


@pytest.mark.parametrize("name", RANDOM)
def test_a_switch_is_no_generator(name):
    for switch in (True, False, np.True_, np.False_):
        with pytest.raises(TypeError, match=r"rng must be a numpy.random.Generator, .*, not (np\.)?(True|False)"):
            RANDOM[name](switch)
    for rng in (0, np.int64(3), np.random.default_rng(0), None):
        RANDOM[name](rng)


def test_the_sample_of_a_frozen_mask_is_refused():
    x = np.ones(10)
    assert functional.dropout(x, 0.0, True, False) is x  # the last is `inplace`, as in PyTorch, and no generator
    with pytest.raises(TypeError, match="seed must be an integer, at least 0, or None, not True"):
        ag.manual_seed(True)


def test_numbers_are_no_switches():
    """An option that PyTorch has in another place would be one in the place of the other."""
    w = Tensor([1.0], requires_grad=True)
    for arguments in ((0.1, 0.9, 0, 0, 0.01), (0.1, 0.9, True), (True,)):
        with pytest.raises(ValueError, match=r"SGD: .* must be (True or False|a number, at least 0), not"):
            optim.SGD([w], *arguments)
    with pytest.raises(ValueError, match="centered must be True or False, not 0"):
        optim.RMSprop([w], 0.1, 0.9, 1e-8, 0, 0.9, 0)
    with pytest.raises(TypeError, match="training must be True or False, not 1"):
        functional.dropout(np.ones(3), 0.5, 1)


# -- options that are tensors ------------------------------------------------------------------------------------------


OPTIONS = {
    "functional.dropout p": lambda p: functional.dropout(np.ones(3), p),
    "functional.softplus beta": lambda p: functional.softplus(np.ones(3), p),
    "nn.Dropout p": lambda p: nn.Dropout(p),
    "nn.RNN dropout": lambda p: nn.RNN(2, 2, 2, dropout=p),
    "nn.LSTM dropout": lambda p: nn.LSTM(2, 2, 2, dropout=p),
    "nn.GRU dropout": lambda p: nn.GRU(2, 2, 2, dropout=p),
    "nn.BatchNorm1d eps": lambda p: nn.BatchNorm1d(2, p),
    "nn.BatchNorm2d momentum": lambda p: nn.BatchNorm2d(2, 1e-5, p),
    "nn.LayerNorm eps": lambda p: nn.LayerNorm(2, p),
    "nn.Softplus beta": lambda p: nn.Softplus(p),
    "nn.LeakyReLU negative_slope": lambda p: nn.LeakyReLU(p),
    "nn.ELU alpha": lambda p: nn.ELU(p),
    "nn.Hardtanh min_val": lambda p: nn.Hardtanh(p),
    "nn.Hardtanh max_val": lambda p: nn.Hardtanh(-1.0, p),
    "nn.HuberLoss delta": lambda p: nn.HuberLoss(delta=p),
    "init.uniform_ b": lambda p: init.uniform_(Tensor(WEIGHT), 0, p),
    "init.normal_ std": lambda p: init.normal_(Tensor(WEIGHT), 0, p),
    "init.xavier_normal_ gain": lambda p: init.xavier_normal_(Tensor(WEIGHT), p),
    "init.kaiming_normal_ a": lambda p: init.kaiming_normal_(Tensor(WEIGHT), p),
    "utils.clip_grad_norm_ max_norm": lambda p: utils.clip_grad_norm_([], p),
    "utils.clip_grad_value_ clip_value": lambda p: utils.clip_grad_value_([], p),
    "optim.SGD lr": lambda p: optim.SGD([Tensor([1.0])], p),
    "optim.Adam betas": lambda p: optim.Adam([Tensor([1.0])], betas=(p, 0.9)),
    "lr_scheduler.ExponentialLR gamma": lambda p: lr_scheduler.ExponentialLR(optim.SGD([Tensor([1.0])], 0.1), p),
    "lr_scheduler.LinearLR start_factor": lambda p: lr_scheduler.LinearLR(optim.SGD([Tensor([1.0])], 0.1), p),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_that_is_a_tensor_is_refused_because_it_would_get_no_gradient(option):
    OPTIONS[option](0.5)
    is_read = option.startswith("optim")  # as in PyTorch, an option of an optimizer can be a tensor without a graph
    for p in (Tensor(0.5, requires_grad=True), Tensor(0.25, requires_grad=True) * 2, *[Tensor(0.5)] * (not is_read)):
        with pytest.raises((TypeError, ValueError), match=r"not (\()?Tensor\(0.5|no derivative with respect to"):
            OPTIONS[option](p)
