"""Gives each caller another function: a module that is an object, with attributes that are made when they are asked for."""

import sys
import types


class Changing(types.ModuleType):
    asked = 0

    def __getattribute__(self, name):
        if name.startswith("center"):
            type(self).asked += 1
            return lambda x: x * type(self).asked
        return types.ModuleType.__getattribute__(self, name)

    __dict__ = property(lambda self: {"points": 100})
    __file__ = __path__ = __spec__ = __name__ = property(lambda self: 1 / 0)


sys.modules[__name__] = Changing(__name__)
