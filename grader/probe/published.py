"""Packages that anybody can install and that course work is written with: where one is absent, work that uses it may be right.

A name that does not stand here is taken for a file that was not handed in, which is the student's to mend. Data only.
"""

__all__ = ["PUBLISHED"]

#: Top-level names, as they are imported.
PUBLISHED = frozenset(
    {
        # deep learning
        *("tensorflow", "tensorflow_addons", "tensorflow_datasets", "tensorboard", "tensorboardX", "keras"),
        *("tf_keras", "tflearn", "tf_slim", "torch", "torchvision", "torchaudio", "torchtext", "torchsummary"),
        *("torchmetrics", "pytorch_lightning", "lightning", "ignite", "fastai", "theano", "lasagne", "jax"),
        *("jaxlib", "flax", "haiku", "optax", "mxnet", "chainer", "paddle", "caffe", "caffe2", "cntk", "autograd"),
        *("tinygrad", "onnx", "transformers", "wandb"),
        # arrays elsewhere than in NumPy
        *("cupy", "numba", "numexpr", "bottleneck", "dask", "xarray", "sparse", "pycuda", "pyopencl"),
        # data, images, statistics, drawing
        *("scipy", "pandas", "polars", "sklearn", "skimage", "cv2", "PIL", "imageio", "h5py", "tables", "sympy"),
        *("statsmodels", "seaborn", "plotly", "bokeh", "altair", "networkx", "skopt", "optuna", "hyperopt"),
    }
)  # fmt: skip
