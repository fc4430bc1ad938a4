"""Run every experiment of the five documents and write the table of what they claim against what came out.

    python -m tests.benchmarks.experiments --data DATA            all of them; seven CPU minutes on one core
    python -m tests.benchmarks.experiments --quick                every line once, in seconds; its figures prove nothing

The table goes between two marks of docs/experiments.md, the figures into docs/images/. A quick run writes to neither.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from reference.data import ENVIRONMENT, find_cifar10

from .kth import run_kth
from .record import Claim, Lab, Verdict
from .row_networks import run_cs231n, run_ece247
from .tufts import run_tufts
from .udacity import run_udacity

COURSES = {
    "tufts": run_tufts,
    "cs231n": run_cs231n,
    "ece247": run_ece247,
    "udacity": run_udacity,
    "kth": run_kth,
}
DOCS = Path(__file__).resolve().parents[3] / "docs"
START, END = "<!-- table: begin -->", "<!-- table: end -->"


def main() -> None:
    """Run, and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "courses", nargs="*", default=list(COURSES), help=f"of {', '.join(COURSES)}; all unless said"
    )
    parser.add_argument(
        "--data", type=Path, default=os.environ.get(ENVIRONMENT), help="folder of the real files"
    )
    parser.add_argument("--quick", action="store_true", help="the smallest form that runs every line")
    parser.add_argument(
        "--keep", type=Path, help="file that keeps the lines of several runs of some courses each"
    )
    options = parser.parse_args()
    data = Path(options.data) if options.data else None
    if data is None and not options.quick:
        parser.error(f"the table is about real images; name their folder with --data or {ENVIRONMENT}")
    with tempfile.TemporaryDirectory() as folder:
        images = Path(folder) if options.quick else DOCS / "images"
        lab = Lab(quick=options.quick, data=data, images=images, tell=lambda line: print(line, flush=True))
        print(f"CIFAR-10: {find_cifar10(data).source}", flush=True)
        for course in options.courses:
            print(f"{course} ...", flush=True)
            started = time.process_time()
            COURSES[course](lab)
            lab.seconds[course] = time.process_time() - started
            print(f"{course}: {lab.seconds[course]:.0f} CPU seconds", flush=True)
            _keep(lab, options.keep)
    if not options.quick:
        _write_table(lab, options.keep)


def _keep(lab: Lab, file: Path | None) -> None:
    """Add what is done to the file, replacing the same course's older lines."""
    if file is None:
        return
    kept = json.loads(file.read_text("utf-8")) if file.is_file() else {"claims": [], "seconds": {}}
    new = {claim.course for claim in lab.claims}
    kept["claims"] = [claim for claim in kept["claims"] if claim["course"] not in new]
    kept["claims"] += [{**asdict(claim), "verdict": claim.verdict.value} for claim in lab.claims]
    kept["seconds"] |= lab.seconds
    file.write_text(json.dumps(kept, indent=1), "utf-8")


def _write_table(lab: Lab, file: Path | None) -> None:
    claims, seconds = lab.claims, lab.seconds
    if file is not None:
        kept = json.loads(file.read_text("utf-8"))
        claims = [Claim(**{**claim, "verdict": Verdict(claim["verdict"])}) for claim in kept["claims"]]
        seconds = kept["seconds"]
    page = DOCS / "experiments.md"
    before, _, rest = page.read_text("utf-8").partition(START)
    _, _, after = rest.partition(END)
    page.write_text(f"{before}{START}\n{_table(claims, seconds)}\n{END}{after}", "utf-8")
    print(f"written: {page}", flush=True)


def _table(claims: list[Claim], seconds: dict[str, float]) -> str:
    lines = []
    for course in dict.fromkeys(claim.course for claim in claims):
        lines += [
            f"### {course}",
            "",
            "| experiment | the document | here | the claim |",
            "| --- | --- | --- | --- |",
        ]
        for claim in claims:
            if claim.course == course:
                note = f" ({claim.note})" if claim.note else ""
                lines.append(
                    f"| {claim.experiment} | {claim.claimed} | {claim.found} | **{claim.verdict.value}**{note} |"
                )
        lines.append("")
    spent = ", ".join(f"{course} {value:.0f}" for course, value in seconds.items())
    return "\n".join([*lines, f"CPU seconds on one core: {spent}."])


if __name__ == "__main__":
    main()
