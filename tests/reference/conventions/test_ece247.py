"""The homework's printed fixtures (put right where the extraction damaged them, see docs/ocr-damage.md) and its own names."""

import numpy as np
import pytest

from reference.conventions import cs231n
from reference.conventions import ece247 as course

# Fixtures of the homework's cells, to the printed eight decimals.
MOMENTUM_W = [
    [0.1406, 0.20738947, 0.27417895, 0.34096842, 0.40775789],
    [0.47454737, 0.54133684, 0.60812632, 0.67491579, 0.74170526],
    [0.80849474, 0.87528421, 0.94207368, 1.00886316, 1.07565263],
    [1.14244211, 1.20923158, 1.27602105, 1.34281053, 1.4096],
]
NESTEROV_W = [
    [0.08714, 0.15246105, 0.21778211, 0.28310316, 0.34842421],
    [0.41374526, 0.47906632, 0.54438737, 0.60970842, 0.67502947],
    [0.74035053, 0.80567158, 0.87099263, 0.93631368, 1.00163474],
    [1.06695579, 1.13227684, 1.19759789, 1.26291895, 1.32824],
]
VELOCITY = [
    [0.5406, 0.55475789, 0.56891579, 0.58307368, 0.59723158],
    [0.61138947, 0.62554737, 0.63970526, 0.65386316, 0.66802105],
    [0.68217895, 0.69633684, 0.71049474, 0.72465263, 0.73881053],
    [0.75296842, 0.76712632, 0.78128421, 0.79544211, 0.8096],
]
RMSPROP_W = [
    [-0.39223849, -0.34037513, -0.28849239, -0.23659121, -0.18467247],
    [-0.132737, -0.08078555, -0.02881884, 0.02316247, 0.07515774],
    [0.12716641, 0.17918792, 0.23122175, 0.28326742, 0.33532447],
    [0.38739248, 0.43947102, 0.49155973, 0.54365823, 0.59576619],
]
RMSPROP_A = [
    [0.5976, 0.6126277, 0.6277108, 0.64284931, 0.65804321],
    [0.67329252, 0.68859723, 0.70395734, 0.71937285, 0.73484377],
    [0.75037008, 0.7659518, 0.78158892, 0.79728144, 0.81302936],
    [0.82883269, 0.84469141, 0.86060554, 0.87657507, 0.8926],
]
ADAM_W = [
    [-0.40094747, -0.34836187, -0.29577703, -0.24319299, -0.19060977],
    [-0.1380274, -0.08544591, -0.03286534, 0.01971428, 0.0722929],
    [0.1248705, 0.17744702, 0.23002243, 0.28259667, 0.33516969],
    [0.38774145, 0.44031188, 0.49288093, 0.54544852, 0.59801459],
]
ADAM_A = [
    [0.69966, 0.68908382, 0.67851319, 0.66794809, 0.65738853],
    [0.64683452, 0.63628604, 0.6257431, 0.61520571, 0.60467385],
    [0.59414753, 0.58362676, 0.57311152, 0.56260183, 0.55209767],
    [0.54159906, 0.53110598, 0.52061845, 0.51013645, 0.49966],
]
ADAM_V = [
    [0.48, 0.49947368, 0.51894737, 0.53842105, 0.55789474],
    [0.57736842, 0.59684211, 0.61631579, 0.63578947, 0.65526316],
    [0.67473684, 0.69421053, 0.71368421, 0.73315789, 0.75263158],
    [0.77210526, 0.79157895, 0.81105263, 0.83052632, 0.85],
]


def weights_and_gradient():
    return np.linspace(-0.4, 0.6, num=20).reshape(4, 5), np.linspace(-0.6, 0.4, num=20).reshape(4, 5)


def state(start, stop):
    return np.linspace(start, stop, num=20).reshape(4, 5)


# Each case: rule, config, the state's key, expected weights and state, and the errors that the homework prints for them. The
# errors are those of rounding to eight decimals, so that meeting them to six digits proves every entry of the fixture.
CASES = [
    pytest.param(
        course.sgd_momentum,
        {"learning_rate": 1e-3, "velocity": state(0.6, 0.9)},
        {"velocity": (VELOCITY, 4.269287743278663e-09)},
        (MOMENTUM_W, 8.882347033505819e-09),
        id="momentum",
    ),
    pytest.param(
        course.sgd_nesterov_momentum,
        {"learning_rate": 1e-3, "velocity": state(0.6, 0.9)},
        {"velocity": (VELOCITY, 4.269287743278663e-09)},
        (NESTEROV_W, 1.0875186845081027e-08),
        id="nesterov",
    ),
    pytest.param(
        course.rmsprop,
        {"learning_rate": 1e-2, "a": state(0.6, 0.9)},
        {"a": (RMSPROP_A, 2.6477955807156126e-09)},
        # The document prints 9.5026e-08 here, for epsilon inside the root: see the next test.
        (RMSPROP_W, 9.524687511038133e-08),
        id="rmsprop",
    ),
    pytest.param(
        course.adam,
        {"learning_rate": 1e-2, "v": state(0.6, 0.9), "a": state(0.7, 0.5), "t": 5},
        {"v": (ADAM_V, 4.214963193114416e-09), "a": (ADAM_A, 4.208314038113071e-09)},
        (ADAM_W, 1.1395691798535431e-07),
        id="adam",
    ),
]


@pytest.mark.parametrize(("rule", "config", "states", "weights"), CASES)
def test_optimisers_reproduce_fixtures_and_their_printed_errors(rule, config, states, weights):
    w, dw = weights_and_gradient()
    config = {key: np.copy(value) for key, value in config.items()}
    next_w, _ = rule(w, dw, config)
    expected, error = weights
    assert course.rel_error(next_w, np.array(expected)) == pytest.approx(error, rel=1e-6)
    for key, (expected, error) in states.items():
        assert course.rel_error(config[key], np.array(expected)) == pytest.approx(error, rel=1e-6)


def test_rmsprop_with_epsilon_inside_the_root_gives_the_error_that_the_document_prints():
    """The document's own listing keeps epsilon inside: its figure tells the two apart in the third digit."""
    w, dw = weights_and_gradient()
    a = 0.99 * state(0.6, 0.9) + 0.01 * dw**2
    inside = w - 1e-2 * dw / np.sqrt(a + 1e-8)
    assert course.rel_error(inside, np.array(RMSPROP_W)) == pytest.approx(9.50264523e-08, rel=1e-8)


def test_affine_forward_test_prints_its_error():
    x = np.linspace(-0.1, 0.5, num=240).reshape(2, 4, 5, 6)
    w = np.linspace(-0.2, 0.3, num=360).reshape(120, 3)
    out, _ = course.affine_forward(x, w, np.linspace(-0.3, 0.1, num=3))
    printed = [[1.49834967, 1.70660132, 1.91485297], [3.25553199, 3.5141327, 3.77273342]]
    assert course.rel_error(out, np.array(printed)) == pytest.approx(9.769849468192957e-10, rel=1e-6)


def test_relu_forward_test_prints_its_error():
    out, _ = course.relu_forward(np.linspace(-0.5, 0.5, num=12).reshape(3, 4))
    printed = [[0, 0, 0, 0], [0, 0, 0.04545455, 0.13636364], [0.22727273, 0.31818182, 0.40909091, 0.5]]
    assert course.rel_error(out, np.array(printed)) == pytest.approx(4.999999798022158e-08, rel=1e-6)


@pytest.mark.parametrize("reg", [0, 3.14])
@pytest.mark.parametrize("use_batchnorm", [False, True])
def test_network_gradients_lie_in_the_promised_range_with_the_last_layer_regularized(reg, use_batchnorm):
    np.random.seed(0)
    x, y = np.random.randn(2, 15), np.random.randint(10, size=2)
    model = course.FullyConnectedNet(
        [20, 30],
        input_dim=15,
        num_classes=10,
        reg=reg,
        weight_scale=5e-2,
        dtype=np.float64,
        use_batchnorm=use_batchnorm,
    )
    loss, grads = model.loss(x, y)
    if reg == 0:
        assert loss == pytest.approx(np.log(10), abs=0.5)  # printed: 2.3034 and 2.3215, with unknown draws
    for name, gradient in grads.items():
        if use_batchnorm and name in ("b1", "b2"):
            assert np.abs(gradient).max() < 1e-12  # true gradient zero
            continue
        numerical = course.eval_numerical_gradient(
            lambda _: model.loss(x, y)[0], model.params[name], verbose=False
        )
        assert course.rel_error(numerical, gradient) < 1e-3, name  # the document prints up to 3e-5 for W1
        if name == "W3":
            assert course.rel_error(numerical, gradient) < 1e-5  # 1.0 where the last layer's L2 is left out


def test_network_names_its_settings_as_the_course_does():
    np.random.seed(1)
    plain = course.FullyConnectedNet([4], 6, 3)
    assert not plain.use_batchnorm
    assert not plain.use_dropout
    assert plain.bn_params == []
    dropped = course.FullyConnectedNet([4], 6, 3, dropout=0.25, use_batchnorm=True)
    assert dropped.dropout_param == {"mode": "train", "p": 0.25}
    assert dropped.bn_params == [{"mode": "train"}]
    assert {"gamma1", "beta1"} < set(dropped.params)


def test_network_keeps_units_with_probability_p():
    np.random.seed(2)
    model = course.FullyConnectedNet([2000], 1, 2, dropout=0.25, dtype=np.float64, seed=3)
    model.params["W1"][:] = 1
    model.params["W2"][:] = 1
    # All hidden units are 1; a quarter is kept and counts fourfold: the two scores are equal, the gradient shows which were kept.
    _, grads = model.loss(np.ones((1, 1)), np.array([0]))
    kept = grads["W2"][:, 1] > 0
    assert 0.2 < kept.mean() < 0.3
    np.testing.assert_allclose(grads["W2"][kept, 1], 4 * 0.5)


def test_affine_batchnorm_relu_matches_numerical_gradients():
    rng = np.random.default_rng(0)
    x, w, b = 3 * rng.standard_normal((6, 4)), rng.standard_normal((4, 3)), rng.standard_normal(3)
    gamma, beta, dout = rng.standard_normal(3), rng.standard_normal(3), rng.standard_normal((6, 3))
    inputs = [x, w, b, gamma, beta]
    _, cache = course.affine_batchnorm_relu_forward(*inputs, {"mode": "train"})
    for i, gradient in enumerate(course.affine_batchnorm_relu_backward(dout, cache)):

        def forward(value, i=i):
            return course.affine_batchnorm_relu_forward(
                *inputs[:i], value, *inputs[i + 1 :], {"mode": "train"}
            )[0]

        numerical = course.eval_numerical_gradient_array(forward, inputs[i], dout)
        np.testing.assert_allclose(gradient, numerical, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("rule", ["sgd", "sgd_momentum", "sgd_nesterov_momentum", "rmsprop", "adam"])
def test_solver_takes_every_rule_of_the_course_and_learns(rule):
    rng = np.random.default_rng(5)
    y = np.arange(60) % 3
    x = rng.standard_normal((3, 6))[y] + 0.2 * rng.standard_normal((60, 6))
    np.random.seed(1)
    model = course.FullyConnectedNet([10], 6, 3, weight_scale=0.3, dtype=np.float64)
    data = {"X_train": x, "y_train": y, "X_val": x, "y_val": y}
    solver = course.Solver(
        model,
        data,
        update_rule=rule,
        optim_config={"learning_rate": 1e-2},
        num_epochs=8,
        batch_size=10,
        verbose=False,
    )
    solver.train()
    assert np.mean(solver.loss_history[-6:]) < 0.9 * solver.loss_history[0]


def test_solver_of_cs231n_does_not_know_nesterov():
    model = cs231n.FullyConnectedNet([4], 6, 3)
    data = {key: np.zeros(1) for key in ("X_train", "y_train", "X_val", "y_val")}
    with pytest.raises(ValueError, match="update_rule is 'sgd_nesterov_momentum'"):
        cs231n.Solver(model, data, update_rule="sgd_nesterov_momentum")


def test_all_names_exist():
    assert all(hasattr(course, name) for name in course.__all__)
