"""The package `nndl` in the spelling of some notebooks, which a file system that ignores case lets through."""

import nndl

__path__ = nndl.__path__
