"""Whole hand-ins as students of several years make them, and the points that each must lose, by function, reasoned by hand.

Five hands (`hands/`) wrote the assignments independently of each other and of the reference, in the habits of their years. Each
recipe takes one of them, changes what a student would have done otherwise, and packs it as it would arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.assignments.hand_ins.dress import (
    Dress,
    Files,
    added,
    bom,
    colab_notebook,
    crlf,
    flat,
    latin_1,
    macosx,
    moved,
    notebook,
    old_notebook,
    only,
    prefixed,
    put_before,
    replaced,
    repository,
    tabs,
    without,
)

__all__ = ["CS231N", "ECE247", "HandIn"]

KEPT = 0.4  # of points lost to another function's error, as much stays lost: `carry_forward` gives 0.6 back

LAYERS, NET, UTILS = "cs231n/layers.py", "cs231n/classifiers/fc_net.py", "cs231n/layer_utils.py"


@dataclass(frozen=True, kw_only=True)
class HandIn:
    """edits: (path, old text, new text), each text found once.

    lost: the share of its points that a check or, by the function's name, all of a function's checks lose; least and most where
    the share hangs on chance. KEPT of it stays lost where the error is another function's. `why` says what does not go without
    saying. questions: the points of each question that is read, by its id; None where a person has to look. told: ids of findings
    that the student reads somewhere; not_told: of findings that would be false.
    """

    name: str
    hand: str
    edits: tuple[tuple[str, str, str], ...] = ()
    dress: tuple[Dress, ...] = ()
    zip: bool = False
    lost: Mapping[str, float | tuple[float, float]] = field(default_factory=dict)
    questions: Mapping[str, float | None] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    not_told: tuple[str, ...] = ()
    finish: Callable[[Files], Files] | None = None
    why: str = ""


# --- CS231n ---------------------------------------------------------------------------------------------------------------------

# Layer normalization came into the course in 2018: two functions, and what the network does with them.
NO_LAYERNORM = {
    "layernorm_forward": 1,
    "layernorm_backward": 1,
    "network_layernorm_loss": 1,
    "network_layernorm_gradients": 1,
    "training_layernorm": 1,
}

NETWORK_OF_LAYERNORM = ("network_layernorm_loss", "network_layernorm_gradients", "training_layernorm")

FOLDER = "김철수 과제 2"

ANSWERS = [
    "## Inline Question 3:\nWhich of these steps is analogous to batch normalization, and which to layer normalization?\n"
    "1. a\n2. b\n3. c\n4. d\n\n## Answer:\nBatch normalization: 3, layer normalization: 2",
    "## Inline Question 4:\nWhen is layer normalization likely to not work well?\n\n1. deep\n2. small\n3. reg\n\n## Answer:\n2",
]

CS231N = (
    # Right, whatever the year and the habit.
    HandIn(name="y2017", hand="cs2017", lost=NO_LAYERNORM),
    HandIn(name="y2019", hand="cs2019"),
    HandIn(name="y2022", hand="cs2022"),
    HandIn(
        name="y2022_layers_as_a_package",
        hand="cs2022",
        dress=(
            moved(LAYERS, "cs231n/layers/everything.py"),
            added({"cs231n/layers/__init__.py": "from cs231n.layers.everything import *\n"}),
        ),
    ),
    HandIn(
        name="y2019_packages_of_packages",
        hand="cs2019",
        edits=(
            (NET, "from ..layers import *", "from ...layers import *"),
            (NET, "from ..layer_utils import *", "from ...layer_utils import *"),
        ),
        dress=(
            moved(LAYERS, "cs231n/layers/layers.py"),
            moved(NET, "cs231n/classifiers/fc_net/network.py"),
            added(
                {
                    "cs231n/layers/__init__.py": "from .layers import *\n",
                    "cs231n/classifiers/fc_net/__init__.py": "from .network import FullyConnectedNet\n",
                }
            ),
            prefixed("assignment2"),
        ),
    ),
    HandIn(name="y2019_repository", hand="cs2019", dress=(repository, macosx), zip=True),
    HandIn(
        name="y2022_collected",
        hand="cs2022",
        dress=(added({"BatchNormalization.ipynb": notebook(["x = 1"], ANSWERS)}),),
        zip=True,
        finish=lambda got: {
            "a2_code_submission.zip": got["y2022_collected.zip"],
            "a2_inline_submission.pdf": b"%PDF-1.4\n",
        },
        questions={"q3": 2, "q4": 2},
    ),
    HandIn(
        name="y2022_copies",
        hand="cs2022",
        dress=(
            added(
                {
                    "cs231n/layers (1).py": "def batchnorm_forward(x, gamma, beta, bn_param):\n    pass\n",
                    "cs231n/layers-Copy1.py": "def batchnorm_forward(x, gamma, beta, bn_param):\n    return x * 2, None\n",
                    "old/layers.py": "def batchnorm_forward(x, gamma, beta, bn_param):\n    return x * 2, None\n",
                    "old/cs231n/layers.py": "def batchnorm_forward(x, gamma, beta, bn_param):\n    return x * 2, None\n",
                }
            ),
        ),
    ),
    HandIn(
        name="y2017_windows",
        hand="cs2017",
        dress=(tabs(LAYERS), crlf, bom),
        lost=NO_LAYERNORM,
    ),
    HandIn(
        name="y2019_comments",
        hand="cs2019",
        dress=(
            latin_1(LAYERS, "déjà vérifié, Größe stimmt"),
            put_before(NET, "# 배치 정규화를 먼저, 그 다음 ReLU\n# сначала нормализация\n# 先做批归一化\n"),
        ),
    ),
    HandIn(
        name="y2019_flat",
        hand="cs2019",
        dress=(flat,),
        why="layers.py, layer_utils.py, fc_net.py side by side",
    ),
    HandIn(
        name="y2022_imports",
        hand="cs2022",
        dress=(
            put_before(
                LAYERS,
                "from __future__ import print_function\nfrom past.builtins import xrange\nfrom turtle import forward\n"
                "import torch\nfrom torch import nn\nfrom IPython.core.debugger import Tracer\nfrom .im2col import *\n"
                "from cs231n.im2col_cython import col2im_cython, im2col_cython\nimport scipy.misc\n",
            ),
        ),
        why="the Cython module was never built and im2col.py not handed in",
    ),
    HandIn(
        name="y2019_colab",
        hand="cs2019",
        dress=(
            added(
                {
                    "BatchNormalization (1).ipynb": colab_notebook(
                        ["import numpy as np\nx = np.ones(3)"], ANSWERS
                    )
                }
            ),
        ),
        questions={"q3": 2, "q4": 2},
    ),
    HandIn(
        name="y2017_old_notebook",
        hand="cs2017",
        dress=(added({"BatchNormalization.ipynb": old_notebook(["print 'Loading data'"], ANSWERS)}),),
        lost=NO_LAYERNORM,
        questions={"q3": 2, "q4": 2},
    ),
    HandIn(
        name="y2022_shapes",
        hand="cs2022",
        edits=(
            (LAYERS, "    loss /= num\n", "    loss = np.array([loss / num])\n"),
            (
                LAYERS,
                "(dout * c.xhat).sum(0), dout.sum(0)",
                "(dout * c.xhat).sum(0, keepdims=True), dout.sum(0)[None, :]",
            ),
            (LAYERS, "    return dx, dgamma, dbeta\n", "    return dx, dgamma[None], dbeta[None]\n"),
            (
                NET,
                "        return loss, grads\n",
                "        grads['loss'] = loss\n        grads['W0_unused'] = 0\n        return loss, grads\n",
            ),
        ),
        why="a loss of shape (1,), gradients of shape (1, D), keys of one's own: all of it works in the course's notebook",
    ),
    HandIn(
        name="y2019_noise",
        hand="cs2019",
        edits=(
            (
                LAYERS,
                "    N, D = dout.shape\n    axis",
                "    print('dout', dout.shape)\n    N, D = dout.shape\n    axis",
            ),
            (
                NET,
                "        X = X.astype(self.dtype)\n",
                "        print(X.shape, X.dtype)\n        X = X.astype(self.dtype)\n",
            ),
        ),
        dress=(
            put_before(
                LAYERS,
                "import warnings\nimport numpy as np\nnp.random.seed(231)\nnp.seterr(all='raise')\nwarnings.simplefilter('error')\n"
                "import matplotlib.pyplot as plt\nplt.rcParams['figure.figsize'] = (10.0, 8.0)\n",
            ),
        ),
    ),
    HandIn(
        name="y2019_other_package",
        hand="cs2019",
        dress=(
            moved(LAYERS, "cs682/layers.py"),
            moved(NET, "cs682/classifiers/fc_net.py"),
            moved(UTILS, "cs682/layer_utils.py"),
            prefixed("assignment2 (copy)"),
        ),
    ),
    HandIn(
        name="y2019_old_names",
        hand="cs2019",
        edits=(
            (LAYERS, "db = dout.T.dot(np.ones(N))", "db = dout.T.dot(np.ones(N, dtype=np.float))"),
            (
                LAYERS,
                "mask = (np.random.rand(*x.shape) < p) / p",
                "mask = (np.random.rand(*x.shape) < p).astype(np.bool) / p",
            ),
            (NET, "layers_dims = np.hstack(", "layers_dims = np.array(np.hstack("),
            (NET, "hidden_dims, num_classes])\n", "hidden_dims, num_classes]), dtype=np.int)\n"),
        ),
    ),
    HandIn(
        name="y2022_other_names",
        hand="cs2022",
        dress=(
            replaced(
                NET,
                {
                    "W{i}": "W{i - 1}",
                    "b{i}": "b{i - 1}",
                    "gamma{i}": "bn_gamma_{i - 1}",
                    "beta{i}": "bn_beta_{i - 1}",
                },
            ),
        ),
        why="parameters counted from 0, and the normalization's by names of their own",
    ),
    HandIn(
        name="y2022_loops",
        hand="cs2022",
        edits=(
            (
                LAYERS,
                "    out = np.einsum('nd,dm->nm', x.reshape(x.shape[0], -1), w) + b[None, :]\n",
                "    flat = x.reshape(x.shape[0], -1)\n    out = np.zeros((flat.shape[0], w.shape[1]))\n"
                "    for n in range(flat.shape[0]):\n        for m in range(w.shape[1]):\n            total = 0\n"
                "            for d in range(w.shape[0]):\n                total += flat[n, d] * w[d, m]\n"
                "            out[n, m] = total + b[m]\n",
            ),
        ),
    ),
    HandIn(
        name="y2017_one_entry",
        hand="cs2017",
        edits=(
            (
                LAYERS,
                "  dgamma = np.sum(dgammax * xhat, axis=0)\n",
                "  dgamma = np.zeros(D)\n  for d in range(D):\n    dgamma[d] = np.sum(dout[:, [d]] * xhat[:, [d]], axis=0)\n",
            ),
            (
                LAYERS,
                "np.arange(N), y])) / N\n",
                "np.arange(N), y]), keepdims=True) / N\n  loss = float(loss)\n",
            ),
        ),
        lost=NO_LAYERNORM,
        why="arrays of one entry for numbers, which NumPy took until 2.3",
    ),
    HandIn(
        name="y2017_starter_slip",
        hand="cs2017",
        edits=((NET, "        bn_param['mode'] = mode\n", "        bn_param[mode] = mode\n"),),
        lost=NO_LAYERNORM,
        why="the line is the starter code's",
    ),
    HandIn(
        name="y2022_keywords",
        hand="cs2022",
        edits=(
            (
                NET,
                "        seed=None,\n    ):",
                "        seed=None,\n        use_batchnorm=None,\n        **kwargs\n    ):",
            ),
            (
                NET,
                '            self.bn_params = [{"mode": "train"} for i in range(self.num_layers - 1)]',
                "            self.bn_params = [dict(mode='train', eps=1e-5, momentum=0.9) for i in range(self.num_layers)]",
            ),
        ),
        why="settings of one's own, more than are needed",
    ),
    HandIn(
        name="y2019_two_versions",
        hand="cs2019",
        dress=(
            prefixed(f"{FOLDER}/assignment2_final_REAL"),
            added(
                {
                    f"{FOLDER}/assignment2/cs231n/layers.py": "def batchnorm_forward(x, gamma, beta, bn_param):\n    pass\n",
                    f"{FOLDER}/assignment2/cs231n/classifiers/fc_net.py": "class FullyConnectedNet(object):\n    pass\n",
                    f"{FOLDER}/assignment2/BatchNormalization.ipynb": b"\xef\xbb\xbf"
                    + notebook(["x = 1"], ANSWERS),
                    f"{FOLDER}/BatchNormalization.py": "get_ipython().magic('matplotlib inline')\n",
                }
            ),
        ),
        questions={"q3": 2, "q4": 2},
        why="the handout beside the solved copy, the notebook beside the former, with a mark of UTF-8 in front",
    ),
    # Not finished.
    HandIn(
        name="only_batchnorm",
        hand="cs2022",
        edits=(
            (
                LAYERS,
                '    eps = ln_param.get("eps", 1e-5)\n',
                '    eps = ln_param.get("eps", 1e-5)\n    raise NotImplementedError\n',
            ),
            (
                LAYERS,
                "    xhat, std, gamma = cache\n    D =",
                "    raise NotImplementedError\n    xhat, std, gamma = cache\n    D =",
            ),
        ),
        lost=NO_LAYERNORM | dict.fromkeys(NETWORK_OF_LAYERNORM, KEPT),
        why="what was done is right, and untidy in nothing; so is what the network does with layer normalization",
    ),
    HandIn(
        name="no_alternative",
        hand="cs2022",
        edits=((LAYERS, "    dxhat = dout * c.gamma\n    dx = (dxhat", "    return None\n    dx = (dxhat"),),
        lost={"batchnorm_backward_alt": 1},
    ),
    HandIn(
        name="layers_only",
        hand="cs2019",
        dress=(only(LAYERS),),
        lost={"FullyConnectedNet": 1},
    ),
    HandIn(
        name="python2_network",
        hand="cs2019",
        edits=(
            (
                NET,
                "        scores, cache = affine_forward",
                "        print 'last layer', n\n        scores, cache = affine_forward",
            ),
        ),
        lost={"FullyConnectedNet": 1},
        why="the layers stand, the network's file is no Python 3",
    ),
    # Wrong in one way.
    HandIn(
        name="wrong_test_statistics",
        hand="cs2019",
        edits=(
            (
                LAYERS,
                "        x_norm = (x - running_mean) / np.sqrt(running_var + eps)",
                "        x_norm = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + eps)",
            ),
        ),
        lost={
            "batchnorm_test_output": 1,
            "batchnorm_test_repeatable": 1,
            "network_test_scores": KEPT,
            "training_batchnorm": KEPT / 2,
        },
        why="the losses of training are right, its accuracies are measured in test mode",
    ),
    HandIn(
        name="wrong_running_std",
        hand="cs2017",
        edits=((LAYERS, "(1.0 - momentum) * var\n", "(1.0 - momentum) * sqrtvar\n"),),
        lost={
            **NO_LAYERNORM,
            "batchnorm_running_averages": 1,
            "batchnorm_running_momentum": 1,
            "network_test_scores": (KEPT, 1),
            "training_batchnorm": (0, 0.5),
        },
        why="nobody's known mistake: the network's part may stay lost; accuracies are coarse and may come out right",
    ),
    HandIn(
        name="wrong_eps_outside",
        hand="cs2019",
        edits=((LAYERS, "sample_std = np.sqrt(sample_var + eps)", "sample_std = np.sqrt(sample_var) + eps"),),
        lost={
            "batchnorm_train_output": 1,
            "batchnorm_train_eps": 1,
            "batchnorm_backward": (0.2, 1),
            "batchnorm_backward_alt": (0.2, 1),
            "layernorm_forward": 1,
            "layernorm_backward": (0.2, 1),
            "network_batchnorm_loss": (KEPT, 1),
            "network_batchnorm_gradients": (0.2, 1),
            "network_layernorm_loss": (KEPT, 1),
            "network_layernorm_gradients": (0.2, 1),
            "network_last_layer": (KEPT, 1),
            "training_batchnorm": (0, 1),
            "training_layernorm": (0, 1),
            "network_test_scores": (0, 1),
        },
        why="the forward passes; gradients that belong to them keep their share, others are a little off",
    ),
    HandIn(
        name="wrong_mean_constant",
        hand="cs2019",
        edits=(
            (
                LAYERS,
                "    dx = dx_norm / std + dvar * 2 * (x - mean) / N + dmean / N\n",
                "    dx = dx_norm / std + dvar * 2 * (x - mean) / N\n",
            ),
        ),
        lost={
            "batchnorm_backward_gradients": 1 / 3,
            "batchnorm_backward_shapes": 1,
            "batchnorm_backward_eps": 1,
        },
        why="dx only; the network uses the other backward pass",
    ),
    HandIn(
        name="wrong_layernorm_gamma",
        hand="cs2019",
        edits=((LAYERS, "    ln_param['axis'] = 1\n", "    ln_param['axis'] = 0\n"),),
        lost={
            "layernorm_backward_gradients": 2 / 3,
            "layernorm_backward_shapes": 1,
            "network_layernorm_gradients": (0.05, 0.5),
            "training_layernorm": (KEPT, 1),
        },
        why="dgamma and dbeta summed over the wrong axis: 2 of 3 gradients, and all shapes",
    ),
    HandIn(
        name="wrong_order",
        hand="cs2019",
        edits=(
            (
                UTILS,
                "    a, fc_cache = affine_forward(x, w, b)\n    if normalization == 'batchnorm':\n",
                "    a, fc_cache = affine_forward(x, w, b)\n    a, relu_cache = relu_forward(a)\n"
                "    if normalization == 'batchnorm':\n",
            ),
            (
                UTILS,
                "        norm_cache = None\n    out, relu_cache = relu_forward(a)\n",
                "        norm_cache = None\n    out = a\n",
            ),
            (UTILS, "    da = relu_backward(dout, relu_cache)\n    dgamma", "    da = dout\n    dgamma"),
            (
                UTILS,
                "    dx, dw, db = affine_backward(da, fc_cache)\n    return dx, dw, db, dgamma, dbeta\n",
                "    da = relu_backward(da, relu_cache)\n    dx, dw, db = affine_backward(da, fc_cache)\n"
                "    return dx, dw, db, dgamma, dbeta\n",
            ),
        ),
        lost={
            "network_batchnorm_loss": 1,
            "network_layernorm_loss": 1,
            "network_test_scores": 1,
            "network_last_layer": 1,
            "network_batchnorm_gradients": (0.2, 1),
            "network_layernorm_gradients": (0.2, 1),
            "training_batchnorm": (0.5, 1),
            "training_layernorm": (0.5, 1),
        },
        why="normalization after the ReLU, forth and back; gradients that belong to the student's own loss keep their share",
    ),
    HandIn(
        name="wrong_penalty_twice",
        hand="cs2022",
        edits=((NET, "loss += self.reg / 2 * np.square", "loss += self.reg * np.square"),),
        lost={
            "network_plain_loss": 0.5,
            "network_batchnorm_loss": 0.5,
            "network_layernorm_loss": 0.5,
            "training_plain": 0.5,
            "training_batchnorm": 0.5,
            "training_layernorm": 0.5,
        },
        why="losses with regularization; gradients and so accuracies are right",
    ),
    HandIn(
        name="wrong_pass_through",
        hand="cs2017",
        edits=(
            (LAYERS, "    out = gammax + beta\n", "    out = x\n"),
            (LAYERS, "    out = gamma * xhat + beta\n", "    out = x\n"),
            (LAYERS, "  dx = dx1 + dx2\n  return dx", "  dx = dout\n  return dx"),
        ),
        lost={
            **NO_LAYERNORM,
            "batchnorm_train_output": 1,
            "batchnorm_train_eps": 1,
            "batchnorm_test_output": 1,
            "batchnorm_test_repeatable": 1,
            "batchnorm_backward_gradients": 1 / 3,
            "batchnorm_backward_shapes": 1,
            "batchnorm_backward_eps": 1,
            "network_batchnorm_loss": KEPT,
            "network_batchnorm_gradients": (KEPT / 2, KEPT),
            "network_test_scores": KEPT,
            "network_last_layer": (KEPT / 2, KEPT),
            "training_batchnorm": KEPT,
            "inputs_untouched": (0, 1),
            "results_repeat": (0, 1),
        },
        why="what it does right are the running averages, dgamma, dbeta and the other backward pass",
    ),
    HandIn(
        name="wrong_constant_batch",
        hand="cs2017",
        edits=((LAYERS, "  N, D = dout.shape\n\n  # step 9", "  N, D = dout.shape\n  N = 4\n\n  # step 9"),),
        lost={
            **NO_LAYERNORM,
            "batchnorm_backward": 1,
            "network_batchnorm_gradients": KEPT,
            "training_batchnorm": KEPT,
        },
        why="the notebook's batch of 4 written down: it raises for every other one; the network's loss is right",
    ),
)


# --- ECE C147/C247 --------------------------------------------------------------------------------------------------------------

E_LAYERS, E_NET, E_UTILS, E_OPTIM = "nndl/layers.py", "nndl/fc_net.py", "nndl/layer_utils.py", "nndl/optim.py"

# p as the probability to drop: right, but for the one check that asks for the course's reading.
DROPS = {"dropout_keeps_with_p": 1}

ECE247 = (
    HandIn(
        name="y2018",
        hand="ece2018",
        lost=DROPS,
        why="p as the probability to drop: one point asks for the course's",
    ),
    HandIn(name="y2021", hand="ece2021"),
    HandIn(
        name="y2021_folder",
        hand="ece2021",
        dress=(
            added({"Batch-Normalization (2).ipynb": notebook(["import numpy as np"], [])}),
            prefixed("HW4_code"),
            macosx,
        ),
        zip=True,
    ),
    HandIn(
        name="y2018_absolute",
        hand="ece2018",
        edits=(
            (
                E_NET,
                "from .layers import *\nfrom .layer_utils import *\n",
                "from nndl.layers import *\nfrom nndl.layer_utils import *\n",
            ),
        ),
        dress=(tabs(E_OPTIM), crlf),
        lost=DROPS,
    ),
    HandIn(
        name="y2021_in_place",
        hand="ece2021",
        edits=(
            (
                E_LAYERS,
                "    mask = np.zeros(cache.shape)\n    mask[cache > 0] = 1\n    return mask * dout\n",
                "    dout[cache <= 0] = 0\n    return dout\n",
            ),
        ),
        lost={"inputs_untouched": 1},
        why="the value is right; one point asks that the caller's array stays as it was",
    ),
    HandIn(
        name="layers_and_optim",
        hand="ece2021",
        dress=(without(E_NET, E_UTILS),),
        lost={"FullyConnectedNet": 1, "affine_relu_backward": 1},
    ),
    HandIn(
        name="wrong_eps_in_root",
        hand="ece2021",
        edits=(
            (
                E_OPTIM,
                "(np.power(config['a'], 0.5) + config['epsilon'])",
                "np.power(config['a'] + config['epsilon'], 0.5)",
            ),
            (E_OPTIM, "(np.sqrt(a_hat) + config['epsilon'])", "np.sqrt(a_hat + config['epsilon'])"),
        ),
        lost={"rmsprop_epsilon": 1, "adam_epsilon": 1},
        why="the notebook's cell cannot tell; one point each asks for the place",
    ),
    HandIn(
        name="wrong_no_correction",
        hand="ece2021",
        edits=(
            (E_OPTIM, "    v_hat = config['v'] / (1 - b1 ** t)\n", "    v_hat = config['v']\n"),
            (E_OPTIM, "    a_hat = config['a'] / (1 - b2 ** t)\n", "    a_hat = config['a']\n"),
        ),
        lost={"adam_update": 0.25, "adam_steps": 1, "adam_epsilon": 1},
        why="of weights, v, a and t the weights, for three shapes each",
    ),
    HandIn(
        name="wrong_nesterov",
        hand="ece2021",
        edits=((E_OPTIM, "next_w = w + new_v + config['momentum'] * (new_v - v)", "next_w = w + new_v"),),
        lost={"nesterov_update": 0.5, "nesterov_steps": 1, "training_batchnorm": KEPT},
        why="the velocity is right; so is the network that is trained with it",
    ),
    HandIn(
        name="wrong_dropout_unscaled",
        hand="ece2021",
        edits=((E_LAYERS, "        mask /= p\n", ""),),
        lost={
            "dropout_train_output": 1,
            "network_dropout": KEPT,
            "network_dropout_normalized": KEPT,
        },
    ),
    HandIn(
        name="wrong_dropout_test",
        hand="ece2021",
        edits=(
            (
                E_LAYERS,
                "    elif mode == 'test':\n        out = x\n",
                "    elif mode == 'test':\n        out = x * p\n",
            ),
        ),
        lost={"dropout_test_output": 1, "network_dropout_scores": (KEPT, 1)},
    ),
    HandIn(
        name="wrong_last_gradient",
        hand="ece2018",
        edits=(
            (
                E_NET,
                "      grads['W' + str(i)] = dw + self.reg * self.params['W' + str(i)]\n",
                "      grads['W' + str(i)] = dw + (self.reg * self.params['W' + str(i)] if i < self.num_layers else 0)\n",
            ),
        ),
        lost={
            **DROPS,
            "network_gradients": 1 / 16,
            "network_batchnorm_gradients": 1 / 28,
            "training_plain": 1,
            "training_batchnorm": 1,
        },
    ),
)
