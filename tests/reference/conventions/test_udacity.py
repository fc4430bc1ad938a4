"""The lesson's normalisation by hand, its network, and its demonstrations on MNIST (real where found, else the stand-in)."""

import numpy as np
import pytest

from reference import data
from reference.conventions import udacity as course
from reference.gradients import numerical_gradient


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mnist")
    data.write_synthetic("mnist", folder, train=3000, test=600)
    return course.read_data_sets(folder)


def test_batch_norm_training_by_hand_moves_population_statistics_by_a_hundredth():
    x = np.array([[1.0], [3.0]])  # mean 2, variance 1
    out, mean, variance = course.batch_norm_training(
        x, np.array([2.0]), np.array([5.0]), pop_mean=np.zeros(1), pop_variance=np.ones(1)
    )
    np.testing.assert_allclose(out, 5 + 2 * np.array([[-1], [1]]) / np.sqrt(1.001), rtol=1e-14)
    np.testing.assert_allclose(mean, [0.02])
    np.testing.assert_allclose(variance, [1.0])


def test_batch_norm_inference_by_hand():
    out = course.batch_norm_inference(
        np.array([[3.0]]),
        np.array([2.0]),
        np.array([5.0]),
        pop_mean=np.array([1.0]),
        pop_variance=np.array([3.999]),
    )
    np.testing.assert_allclose(out, [[7.0]])


def test_convolutional_variant_takes_moments_per_feature_map():
    rng = np.random.default_rng(0)
    maps = 3 * rng.standard_normal((4, 5, 6, 2)) + 1
    out, mean, variance = course.batch_norm_training(
        maps, np.ones(2), np.zeros(2), pop_mean=np.zeros(2), pop_variance=np.ones(2), decay=0.0
    )
    assert out.shape == maps.shape
    np.testing.assert_allclose(mean, maps.mean(axis=(0, 1, 2)))
    np.testing.assert_allclose(variance, maps.var(axis=(0, 1, 2)))
    np.testing.assert_allclose(out, (maps - mean) / np.sqrt(variance + 1e-3))
    np.testing.assert_allclose(
        course.batch_norm_inference(maps, np.ones(2), np.zeros(2), pop_mean=mean, pop_variance=variance), out
    )


def test_activation_gradients_by_hand():
    np.testing.assert_array_equal(
        course.activation_gradient(np.array([0.0, 0.5, 3.0]), course.relu), [0.0, 1.0, 1.0]
    )
    np.testing.assert_allclose(
        course.activation_gradient(np.array([0.5, 0.2, 1.0]), course.sigmoid), [0.25, 0.16, 0.0]
    )
    with pytest.raises(ValueError, match=r"expected relu or sigmoid of reference\.conventions\.udacity"):
        course.activation_gradient(np.ones(2), np.tanh)


def test_cross_entropy_by_hand():
    loss, gradient = course.softmax_cross_entropy(
        np.log(np.array([[1.0, 3.0], [2.0, 2.0]])), np.array([[1.0, 0.0], [0.0, 1.0]])
    )
    assert loss == pytest.approx((np.log(4) + np.log(2)) / 2)
    np.testing.assert_allclose(gradient, [[-0.375, 0.375], [0.25, -0.25]])


@pytest.mark.parametrize("shape", [(6, 3), (2, 3, 4, 2)])
def test_batch_norm_gradients_agree_with_numerical_ones(shape):
    rng = np.random.default_rng(5)
    x, upstream = rng.standard_normal(shape), rng.standard_normal(shape)
    gamma, beta = rng.standard_normal((2, shape[-1]))
    zero = np.zeros(shape[-1])

    def out(x, gamma, beta):
        return course.batch_norm_training(x, gamma, beta, pop_mean=zero, pop_variance=zero, epsilon=0.2)[0]

    found = course.batch_norm_gradients(upstream, x, gamma, epsilon=0.2)
    for number, wanted in enumerate(found):
        given = [x, gamma, beta]

        def value(v, number=number, given=given):
            return float(np.sum(upstream * out(*(v if i == number else g for i, g in enumerate(given)))))

        np.testing.assert_allclose(wanted, numerical_gradient(value, given[number]), rtol=1e-6, atol=1e-8)


def test_moments_over_rows_and_per_feature_map():
    mean, variance = course.moments(np.array([[1.0, 5.0], [3.0, 5.0]]), [0])
    np.testing.assert_array_equal(mean, [2, 5])
    np.testing.assert_array_equal(variance, [1, 0])
    maps = np.zeros((2, 3, 1, 2))  # batch, height, width, maps
    maps[..., 1] = [[[1], [1], [1]], [[5], [5], [5]]]
    for found in (course.conv_moments(maps), course.conv_moments(maps.transpose(0, 3, 1, 2), axis=1)):
        np.testing.assert_array_equal(found, [[0, 3], [0, 4]])


def test_read_data_sets_gives_the_shapes_of_the_lesson(mnist_folder):
    sets = course.read_data_sets(mnist_folder)
    rows = len(data.load_mnist(mnist_folder).y_train)
    assert len(sets.validation.images) == rows // 8  # fewer than 40,000 rows
    assert len(sets.train.images) == rows - rows // 8
    assert sets.train.images.shape[1:] == (784,)
    assert sets.test.labels.shape == (len(sets.test.images), 10)
    assert sets.train.images.dtype == sets.train.labels.dtype == np.float32
    assert 0 <= sets.train.images.min() < sets.train.images.max() <= 1
    np.testing.assert_array_equal(sets.train.labels.sum(axis=1), 1)


def test_next_batch_sees_every_row_once_before_any_again():
    images = np.arange(10.0)[:, None]
    dataset = course.DataSet(images, np.eye(10))
    np.random.seed(0)
    seen = np.concatenate([dataset.next_batch(4)[0].ravel() for _ in range(5)])  # two rounds of ten
    assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
    assert list(seen[:10]) != list(range(10))
    rows, labels = dataset.next_batch(3)
    np.testing.assert_array_equal(labels.argmax(axis=1), rows.ravel())


def small_weights(dtype=np.float64):
    rng = np.random.default_rng(1)
    return [rng.standard_normal(shape).astype(dtype) for shape in ((6, 5), (5, 4), (4, 3))]


def test_layers_with_batch_norm_have_no_bias_and_the_last_layer_has_one():
    bn, nn = (course.NeuralNet(small_weights(), course.relu, use) for use in (True, False))
    assert set(bn.params) == {"W1", "gamma1", "beta1", "W2", "gamma2", "beta2", "W3", "b3"}
    assert set(nn.params) == {"W1", "b1", "W2", "b2", "W3", "b3"}
    assert bn.name == "With Batch Norm"
    assert nn.name == "Without Batch Norm"
    assert [len(mean) for mean, _ in bn.population] == [5, 4]


@pytest.mark.parametrize("use_batch_norm", [True, False])
@pytest.mark.parametrize("activation", [course.relu, course.sigmoid])
def test_a_training_step_descends_the_mean_cross_entropy(use_batch_norm, activation):
    rng = np.random.default_rng(2)
    images, y = rng.standard_normal((8, 6)), rng.integers(3, size=8)
    net = course.NeuralNet(small_weights(), activation, use_batch_norm)
    # Nothing starts at zero: a ReLU whose inputs are all dead would sit right on its kink.
    start = {name: w + 0.3 * rng.standard_normal(w.shape) for name, w in net.params.items()}
    net.params = dict(start)

    def cross_entropy(name, value):
        other = course.NeuralNet(small_weights(), activation, use_batch_norm)
        other.params = start | {name: value}
        logits = other.output_layer(images, is_training=True)
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - logits[range(8), y]))

    net.train_step(images, np.eye(3)[y], 0.1)
    for name, w in start.items():
        gradient = numerical_gradient(lambda value, name=name: cross_entropy(name, value), w)
        np.testing.assert_allclose(net.params[name], w - 0.1 * gradient, atol=1e-7, err_msg=name)


def test_inference_uses_the_population_statistics_and_training_the_batch():
    images = np.random.default_rng(3).standard_normal((8, 6))
    net = course.NeuralNet(small_weights(), course.relu, True)
    together = net.output_layer(images)
    np.testing.assert_allclose(net.output_layer(images[:1]), together[:1], rtol=1e-12)
    batch = net.output_layer(images, is_training=True)
    assert not np.allclose(net.output_layer(images[:3], is_training=True), batch[:3])
    # by hand for the first layer: population mean 0 and variance 1 at the start
    expected = np.maximum(0, images @ net.params["W1"] / np.sqrt(1.001))
    np.testing.assert_allclose(net.fully_connected(images, 1), expected, rtol=1e-12)


def test_weights_are_copied_so_that_two_networks_start_alike(mnist):
    weights = small_start = course.initial_weights(False)
    before = [w.copy() for w in weights]
    net = course.NeuralNet(weights, course.relu, True)
    net.train(0.5, 2, 1, mnist=mnist)
    assert all(np.array_equal(w, b) for w, b in zip(small_start, before, strict=True))
    assert len(net.training_accuracies) == 2
    assert {w.dtype for w in net.params.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize(("bad", "scale"), [(False, 0.05), (True, 5.0)])
def test_initial_weights_have_the_lessons_shapes_and_spread(bad, scale):
    np.random.seed(0)
    weights = course.initial_weights(bad)
    assert [w.shape for w in weights] == [(784, 100), (100, 100), (100, 100), (100, 10)]
    assert weights[0].std() == pytest.approx(scale, rel=0.02)
    assert weights[0].dtype == np.float32


def test_another_activation_is_rejected():
    with pytest.raises(ValueError, match=r"expected relu or sigmoid of reference\.conventions\.udacity"):
        course.NeuralNet(small_weights(), np.tanh, True)


def test_saved_models_come_back_with_their_population_statistics(mnist, tmp_path):
    np.random.seed(4)
    weights = course.initial_weights(False)
    trained = course.NeuralNet(weights, course.relu, True)
    trained.train(0.05, 20, 20, save_model_as=tmp_path / "model.npz", mnist=mnist)
    fresh = course.NeuralNet(weights, course.relu, True)
    assert fresh.test(mnist=mnist) != trained.test(mnist=mnist)
    assert fresh.test(restore_from=tmp_path / "model.npz", mnist=mnist) == trained.test(mnist=mnist)
    with pytest.raises(ValueError, match="expected the parameters of a network like this one"):
        course.NeuralNet(weights, course.relu, False).test(restore_from=tmp_path / "model.npz", mnist=mnist)


def test_train_and_test_compares_from_the_same_start_and_batch_norm_is_ahead(mnist, caplog):
    """The lesson's second demonstration in small: the document has 0.83 against 0.96 after 2000 batches."""
    caplog.set_level("INFO")
    np.random.seed(5)
    nn, bn = course.train_and_test(False, 0.01, course.relu, 400, 100, mnist=mnist)
    assert len(nn.training_accuracies) == len(bn.training_accuracies) == 4
    assert bn.training_accuracies[-1] > nn.training_accuracies[-1] + 0.2
    assert caplog.text.count("Accuracy on full test set") == 2


@pytest.mark.parametrize("test_training_accuracy", [True, False])
def test_batch_statistics_at_inference_give_one_guess_for_every_single_image(mnist, test_training_accuracy):
    """The document: 0.05 by batch statistics (one guess, near chance) against about 0.97 by population statistics."""
    np.random.seed(6)
    report = course.batch_norm_test(test_training_accuracy, mnist=mnist, training_batches=700)
    assert report.accuracy > 0.8  # a whole batch hides the mistake
    assert len(report.predictions) == 200
    if test_training_accuracy:
        assert len(set(report.predictions)) == 1
        assert report.single_accuracy < 0.25
    else:
        assert len(set(report.predictions)) == 10
        assert report.single_accuracy > 0.8
