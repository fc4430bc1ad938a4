"""The self-check's worker: a process of its own that runs the student's code against the published checks and says what it saw.

Students receive a copy, so it keeps to NumPy, the standard library and what Python 3.8 knows. It answers on its standard output,
one JSON object a line; what the student's code prints is caught. How long anything may take is the parent's business
(`selfcheck.py`), which kills this process.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import random
import sys
import traceback
import warnings
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping  # noqa: UP035 - subscribed when run, which Python 3.8 needs these for

import numpy as np

from .check import Check, NeedsPersonError
from .seeding import seeded
from .selfcheck_notebook import Namespace, NotNowError, defined_by, limited
from .values import plain

__all__ = ["Compare", "canary", "look", "work"]

#: `grader.compare.compare_value`, handed in because this package knows nothing that judges.
Compare = Callable[..., Any]

MAX_NAMED = 3  # arrays named in one reason; the rest is counted
MAX_WARNINGS = 3
MAX_PRINTED = 400  # characters of what one check printed
CANARY_SEED = 20
#: Where a file is absent or cannot be imported, a check's hint would lead astray.
NO_DIRECTION = {"hint": "", "section": ""}


class _MissingError(AttributeError):
    """The student's modules do not define a name. An AttributeError, so that probes may ask with hasattr."""


class _Implementation:
    """The student's functions and classes: a name is looked up in the modules, in order, each imported when it is needed."""

    def __init__(self, modules: list[str]) -> None:
        self._modules = modules
        self._failed: dict[str, BaseException] = {}

    def __getattr__(self, name: str) -> Any:
        for module in self._modules:
            with contextlib.suppress(AttributeError):
                return getattr(self.load(module), name)
        broken = next(iter(self._failed.values()), None)
        if broken is not None:
            raise broken
        raise _MissingError(f"{name} is not defined in {', '.join(map(_file, self._modules[:3]))}")

    def __dir__(self) -> list[str]:
        return sorted({name for module in self._modules for name in dir(self.load(module))})

    def load(self, module: str) -> Any:
        """The module, or None if it cannot be imported; the reason is raised when a name is asked for that no other module has."""
        if module in self._failed:
            return None
        try:
            return importlib.import_module(module)
        except (Exception, SystemExit) as exc:  # noqa: BLE001 - the student's module runs here and may raise anything
            absent = exc.name if isinstance(exc, ModuleNotFoundError) else None
            if absent is not None and f"{module}.".startswith(f"{absent}."):
                self._failed[module] = _MissingError(
                    f"there is no {_file(module)} in this folder; put it where the README has it"
                )
            else:
                self._failed[module] = exc
            return None


def _kit(folder: Path, checks: Mapping[str, Any]) -> tuple[dict[str, Any], list[Check], dict[str, Any]]:
    """The settings, the published checks and the expected arrays."""
    settings = json.loads((folder / "selfcheck" / "settings.json").read_text(encoding="utf-8"))
    published = [check for check in checks.values() if isinstance(check, Check)]
    with np.load(folder / "selfcheck" / "fixtures.npz", allow_pickle=False) as file:
        return settings, published, {name: file[name] for name in file.files}


def look(
    folder: Path, compare: Compare, checks: Mapping[str, Any], wanted: list[str], names: Any
) -> list[dict[str, Any]] | None:
    """Run the checks of a notebook in its own kernel; a row for each. Random numbers go on afterwards as if nothing had been.

    Args: names: of the notebook. Others as of `work`. Returns: None if NumPy draws other random numbers than when the expected
        results were made.
    """
    settings, published, fixtures = _kit(folder, checks)
    states = np.random.get_state(), random.getstate()
    rows = []
    try:
        if not _same_random_numbers(fixtures):
            return None
        bench = _Bench(folder, compare, Namespace(names, "this notebook yet: run its cell first"))
        for check in published:
            if check.where != "notebook" or not _is_wanted(check, wanted):
                continue
            expected, described = _expected(fixtures, check.id), _describe(check, settings)
            seed, limit_s = settings["seeds"][check.id], described["limit_s"]
            rows.append({**described, **bench.run(check, seed, expected, limit_s=limit_s)})
    finally:
        np.random.set_state(states[0])
        random.setstate(states[1])
    return rows


def work(folder: Path, compare: Compare, checks: Mapping[str, Any], request: Mapping[str, Any]) -> None:
    """Announce the published checks, run those that `request` asks for, and report on each.

    Args: folder: the student's, which holds `selfcheck/`. checks: the names of the check module. request: `wanted`, names of
        functions or checks, empty for all; `skip`, ids that were answered before; `notebook`, whether to run what a saved notebook
        defines and check that as well.
    """
    settings, published, fixtures = _kit(folder, checks)
    say = _own_output()
    plan = [_describe(check, settings) for check in published]
    say({"event": "plan", "checks": plan, "import_s": settings["import_s"]})
    if not _same_random_numbers(fixtures):
        say({"event": "strange", "numpy": np.__version__})
        return
    sys.path.insert(0, str(folder))
    sys.dont_write_bytecode = True  # an edit within the same second would else meet the byte-code of before
    implementation = _Implementation(settings["modules"])
    for module in settings["own"]:
        say({"event": "import", "file": _file(module)})
        implementation.load(module)
    benches = {"modules": _Bench(folder, compare, implementation)}
    if request["notebook"] and any(check.where == "notebook" for check in published):
        benches["notebook"] = _Bench(folder, compare, _saved_notebook(folder, settings, say))
    wanted = request["wanted"]
    for check in published:
        if check.where not in benches or check.id in request["skip"] or not _is_wanted(check, wanted):
            continue
        say({"event": "begin", "check": check.id})
        bench = benches[check.where]
        answer = bench.run(check, settings["seeds"][check.id], _expected(fixtures, check.id))
        say({"event": "end", "check": check.id, **answer})
    say({"event": "done"})


def _is_wanted(check: Check, wanted: list[str]) -> bool:
    """Whether it was asked for: by its own name, its function's, or its method's without the class. No name asks for all."""
    return not wanted or any(name in (check.id, check.of, check.of.rpartition(".")[2]) for name in wanted)


def _saved_notebook(
    folder: Path, settings: Mapping[str, Any], say: Callable[[Mapping[str, Any]], None]
) -> Namespace:
    """What the student's saved notebook defines."""
    for name in settings["notebooks"]:
        if (folder / name).is_file():
            say({"event": "import", "file": name})
            with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                names, faults = defined_by(folder / name, settings["modules"])
            said = "".join(f"; {fault}" for fault in faults[:MAX_NAMED])
            return Namespace(names, f"{name} as it is saved{said}")
    return Namespace({}, " or ".join(settings["notebooks"]) + ", which is not in this folder")


def canary() -> dict[str, Any]:
    """Draws of NumPy's generators that the published inputs depend on. A NumPy that draws differently cannot be judged here."""
    rng = seeded(CANARY_SEED)
    return {
        "normal": rng.standard_normal(4),
        "uniform": rng.uniform(-1, 1, 4),
        "random": rng.random(4),
        "integers": rng.integers(0, 1000, 8),
        "permutation": rng.permutation(8),
        "choice": rng.choice(100, 4),
        "legacy": np.random.randn(4),
    }


def _same_random_numbers(fixtures: Mapping[str, Any]) -> bool:
    published = _expected(fixtures, "canary")
    return all(
        name in published and np.array_equal(values, published[name]) for name, values in canary().items()
    )


def _own_output() -> Callable[[Mapping[str, Any]], None]:
    """Take standard output for the answers, and leave the student's code none."""
    own = os.fdopen(os.dup(1), "w", encoding="ascii")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)

    def say(event: Mapping[str, Any]) -> None:
        own.write(json.dumps(event) + "\n")
        own.flush()

    return say


def _describe(check: Check, settings: Mapping[str, Any]) -> dict[str, Any]:
    tolerance = check.tolerance if isinstance(check.tolerance, (int, float)) else None
    return {
        "check": check.id,
        "of": check.of,
        "title": check.title,
        "tolerance": tolerance,
        "hint": check.hint,
        "section": check.section,
        "limit_s": check.time_s or settings["check_s"],
    }


def _expected(fixtures: Mapping[str, Any], check: str) -> dict[str, Any]:
    start = check + "/"
    return {name[len(start) :]: array for name, array in fixtures.items() if name.startswith(start)}


class _Bench:
    """Runs one check after another against the student's code."""

    def __init__(self, folder: Path, compare: Compare, implementation: Any) -> None:
        self._folder = folder
        self._compare = compare
        self._implementation = implementation

    def run(
        self, check: Check, seed: int, expected: Mapping[str, Any], *, limit_s: float | None = None
    ) -> dict[str, Any]:
        """What became of one check, ready for JSON. limit_s: kept here where no other process does."""
        within = contextlib.nullcontext() if limit_s is None else limited(limit_s)
        printed = io.StringIO()
        answer: dict[str, Any] = {"outcome": "failed", "relative_error": None, "reason": ""}
        with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
            warnings.simplefilter("always")
            try:
                with within:
                    returned = check.probe(self._implementation, seeded(seed))
                answer.update(self._judge(check, returned, expected))
            except NotImplementedError as exc:
                reason = str(exc) or "not implemented yet"
                answer.update(outcome="todo", reason=reason, **_place(exc, self._folder))
            except _MissingError as exc:
                answer.update(reason=str(exc), **NO_DIRECTION)
            except NotNowError as exc:
                answer.update(reason=str(exc))
            except NeedsPersonError as exc:
                answer.update(reason=f"cannot be told here, and a person will look: {exc}")
            except TimeoutError as exc:
                answer.update(reason=str(exc), **_place(exc, self._folder))
            except (Exception, SystemExit) as exc:  # noqa: BLE001 - the student's code runs here and may raise anything
                answer.update(reason=_raised(exc), **_place(exc, self._folder))
        return {
            **answer,
            "warnings": _texts(caught, self._folder),
            "printed": printed.getvalue()[-MAX_PRINTED:],
        }

    def _judge(
        self, check: Check, returned: Mapping[str, Any], expected: Mapping[str, Any]
    ) -> dict[str, Any]:
        answered = {name: plain(returned.get(name)) for name in expected}
        if all(type_name == "NoneType" for type_name, _ in answered.values()):
            return {"outcome": "todo", "reason": "returns None"}
        errors, wrong = [], []
        for name, array in expected.items():
            judgement = self._compare(
                *answered[name],
                array,
                tolerance=_term(check.tolerance, name, 1e-7),
                floor=_term(check.floor, name, 1e-8),
                exact_dtype=check.exact_dtype,
            )
            if judgement.relative_error is not None:
                errors.append(judgement.relative_error)
            if not judgement.passed:
                wrong.append(f"{name} {judgement.reason}")
        left = len(wrong) - MAX_NAMED
        more = [f"{left} more {'is' if left == 1 else 'are'} wrong"] if left > 0 else []
        return {
            "outcome": "failed" if wrong else "passed",
            "relative_error": max(errors) if errors else None,
            "reason": "; ".join(wrong[:MAX_NAMED] + more),
        }


def _raised(exc: BaseException) -> str:
    said = exc.args[0] if isinstance(exc, KeyError) and exc.args and " " in str(exc.args[0]) else exc
    return f"raised {type(exc).__name__}" + (f": {said}" if str(said) else "")


def _term(term: Any, name: str, default: float) -> float:
    return float(term.get(name, default) if isinstance(term, Mapping) else term)


def _place(exc: BaseException, folder: Path) -> dict[str, str]:
    """The last line of the student's own that an exception went through, and its code."""
    if isinstance(exc, SyntaxError) and exc.filename and exc.lineno and _inner(exc.filename, folder):
        return {
            "place": f"{_inner(exc.filename, folder)}, line {exc.lineno}",
            "code": (exc.text or "").strip(),
            **NO_DIRECTION,
        }
    place = {"place": "", "code": ""}
    for file, line, function, code in _frames(exc):
        inner = _inner(file, folder)
        if inner:
            place = {"place": f"{inner}, line {line}, in {function}", "code": code}
            if function == "<module>":
                place.update(NO_DIRECTION)
    return place


def _frames(exc: BaseException) -> Iterator[tuple[str, int, str, str]]:
    for frame in traceback.extract_tb(exc.__traceback__):
        yield frame.filename, frame.lineno or 0, frame.name, frame.line or ""


def _inner(file: str, folder: Path) -> str:
    """The path relative to the student's folder; empty for files from elsewhere, and for the self-check's own."""
    if file.startswith("<"):  # "<frozen importlib._bootstrap>" is no file of this folder
        return ""
    try:
        inner = Path(file).resolve().relative_to(folder.resolve())
    except (ValueError, OSError):
        return ""
    return "" if inner.parts[0] in ("selfcheck", "check.py") else inner.as_posix()


def _texts(caught: list[warnings.WarningMessage], folder: Path) -> list[str]:
    texts = []
    for warning in caught:
        inner = _inner(warning.filename, folder)
        where = f" ({inner}, line {warning.lineno})" if inner else ""
        texts.append(f"{warning.category.__name__}: {warning.message}{where}")
    return list(dict.fromkeys(texts))[:MAX_WARNINGS]


def _file(module: str) -> str:
    return module.replace(".", "/") + ".py"
