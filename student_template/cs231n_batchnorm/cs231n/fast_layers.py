"""Stand-ins for the compiled convolution layers of other parts of the course; batch normalization does not need them.

Older versions of `layer_utils.py` import these names, so they exist. Calling one says what is missing.
"""

print("The compiled convolution layers are not built; nothing in this assignment needs them.")


def _absent(name):
    def call(*_arguments, **_settings):
        raise NotImplementedError(
            f"{name} belongs to the convolution part of the course and is not built here"
        )

    return call


conv_forward_fast = conv_forward_im2col = conv_forward_strides = _absent("conv_forward")
conv_backward_fast = conv_backward_im2col = conv_backward_strides = _absent("conv_backward")
max_pool_forward_fast = max_pool_forward_im2col = max_pool_forward_reshape = _absent("max_pool_forward")
max_pool_backward_fast = max_pool_backward_im2col = max_pool_backward_reshape = _absent("max_pool_backward")
