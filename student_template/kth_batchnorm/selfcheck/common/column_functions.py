from __future__ import annotations
import inspect
from typing import Any
import numpy as np
from .by_role import arguments, call, given_by_role, named_results, order_of_terms, role_of
from .column_forms import RowsError, as_returned, asked, kinds_of, plain_function, probabilities_of, start_terms
from .column_names import HISTORIES, ROLES
from ..check import NeedsPersonError
READ_SCALE = 1 / 50

class FunctionNet:
    holds: Any = frozenset()

    def __init__(self, impl: Any, sizes: Any, *, batchNorm: bool, **settings: Any) -> None:
        self.impl, self.sizes, self.batchNorm = (impl, tuple(sizes), batchNorm)
        self.settings = {'lmda': 0.0, 'alpha': 0.8, 'he': True, 'sig': 0.1, **settings, 'bn': batchNorm}
        pairs = list(zip(self.sizes[1:], self.sizes))
        self.W = [np.zeros(pair) for pair in pairs]
        self.b = [np.zeros((units, 1)) for units, _ in pairs]
        self.gamma = [np.ones((units, 1)) for units, _ in pairs[:-1]]
        self.beta = [np.zeros((units, 1)) for units, _ in pairs[:-1]]
        self.muMA = [np.zeros((units, 1)) for units, _ in pairs[:-1]]
        self.vaMA = [np.ones((units, 1)) for units, _ in pairs[:-1]]
        self.template: Any = None
        self.unmoved = False
        self.undrawn = ''
        self.turned = False
        try:
            self._draw()
        except RowsError:
            raise
        except NeedsPersonError as exc:
            self.undrawn = str(exc)

    def _draw(self) -> None:
        function = plain_function(self.impl, 'initializeParam', normalized=self.batchNorm)
        sizes, hidden = (self.sizes, list(self.sizes[1:-1]))
        values = {**self.settings, 'd': sizes[0], 'k': sizes[-1], 'seed': 0}
        values.update(start_terms(function, values))
        if not self.batchNorm:
            values = {**values, 'gamma': None, 'beta': None}
        pairs = [(sizes[i], sizes[i + 1]) for i in range(len(sizes) - 1)]
        swapped = [(outputs, inputs) for inputs, outputs in pairs]
        tries: list[Any] = [list(sizes), pairs, swapped, hidden]
        arguments(function, ROLES, {**values, 'sizes': sizes, 'hidden': hidden})
        for given in tries:
            if self._drawn_with(function, {**values, 'sizes': given, 'hidden': hidden}):
                return
            if given is tries[0] and self.turned:
                raise RowsError(function.__name__)
        if len(hidden) == 1 and self._drawn_with(function, {**values, 'hidden': hidden[0]}):
            return
        raise NeedsPersonError(f'{function.__name__} takes the sizes of the layers in a form that the check does not know')

    def _drawn_with(self, function: Any, values: Any) -> bool:
        try:
            returned = call(function, ROLES, values)
        except Exception:
            return False
        kinds = kinds_of(function, returned)
        shapes = [np.shape(W) for W in kinds.get('w', ())]
        if shapes != [np.shape(W) for W in self.W]:
            self.turned = shapes == [np.shape(W)[::-1] for W in self.W]
            return False
        self.template = returned if isinstance(returned, dict) else None
        self.W, self.b = (kinds['w'], kinds.get('b', []))
        for kind, name in (('gamma', 'gamma'), ('beta', 'beta'), ('mu', 'muMA'), ('v', 'vaMA')):
            if kind in kinds and self.batchNorm:
                setattr(self, name, kinds[kind])
        return True

    def _call(self, function: Any, values: Any) -> Any:
        return call(function, ROLES, values, () if self.batchNorm else ('gamma', 'beta'))

    def _values(self, **more: Any) -> dict[str, Any]:
        kinds = {'w': self.W, 'b': self.b}
        if self.batchNorm:
            kinds.update({'gamma': self.gamma, 'beta': self.beta})
        values = {role: self.settings[role] for role in ('lmda', 'bn', 'alpha')}
        return {**values, **kinds, 'params': self._params(kinds), **more}

    def _params(self, kinds: Any) -> Any:
        if self.template is not None:
            own = as_returned(None, self.template, kinds)
        else:
            own = {'W': self.W, 'b': self.b}
            if self.batchNorm:
                own.update({name: kinds[name[:5].rstrip('s')] for name in ('gamma', 'gammas', 'beta', 'betas')})
        return {**own, **{name: self.batchNorm for name in own if role_of(name, ROLES) == 'bn'}}

    def _pass(self, X: Any, training: bool) -> tuple[Any, dict[str, Any]]:
        function = plain_function(self.impl, 'evaluateClassifier', normalized=self.batchNorm)
        values = self._values(x=X, training=training, testing=not training)
        parameters = inspect.signature(function).parameters
        roles = {role_of(name, ROLES): parameter for name, parameter in parameters.items()}
        known = {*roles, *self.holds}
        flagged = 'training' in roles or 'testing' in roles
        if self.batchNorm and (not {'gamma', 'params'} & known):
            raise NeedsPersonError(f'{function.__name__} takes no gamma, and there is no other that does')
        if not training and self.batchNorm:
            if not {'mu', 'params'} & known or ('mu' in self.holds and (not flagged)):
                raise NeedsPersonError(f'{function.__name__} takes no moving averages')
            values.update(mu=self.muMA, v=self.vaMA)
        elif 'mu' in roles and roles['mu'].default is inspect.Parameter.empty:
            own = flagged and self.batchNorm
            values.update(mu=self.muMA if own else None, v=self.vaMA if own else None)
        returned = self._call(function, values)
        named = named_results(function, returned)
        named.update({role_of(name, ROLES): value for name, value in named.items() if role_of(name, ROLES)})
        return (probabilities_of(function, returned, named, (len(self.W[-1]), X.shape[1])), named)

    @asked
    def evaluateClassifier(self, X: Any, training: bool=True) -> Any:
        p, _ = self._pass(X, training)
        hidden = range(len(self.W) - 1)
        h = [X, *(self._read(X, i, training, normalized=False) for i in hidden)]
        if not self.batchNorm:
            return (p, h)
        self.unmoved = self.unmoved or (training and 'mu' not in self.holds)
        sh = [self._read(X, i, training, normalized=True) for i in hidden]
        s = self.W[0] @ X + self.b[0]
        with np.errstate(all='ignore'):
            v = s.var(axis=1, keepdims=True) / sh[0].var(axis=1, keepdims=True)
        return (p, h, None, sh, None, [v])

    def _read(self, X: Any, layer: int, training: bool, *, normalized: bool) -> Any:
        units = len(self.W[layer])
        high = np.sqrt(X.shape[1]) + 1
        scale = 1 / high if normalized else READ_SCALE
        cut = self._twin()
        cut.W = [*self.W[:layer + 1], scale * np.eye(units + 1, units, -1)]
        cut.b = [*self.b[:layer + 1], np.zeros((units + 1, 1))]
        cut.gamma, cut.beta = (list(self.gamma[:layer + 1]), list(self.beta[:layer + 1]))
        cut.muMA, cut.vaMA = (list(self.muMA[:layer + 1]), list(self.vaMA[:layer + 1]))
        if normalized:
            cut.gamma[layer], cut.beta[layer] = (np.ones((units, 1)), np.full((units, 1), high))
        p, _ = cut._pass(X, training)
        with np.errstate(all='ignore'):
            read = np.log(p[1:] / p[:1]) / scale
        return read - high if normalized else read

    def _twin(self) -> Any:
        twin = FunctionNet.__new__(FunctionNet)
        twin.__dict__.update(vars(self))
        return twin

    @asked
    def computeCost(self, X: Any, Y: Any) -> Any:
        function = plain_function(self.impl, 'computeCost', normalized=self.batchNorm)
        roles = {role_of(name, ROLES) for name in inspect.signature(function).parameters} | self.holds
        if 'lmda' not in roles:
            raise NeedsPersonError(f'{function.__name__} takes no lambda')
        if self.batchNorm and (not {'gamma', 'params', 'p'} & roles):
            raise NeedsPersonError(f'{function.__name__} takes no gamma, and there is no other that does')
        values = self._values(x=X, y=Y, labels=np.argmax(Y, axis=0), training=True, testing=False)
        if 'p' in roles:
            values['p'] = self._pass(X, training=True)[0]
        returned = self._call(function, values)
        if isinstance(returned, (tuple, list)):
            numbers = sorted((float(np.ravel(value)[0]) for value in returned if np.size(value) == 1))
            return (numbers[-1], numbers[0])
        loss = self._loss(function, values)
        return (float(np.ravel(returned)[0]), float(np.ravel(loss)[0]))

    def _loss(self, function: Any, values: Any) -> Any:
        return self._call(function, {**values, 'lmda': 0.0})

    @asked
    def computeAccuracy(self, X: Any, y: Any) -> float:
        function = plain_function(self.impl, 'computeAccuracy', normalized=self.batchNorm)
        names = inspect.signature(function).parameters
        roles = {role_of(name, ROLES) for name in names} | self.holds
        p, _ = self._pass(X, training=False)
        if self.batchNorm and (not {'p', 'mu', 'params'} & roles):
            raise NeedsPersonError(f'{function.__name__} takes no moving averages')
        Y = np.eye(len(p))[y].T
        label = Y if any((name in ('Y', 'Y_batch', 'onehot', 'one_hot') for name in names)) else y
        values = self._values(x=X, y=label, labels=y, p=p, mu=self.muMA, v=self.vaMA, training=False, testing=True)
        share = float(self._call(function, values))
        return share / 100 if share > 1 else share

    @asked
    def computeGradients(self, X: Any, Y: Any) -> Any:
        return self._gradients('computeGradients', X, Y)

    @asked
    def computeGradientsNum(self, X: Any, Y: Any) -> Any:
        return self._gradients('computeGradientsNum', X, Y, h=1e-06)

    def _gradients(self, name: str, X: Any, Y: Any, **more: Any) -> Any:
        function = plain_function(self.impl, name, normalized=self.batchNorm)
        roles = {role_of(parameter, ROLES) for parameter in inspect.signature(function).parameters} | self.holds
        if 'lmda' not in roles:
            raise NeedsPersonError(f'{function.__name__} takes no lambda')
        p, named = self._pass(X, training=True)
        values = self._values(x=X, y=Y, labels=np.argmax(Y, axis=0), training=True, testing=False, p=p, **more)
        returned = self._call(function, {**named, **values})
        kinds = kinds_of(function, returned)
        wanted = ('w', 'b', 'gamma', 'beta') if self.batchNorm else ('w', 'b')
        if any((kind not in kinds for kind in wanted)):
            raise NeedsPersonError(f'{function.__name__} returns its gradients in a form that the check does not know')
        return tuple((kinds[kind] for kind in wanted))

    @asked
    def batchNormBackPass(self, g: Any, s: Any, mu: Any, v: Any) -> Any:
        function = plain_function(self.impl, 'batchNormBackPass')
        return self._call(function, {'g': g, 's': s, 'mu': mu, 'v': v, 'x': s})

    def zeros(self) -> Any:
        raise NeedsPersonError('work that is made of plain functions has no such method')

    @asked
    def miniBatchGD(self, X: Any, Y: Any, GDParams: Any, xVal: Any, yVal: Any) -> Any:
        function = plain_function(self.impl, 'miniBatchGD', normalized=self.batchNorm)
        terms = dict(zip(('batch', 'etamin', 'etamax', 'epochs', 'ns'), GDParams))
        both = {'x': X, 'y': Y, 'labels': np.argmax(Y, axis=0), 'xval': xVal, 'yval': yVal}
        both['labelsval'] = np.argmax(yVal, axis=0)
        values = {**self._values(mu=None, v=None), **terms, **both}
        for name in inspect.signature(function).parameters:
            if role_of(name, ROLES) == 'terms':
                values['terms'] = order_of_terms(function, name, ROLES, values)
        started = ([np.array(value) for value in self.b], list(self.b))
        space = dict(function.__globals__)
        seen = self._watch(function)
        try:
            returned = self._call(function, values)
        finally:
            function.__globals__.update(space)
        if 'computeGradients' in vars(self) and (not seen):
            raise NeedsPersonError(f'{function.__name__} takes its gradients from elsewhere than the function for them')
        self._take(function, returned, values, started)
        named = named_results(function, returned)
        found = [next((named[name] for name in names if name in named), None) for names in HISTORIES]
        if any((not isinstance(history, (list, np.ndarray)) for history in found)):
            if seen:
                return None
            raise NeedsPersonError(f'{function.__name__} returns no six histories under their usual names')
        return tuple(found)

    def _watch(self, function: Any) -> list[int]:
        seen: list[int] = []
        if 'computeGradients' not in vars(self):
            return seen
        own = plain_function(self.impl, 'computeGradients', normalized=self.batchNorm)
        watched = vars(self)['computeGradients']

        def gradient(*args: Any, **named: Any) -> Any:
            given = given_by_role(own, ROLES, args, named)
            params = kinds_of(None, given['params']) if isinstance(given.get('params'), dict) else given
            self._keep(params)
            seen.append(1)
            kinds = dict(zip(('w', 'b', 'gamma', 'beta'), watched(given['x'], given['y'])))
            return as_returned(own, own(*args, **named), kinds)
        space = function.__globals__
        space.update({name: gradient for name, value in space.items() if value is own})
        return seen

    def _keep(self, kinds: Any) -> None:
        for kind, name in (('w', 'W'), ('b', 'b'), ('gamma', 'gamma'), ('beta', 'beta')):
            if isinstance(kinds.get(kind), (list, tuple)):
                setattr(self, name, list(kinds[kind]))

    def _take(self, function: Any, returned: Any, values: Any, started: Any) -> None:
        kinds = kinds_of(function, returned)
        copies, objects = started
        inside = any((one is not other for one, other in zip(values['b'], objects))) or any((not np.array_equal(one, other) for one, other in zip(objects, copies)))
        if 'b' not in kinds and (not inside):
            raise NeedsPersonError(f'{function.__name__} does not return the parameters under their usual names')
        self._keep(kinds if 'b' in kinds else values)
