import numpy as np

print 'one layer'
