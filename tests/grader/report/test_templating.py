import base64
import hashlib
import re

import pytest

from grader.report import Audience, ReportHeader, render_class
from grader.report.templating import TEMPLATES, render


def test_policy_allows_our_style_and_script_by_hash_and_nothing_else(header: ReportHeader) -> None:
    page = render_class([], header)
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    style = base64.b64encode(hashlib.sha256((TEMPLATES / "style.css").read_bytes()).digest()).decode()
    script = base64.b64encode(hashlib.sha256((TEMPLATES / "class.js").read_bytes()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{style}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        f"script-src 'sha256-{script}'",
    ]


def test_templates_never_switch_escaping_off() -> None:
    for template in TEMPLATES.glob("*.j2"):
        text = template.read_text(encoding="utf-8")
        # Base64 that we made ourselves is the one thing put in as it is.
        assert re.findall(r"[\w.]+\s*\|\s*safe|autoescape", text) in ([], ["output.base64|safe"]), (
            template.name
        )


def test_no_template_names_another_host() -> None:
    for file in TEMPLATES.iterdir():
        assert not re.search(r"https?://|url\(|@import|//\w+\.", file.read_text(encoding="utf-8")), file.name


@pytest.mark.parametrize(
    ("audience", "shown"),
    [
        (Audience.STUDENT, "title …/bin/x &lt;b&gt;[U+202E]"),
        (Audience.INSTRUCTOR, "title /home/prof kim/env/bin/x &lt;b&gt;[U+202E]"),
    ],
)
def test_every_value_is_cleaned_and_escaped_and_paths_are_cut_for_students(
    audience: Audience, shown: str
) -> None:
    title = "title /home/prof kim/env/bin/x <b>\u202e\x1b[31m"
    header = ReportHeader(title=title, private_paths=("/home/prof kim/env",))
    # The class's template serves for both here: what is tested is the way out of any template.
    page = render("page.html.j2", header, audience, with_script=False)
    assert "title" not in page.partition("<body>")[2]
    from grader.report.classpage import class_page
    from grader.report.tally import class_statistics

    page = render("class.html.j2", header, audience, page=class_page(class_statistics([])))
    assert f"<h1>{shown}</h1>" in page


@pytest.mark.parametrize(
    ("private", "shown"),
    [
        pytest.param((), "host-of-prof", id="nothing-private"),
        pytest.param(("/home/prof",), "host-of-prof", id="no-path-in-it"),
        pytest.param(("host-of-prof",), "…", id="a-prefix-without-a-slash"),
    ],
)
def test_what_is_private_is_cut_whether_or_not_it_looks_like_a_path(
    private: tuple[str, ...], shown: str
) -> None:
    from grader.report.classpage import class_page
    from grader.report.tally import class_statistics

    header = ReportHeader(title="host-of-prof", private_paths=private)
    page = render("class.html.j2", header, Audience.STUDENT, page=class_page(class_statistics([])))
    assert f"<h1>{shown}</h1>" in page
