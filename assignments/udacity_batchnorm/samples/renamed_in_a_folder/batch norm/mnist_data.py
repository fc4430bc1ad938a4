raise ImportError("an old copy of the helper")
