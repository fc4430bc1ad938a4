"""The README that students receive with an assignment: set-up, self-check, handing in. Pure text, from `assignment.yaml` alone."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from ..assignment import Spec

__all__ = ["student_readme"]

_DATA = {
    "cifar10": "the CIFAR-10 data set (python version)",
    "mnist": "the MNIST data set (the four .gz files)",
}


def student_readme(spec: Spec, example: str, unwritten: Mapping[str, Sequence[str]]) -> str:
    """The text, as Markdown.

    Args: example: a function that the self-check knows, or empty where it has no checks. unwritten: names of the functions and
        classes that students write, by module.
    """
    parts = [f"# {spec.title}", _sentence(spec), _contents(spec, unwritten), _set_up(spec)]
    if example:
        parts.append(_self_check(example, in_notebook=not spec.files.modules))
    parts.append(_hand_in(spec))
    return "\n\n".join(parts) + "\n"


def _sentence(spec: Spec) -> str:
    document = f" ({spec.document})" if spec.document else ""
    return _wrapped(f"{spec.course}{document}. Write your code wherever a file says `# YOUR CODE HERE`.")


def _contents(spec: Spec, unwritten: Mapping[str, Sequence[str]]) -> str:
    rows = [(f"`{notebook.path}`", "the notebook: start here") for notebook in spec.notebooks]
    for module in spec.files.modules:
        names = ", ".join(f"`{name}`" for name in unwritten.get(module.path, module.defines))
        rows.append((f"`{module.path}`", f"yours to write: {names}"))
    rows += [(f"`{path}`", "complete; you may change it") for path in spec.files.fallback]
    rows += [
        (f"`{path}`", "complete; grading uses our copy, so changes do not count")
        for path in spec.files.provided
    ]
    rows.append(("`check.py`, `selfcheck/`", "the self-check"))
    return "\n".join(
        [
            "## What is here",
            "",
            "| file | what it is |",
            "| --- | --- |",
            *(f"| {a} | {b} |" for a, b in rows),
        ]
    )


def _set_up(spec: Spec) -> str:
    lines = [
        "## Set up",
        "",
        "You need Python 3.8 or newer. In a terminal in this folder:",
        "",
        "    python -m pip install numpy matplotlib jupyter",
        "    jupyter notebook",
    ]
    if spec.data in _DATA:
        lines += [
            "",
            _wrapped(f"The experiments train on {_DATA[spec.data]}: unpack it to `{spec.data_folder}/`."),
        ]
    return "\n".join(lines)


def _self_check(example: str, *, in_notebook: bool) -> str:
    reads = (
        "From a terminal it runs what the saved notebook defines; in the notebook it checks what is defined there, so run its "
        "cells first."
        if in_notebook
        else "It reads your files as they are on the disk (save them first)."
    )
    return "\n".join(
        [
            "## Check your work",
            "",
            "    python check.py                      # everything",
            f"    python check.py {example:<20} # one function or class",
            "",
            "or in the notebook:",
            "",
            "    from check import check",
            f'    check("{example}")',
            "",
            _wrapped(
                f"It needs NumPy alone. {reads} For each check it says whether it passes, the relative error, and where to "
                "look. Grading draws other inputs and checks more, so code that fits the published inputs alone will not "
                "pass there."
            ),
        ]
    )


def _hand_in(spec: Spec) -> str:
    files = [*(module.path for module in spec.files.modules), *spec.files.fallback]
    files += [notebook.path for notebook in spec.notebooks]
    lines = ["## Hand in", "", "Run the notebook from top to bottom, save it, and hand in:", ""]
    lines += [f"- `{path}`" for path in files]
    lines += ["", _wrapped("A zip of this folder is fine, too. Leave data sets out.")]
    if spec.questions:
        many = len(spec.questions) > 1
        what = f"the {len(spec.questions)} inline questions" if many else "the inline question"
        lines += ["", f"Answer {what} in the notebook."]
    return "\n".join(lines)


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100, break_on_hyphens=False, break_long_words=False)
