"""Trainings that never took place: histories made up with care, around networks that are random, copied, or made for the purpose.

The attacker writes the solvers into his notebook himself. Every history here is one that a Solver could have kept; the networks
give it away, and a person is asked. Nothing is earned until that person gives the points.
"""

import itertools
from types import SimpleNamespace

import numpy as np
import pytest

from assignments.common.histories import packed
from assignments.common.trained import accuracies
from grader.assignment import load_assignment
from grader.data import find_data
from grader.given import given_arrays
from grader.model import CheckEvidence, Ending, Outcome, Value
from grader.probe.seeding import seeded
from grader.probe.values import plain
from grader.score import judge_check
from grader.seed import Seed
from grader.suite import load_reference, load_suite
from tests.hostile.conftest import HERE

INPUTS, UNITS, ROWS, COUNT, EPOCHS = 192, 30, 250, 100, 4
SCALES = np.logspace(-4, 0, 5)


@pytest.fixture(scope="module", params=["cs231n_batchnorm", "ece247_hw4"])
def course(request, tmp_path_factory):
    """A course's suite, and the images that its judges are given."""
    assignment = load_assignment(HERE.parents[1] / "assignments" / request.param)
    suite = load_suite(assignment)
    data = find_data(assignment, tmp_path_factory.mktemp("state"))
    return SimpleNamespace(
        name=request.param, suite=suite, given=given_arrays(suite, load_reference(assignment), data)
    )


@pytest.fixture
def known(course):
    """The images, as the attacker finds them in his room."""
    return next(iter(course.given.values()))


def history(share, count):
    """Accuracies that rise to a share of so many examples."""
    return [round(count * at) / count for at in np.linspace(min(0.1, share), share, EPOCHS + 1)]


def solver(network, share, *, normalized, batch=50, on_val=0.2):
    """What stands where a Solver should: settings, histories, a network."""
    per_epoch = ROWS // batch
    val = history(on_val, COUNT)
    if network is None:
        network = {"gamma1" if normalized else "W0": 1.0}
    return SimpleNamespace(
        model=SimpleNamespace(params=network, bn_params=[]),
        num_epochs=EPOCHS,
        batch_size=batch,
        X_train=np.zeros((ROWS, INPUTS)),
        X_val=np.zeros((COUNT, INPUTS)),
        num_train_samples=1000,
        num_val_samples=None,
        loss_history=list(np.linspace(2.3, 2.3 - 2 * share, EPOCHS * per_epoch)),
        train_acc_history=history(share, ROWS),
        val_acc_history=val,
        best_val_acc=max(val),
    )


class Nothing:
    """No network: names alone."""

    def __call__(self, *, normalized):
        return None


class Random:
    """Networks of the right shapes, drawn at random."""

    def __init__(self):
        self.rng = np.random.default_rng(1)

    def __call__(self, *, normalized):
        sizes = (INPUTS, UNITS, UNITS, 10)
        network = {f"W{n}": self.rng.standard_normal((sizes[n - 1], sizes[n])) for n in (1, 2, 3)}
        network |= {f"b{n}": np.zeros(sizes[n]) for n in (1, 2, 3)}
        if normalized:
            network |= {f"gamma{n}": np.ones(UNITS) for n in (1, 2)} | {
                f"beta{n}": np.zeros(UNITS) for n in (1, 2)
            }
        return network


class Fitted(Random):
    """Random features, and a last layer fitted to some of the images by least squares."""

    def __init__(self, known, part):
        super().__init__()
        images, rows = known[f"X_{part}"], ROWS if part == "train" else COUNT
        self.images = images[:rows].reshape(rows, 3, 8, 4, 8, 4).mean(axis=(3, 5)).reshape(rows, -1)
        self.answers = np.eye(10)[known[f"y_{part}"][:rows]]

    def __call__(self, *, normalized):
        network = super().__call__(normalized=normalized)
        network = {name: value for name, value in network.items() if name[-1] in "12"}
        out = self.images @ network["W1"]
        if normalized:
            out = (out - out.mean(axis=0)) / np.sqrt(out.var(axis=0) + 1e-5)
        network = {name: value for name, value in network.items() if name[-1] == "1"}
        network["W2"] = np.linalg.lstsq(np.maximum(out, 0), self.answers, rcond=None)[0]
        return network


class Copied:
    """One fitted network of each kind, under all names."""

    def __init__(self, known):
        make = Fitted(known, "train")
        self.made = {normalized: make(normalized=normalized) for normalized in (True, False)}

    def __call__(self, *, normalized):
        return self.made[normalized]


def spaces(course, make, best=0.6, other=0.3):
    """The attacker's notebook after its last cell, by check."""
    bn = lambda share=best, **more: solver(make(normalized=True), share, normalized=True, **more)  # noqa: E731
    plain_ = lambda share=other, **more: solver(make(normalized=False), share, normalized=False, **more)  # noqa: E731
    pair = {"bn_solver": bn(), "solver": plain_(), "weight_scales": SCALES}
    with_norm, without = {scale: bn() for scale in SCALES}, {scale: plain_() for scale in SCALES}
    if course.name == "cs231n_batchnorm":
        sizes = {f"{kind}_solvers_bsize": [bn(batch=size) for size in (5, 10, 50)] for kind in ("bn", "ln")}
        space = SimpleNamespace(
            **pair,
            **sizes,
            bn_solvers_ws=with_norm,
            solvers_ws=without,
            batch_sizes=[5, 10, 50],
            solver_bsize=plain_(batch=5),
        )
        return {check.id: space for check in course.suite.at("notebook")}
    rules = {rule: plain_(best) for rule in ("sgd_momentum", "sgd_nesterov_momentum", "adam", "rmsprop")}
    optimization = SimpleNamespace(solvers={"sgd": plain_(), **rules}, solver=bn(on_val=0.5))
    scales = SimpleNamespace(**pair, bn_solvers=with_norm, solvers=without)
    dropout = SimpleNamespace(
        dropout_choices=[0, 0.6], solvers={0: plain_(best), 0.6: plain_()}, final_solver=bn(on_val=0.5)
    )
    by_path = {
        "Optimization.ipynb": optimization,
        "Batch-Normalization.ipynb": scales,
        "Dropout.ipynb": dropout,
    }
    return {check.id: by_path[check.notebook] for check in course.suite.at("notebook")}


def judged(course, check, space):
    """What the check says to a namespace; the probe runs on it as it does in the kernel."""
    found = course.suite.check(check)
    returned = found.probe(space, seeded(Seed.of(1).for_check(check)))
    values = tuple(
        Value(name=name, type_name=kind, array=array)
        for name, (kind, array) in ((name, plain(value)) for name, value in returned.items())
    )
    answer = CheckEvidence(check=check, ending=Ending.ANSWERED, values=values)
    return judge_check(found, answer, course.given[check])


def assert_a_person_is_asked(course, made):
    for check, space in made.items():
        result = judged(course, check, space)
        assert result.outcome is Outcome.NOT_GRADED, (check, result.reason)
        assert (result.points, result.pending) == (0, True)
        assert result.reason.startswith("a person has to look: ")


def test_histories_around_no_network_wait_for_a_person(course):
    assert_a_person_is_asked(course, spaces(course, Nothing()))


def test_histories_around_random_networks_wait_for_a_person(course):
    assert_a_person_is_asked(course, spaces(course, Random()))


def test_histories_around_networks_fitted_to_validation_images_wait_for_a_person(course, known):
    assert_a_person_is_asked(course, spaces(course, Fitted(known, "val")))


def test_true_histories_of_untrained_networks_wait_for_a_person(course):
    """Nearly: what untrained networks give, with batch normalization a little ahead."""
    learning = {"experiment_momentum", "experiment_easier", "experiment_accuracy", "experiment_dropout"}
    made = spaces(course, Random(), best=0.14, other=0.1)
    assert_a_person_is_asked(course, {check: made[check] for check in made if check not in learning})


def test_one_network_under_all_names_waits_for_a_person(course, known):
    """In the experiments that compare several networks of a kind."""
    made = spaces(course, Copied(known), best=0.4, other=0.3)
    several = {"experiment_weight_scales", "experiment_batch_sizes", "experiment_layernorm"}
    assert_a_person_is_asked(course, {check: made[check] for check in several & set(made)})


@pytest.mark.parametrize("states", [False, True], ids=["no-states", "the-end-for-all"])
def test_histories_that_are_true_at_their_end_alone_of_a_solver_wait_for_a_person(course, known, states):
    """The networks classify as the histories end; what lies before is invented."""
    made = spaces(course, Fitted(known, "train"), best=0.4, other=0.3)
    for check, space in made.items():
        for one in solvers_in(space):
            one.states = [(entry, one.model.params, []) for entry in range(EPOCHS + 1)] if states else []
        result = judged(course, check, space)
        assert (result.outcome, result.points) == (Outcome.NOT_GRADED, 0), (check, result.reason)


def test_networks_that_classify_as_their_whole_histories_say_are_believed(course, known):
    """The other side of it: whoever has such networks, from whatever training, is not told apart."""
    made = spaces(course, Fitted(known, "train"), best=0.4, other=0.3)
    check = "experiment_deep"
    for one in solvers_in(made[check]):
        layers = [{"W": one.model.params[f"W{n}"]} for n in (1, 2)]
        if "gamma1" not in one.model.params:
            one.model.params["W2"] *= 0  # the baseline, which has to be behind
        else:
            layers[0] |= {"gamma": one.model.params["gamma1"], "beta": one.model.params["beta1"]}
        settings = packed("one", [one])["one_settings"][0]
        train, val = max(accuracies(layers, settings, known))
        one.train_acc_history[:], one.val_acc_history[:] = [train] * (EPOCHS + 1), [val] * (EPOCHS + 1)
        one.best_val_acc = val
        one.states = [(entry, one.model.params, []) for entry in range(EPOCHS + 1)]
    result = judged(course, check, made[check])
    assert result.outcome is Outcome.PASSED, result.reason


def solvers_in(space):
    """All that stand where a Solver should in a namespace, once each."""
    values = [
        part
        for value in vars(space).values()
        for part in (value.values() if isinstance(value, dict) else [value])
    ]
    values = [part for value in values for part in (value if isinstance(value, list) else [value])]
    return list({id(one): one for one in values if isinstance(one, SimpleNamespace)}.values())


def test_accuracies_that_were_noted_without_networks_wait_for_a_person(course):
    if course.name == "ece247_hw4":
        space = SimpleNamespace(solvers={}, dropout_choices=[0, 0.6], train_accs=[0.9, 0.7])
        assert_a_person_is_asked(course, {"experiment_dropout": space})


# --- DD2424: runs of networks on columns --------------------------------------------------------------------------------------

KLAYER_EPOCHS = 8
HIDDEN = {3: (50, 50), 9: (50, 30, 20, 20, 10, 10, 10, 10)}


@pytest.fixture(scope="module")
def klayer(tmp_path_factory):
    assignment = load_assignment(HERE.parents[1] / "assignments" / "kth_batchnorm")
    suite = load_suite(assignment)
    data = find_data(assignment, tmp_path_factory.mktemp("state"))
    return SimpleNamespace(suite=suite, given=given_arrays(suite, load_reference(assignment), data))


def made_up_run(rng, depth, normalized, *, he, sig, networks, loss):
    """A run with a careful history: losses that fall to one, accuracies that rise; around a random network, or none."""
    end = loss if normalized else 2.29
    losses, shares = np.linspace(2.31, end, KLAYER_EPOCHS), np.linspace(0.1, 0.14, KLAYER_EPOCHS)
    history = {
        f"{part}_{kind}": losses + 0.1 * (kind == "cost")
        for part in ("train", "val")
        for kind in ("cost", "loss")
    }
    history |= {f"{part}_accuracy": shares for part in ("train", "val")}
    widths = [48, *HIDDEN[depth], 10]
    net = SimpleNamespace(W=[0] * depth)
    if networks:
        net.W = [sig * rng.standard_normal((m, n)) for n, m in itertools.pairwise(widths)]
        net.b = [np.zeros((m, 1)) for m in widths[1:]]
        if normalized:
            net.gamma, net.beta = (
                [np.ones((m, 1)) for m in widths[1:]],
                [np.zeros((m, 1)) for m in widths[1:]],
            )
    settings = {
        "depth": depth,
        "epochs": KLAYER_EPOCHS,
        "lmda": 0.005,
        "batchNorm": normalized,
        "he": he,
        "sig": sig,
    }
    return SimpleNamespace(name=f"{depth}", settings=settings, history=history, test_accuracy=0.14, net=net)


@pytest.mark.parametrize("loss", [1.7, 2.27], ids=["praised", "modest"])
@pytest.mark.parametrize("networks", [False, True], ids=["no-network", "random-networks"])
def test_runs_that_were_made_up_wait_for_a_person(klayer, networks, loss):
    rng = np.random.default_rng(1)
    kinds = [(depth, normalized) for depth in (3, 9) for normalized in (False, True)]
    terms = {"networks": networks, "loss": loss}
    space = SimpleNamespace(
        runs={kind: made_up_run(rng, *kind, he=True, sig=0.1, **terms) for kind in kinds},
        sigma_runs={
            (kind, sig): made_up_run(rng, *kind, he=False, sig=sig, **terms)
            for kind in kinds
            for sig in (1e-1, 1e-3, 1e-4)
        },
    )
    assert_a_person_is_asked(klayer, {"experiment_depth": space, "experiment_sigma": space})


TRIALS = [(1e-4, 0.2), (2e-3, 0.3), (3e-2, 0.25), (9e-2, 0.1), (1e-3, 0.29), (3e-3, 0.31)]


def made_up_search(kept):
    """A search whose figures are in order. kept: what is said to be its trainings."""
    return SimpleNamespace(
        coarse_trials=TRIALS[:4],
        fine_trials=TRIALS[4:],
        best_lambda=3e-3,
        experiments=SimpleNamespace(trained=kept),
    )


@pytest.mark.parametrize("networks", [None, False, True], ids=["no-runs", "no-networks", "random-networks"])
def test_a_search_that_was_made_up_waits_for_a_person(klayer, networks):
    rng = np.random.default_rng(1)
    kept = []
    for lmda, share in TRIALS if networks is not None else ():
        run = made_up_run(rng, 3, True, he=True, sig=0.1, networks=networks, loss=1.7)
        run.settings["lmda"], run.history["val_accuracy"][-1] = lmda, share
        kept.append(run)
    assert_a_person_is_asked(klayer, {"experiment_search": made_up_search(kept)})


def fitted_run(known, rng, depth, normalized, **settings):
    """A run around a network whose last layer is fitted to the images: the end of its history is true, the rest is invented."""
    run = made_up_run(rng, depth, normalized, networks=True, loss=1.7, **settings)
    out = {"train": known["X_train"].T, "val": known["X_val"].T}
    for layer in range(depth - 1):
        out = {part: run.net.W[layer] @ values for part, values in out.items()}
        if normalized:
            out = {
                part: (values - values.mean(axis=1, keepdims=True)) / values.std(axis=1, keepdims=True)
                for part, values in out.items()
            }
        out = {part: np.maximum(values, 0) for part, values in out.items()}
    answers = np.eye(10)[known["y_train"]].T
    run.net.W[-1] = 4 * np.linalg.lstsq(out["train"].T, answers.T, rcond=None)[0].T
    run.net.b[-1] = np.zeros((10, 1))
    penalty = run.settings["lmda"] * sum(np.sum(W**2) for W in run.net.W)
    for part, values in out.items():
        scores, y = run.net.W[-1] @ values, known[f"y_{part}"]
        loss = np.mean(np.log(np.exp(scores).sum(axis=0)) - scores[y, np.arange(len(y))])
        run.history[f"{part}_loss"] = np.linspace(max(2.31, loss + 0.3), loss, KLAYER_EPOCHS)
        run.history[f"{part}_cost"] = run.history[f"{part}_loss"] + penalty
        hits = np.round(len(y) * np.linspace(0.1, np.mean(scores.argmax(axis=0) == y), KLAYER_EPOCHS))
        run.history[f"{part}_accuracy"] = hits / len(y)
    return run


@pytest.mark.parametrize("states", [False, True], ids=["no-states", "the-end-for-all"])
def test_histories_that_are_true_at_their_end_alone_wait_for_a_person(klayer, states):
    rng, known = np.random.default_rng(1), klayer.given["experiment_depth"]
    kinds = [(depth, normalized) for depth in (3, 9) for normalized in (False, True)]
    runs = {kind: fitted_run(known, rng, *kind, he=True, sig=0.1) for kind in kinds}
    for run in runs.values():
        run.states = {epoch: vars(run.net) for epoch in range(1, KLAYER_EPOCHS)} if states else {}
    space = SimpleNamespace(runs=runs)
    assert_a_person_is_asked(klayer, {"experiment_depth": space})
    reason = judged(klayer, "experiment_depth", space).reason
    assert ("classify the images as its history says" if states else "no network was kept") in reason


# --- Tufts: what `train` returns, and networks that lie anywhere in the notebook -----------------------------------------------


@pytest.fixture(scope="module", params=["tufts_batchnorm", "udacity_batchnorm"])
def kept(request, tmp_path_factory):
    """A course whose networks are kept by the notebook."""
    assignment = load_assignment(HERE.parents[1] / "assignments" / request.param)
    suite = load_suite(assignment)
    data = find_data(assignment, tmp_path_factory.mktemp("state"))
    given = given_arrays(suite, load_reference(assignment), data)
    return SimpleNamespace(name=request.param, suite=suite, given=given)


def trace(batch, steps, epochs, objective, share, on_val):  # noqa: PLR0917 - as many as a history has
    """A history that `train` could return. objective: of a row, at start and end."""
    return {
        "objective_history": list(batch * np.linspace(*objective, steps)),
        "train_acc_history": [round(batch * at) / batch for at in np.linspace(0.1, share, epochs)],
        "val_acc_history": [round(100 * at) / 100 for at in np.linspace(0.1, on_val, epochs)],
    }


def descent_network(rng, normalized, hidden, width, fitted_to=None):
    """Random layers of the course's layout; the last one fitted to images by least squares, or random."""
    sizes = [768, *[width] * hidden]
    X, averages = (np.zeros((1, 768)), []) if fitted_to is None else (fitted_to[0], [])
    params = {"W": [], "b": [], "gamma": [], "beta": []}
    for m, n in itertools.pairwise(sizes):
        params["W"].append(rng.standard_normal((m, n)) / np.sqrt(m))
        params["b"].append(np.zeros(n))
        X = X @ params["W"][-1]
        if normalized:
            params["gamma"].append(np.ones(n))
            params["beta"].append(np.zeros(n))
            averages.append({"running_mean": X.mean(axis=0)[None], "running_var": X.var(axis=0)[None]})
            X = (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0) + 1e-4)
        X = np.maximum(X, 0)
    last = (
        rng.standard_normal((width, 10))
        if fitted_to is None
        else np.linalg.lstsq(X, np.eye(10)[fitted_to[1]], rcond=None)[0]
    )
    params["W"].append(last)
    params["b"].append(np.zeros(10))
    return SimpleNamespace(params=params, bn_params=averages)


def tufts_space(make):
    """The attacker's notebook: everything that is asked for, and nothing trained."""
    sizes = (5, 10, 50)
    return SimpleNamespace(
        bn_trace=trace(50, 151, 16, (2.35, 0.9), 0.8, 0.3),
        baseline_trace=trace(50, 151, 16, (2.31, 1.8), 0.36, 0.2),
        baseline_trace_bs={},
        weight_scales=SCALES,
        bn_net_ws={scale: trace(50, 57, 8, (2.31, 1.8), 0.4, 0.2) for scale in SCALES},
        baseline_ws={scale: trace(50, 57, 8, (2.31, 2.29), 0.12, 0.06) for scale in SCALES},
        batch_sizes=sizes,
        bn_traces=[trace(size, 1500 // size + 1, 7, (2.35, 1.9), 0.6, 0.2) for size in sizes],
        networks=[
            make(normalized, hidden)
            for normalized, hidden, count in ((True, 5, 4), (False, 5, 2), (True, 7, 5), (False, 7, 5))
            for _ in range(count)
        ],
    )


def digit_network(rng, normalized, fitted_to=None):
    """Random layers of the lesson's layout; the last one fitted to digits by least squares, or random."""
    params, population = {}, []
    X = np.zeros((1, 784)) if fitted_to is None else fitted_to[0]
    for layer, inputs in enumerate((784, 100, 100), start=1):
        params[f"W{layer}"] = rng.standard_normal((inputs, 100)) / np.sqrt(inputs)
        X = X @ params[f"W{layer}"]
        if normalized:
            params |= {f"gamma{layer}": np.ones(100), f"beta{layer}": np.zeros(100)}
            population.append((X.mean(axis=0), X.var(axis=0)))
            X = (X - X.mean(axis=0)) / np.sqrt(X.var(axis=0) + 1e-3)
        else:
            params[f"b{layer}"] = np.zeros(100)
        X = np.maximum(X, 0)
    params["W4"] = (
        rng.standard_normal((100, 10))
        if fitted_to is None
        else np.linalg.lstsq(X, np.eye(10)[fitted_to[1]], rcond=None)[0]
    )
    return SimpleNamespace(params=params | {"b4": np.zeros(10)}, population=population)


def lesson_space(suite, known, make):
    demos = {}
    for name in suite.check("experiment_comparisons").judge.__globals__["DEMOS"]:
        pair = []
        for normalized, history in ((False, [0.1, 0.15, 0.2]), (True, [0.1, 0.5, 0.9])):
            net = make(normalized)
            net.use_batch_norm, net.training_accuracies = normalized, history
            pair.append(net)
        demos[name] = tuple(pair)
    guess = SimpleNamespace(predictions=(7,) * 200, single_accuracy=float(np.mean(known["y_test"] == 7)))
    right = SimpleNamespace(predictions=tuple(known["y_test"]), single_accuracy=1.0)
    guess.network, right.network = make(True), make(True)
    return SimpleNamespace(
        demos=demos,
        by_batch=guess,
        by_population=right,
        mnist=SimpleNamespace(
            validation=SimpleNamespace(images=known["X_val"]),
            test=SimpleNamespace(labels=np.eye(10)[known["y_test"]]),
        ),
    )


@pytest.mark.parametrize("kind", ["no-network", "random", "fitted-to-training-images", "one-for-all"])
def test_made_up_experiments_with_kept_networks_wait_for_a_person(kept, kind):
    """No network, random ones, ones that know some of the images without a training, one under all names."""
    rng = np.random.default_rng(3)
    known = next(iter(kept.given.values()))
    made = {}

    def once(key, make):
        return made.setdefault(key, make()) if kind == "one-for-all" else make()

    fits = kind in ("fitted-to-training-images", "one-for-all")
    if kept.name == "tufts_batchnorm":
        images = (known["X_train_768"][:500], known["y_train"][:500]) if fits else None

        def network(normalized, hidden):
            if kind == "no-network":
                return SimpleNamespace()
            return once((normalized, hidden), lambda: descent_network(rng, normalized, hidden, 40, images))

        space = tufts_space(network)
    else:
        digits = (known["X_test"], known["y_test"]) if fits else None

        def net(normalized):
            if kind == "no-network":
                return SimpleNamespace()
            return once(normalized, lambda: digit_network(rng, normalized, digits))

        space = lesson_space(kept.suite, known, net)
    assert_a_person_is_asked(kept, {check.id: space for check in kept.suite.at("notebook") if check.given})


def test_what_judges_are_given_holds_images_and_no_network(kept):
    """Nothing that could be stolen: the reference trains nothing, and what judges go by stays out of the rooms."""
    for arrays in kept.given.values():
        assert {name[:2] for name in arrays} == {"X_", "y_"}
    for name, source in kept.suite.modules.items():
        assert not {"doubt", "LEARNT", "LEAST", "NEAR"} & set(source.replace("(", " ").split()), name
