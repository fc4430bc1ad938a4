from ..fast_layers import conv_forward_fast
print 'three layers'
