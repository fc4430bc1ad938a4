"""Find option numbers and slots' labels in freely written text. Pure; what they mean together is for `choices` to say.

Numbers that are no options (citations, "2 layers", "sums up to 1", formulas) are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from ..composed import composed

__all__ = ["NONE", "Item", "Kind", "plain_text", "read_sentences"]


class Kind(Enum):
    """What was found."""

    OPTIONS = "options"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Item:
    """A group of option numbers, or a slot's label, at `start`..`end` of its sentence. listed: written as "1." of a list."""

    kind: Kind
    start: int
    end: int
    options: frozenset[int] = frozenset()
    slot: str = ""
    listed: bool = False


_NEAR_CHARACTERS = 60  # as far as words beside a number say what it is

# The slot of "neither" and its like: options put there belong to no slot of the question.
NONE = "\0none"
_NEITHER = [
    "neither",
    "none of them",
    "none",
    "nothing",
    "아무것도 아님",
    "아무것도 아니다",
    "해당 없음",
    "해당없음",
    "없음",
    "都不是",
]

_STRUCK = re.compile(r"~~.*?~~|<(?P<tag>s|del|strike)>.*?</(?P=tag)>", re.DOTALL | re.IGNORECASE)
_HTML = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>]*>", re.DOTALL)
_IMAGE = re.compile(r"!\[[^\]]{0,200}\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]{1,200})\]\((?:https?:|#|mailto:)[^)]*\)")
_FENCE = re.compile(r"^[ \t]*+(?:```|~~~).*$", re.MULTILINE)
_MATH = re.compile(r"\$\$?([^$]{1,400}?)\$\$?")
_MATH_DRESS = re.compile(r"\\(?:color|textcolor)\{[^{}]*\}|\\[a-zA-Z]+|[{}\\]")
# "0 or 1" speaks of values: there is no option 0.
_BINARY = re.compile(
    r"(?<![0-9.])0\s*(?:or|and|to|[/~,&]|과|와|또는|혹은|이나|或|和)\s*1(?![0-9.]\d?)|(?<![0-9.])1\s*(?:or|and)\s*0(?![0-9.])",
    re.IGNORECASE,
)
_LIST_MARK = re.compile(r"^([0-9])[ \t]*[.)][ \t]+(?=\S)", re.MULTILINE)
_LINE_DRESS = re.compile(r"^[ \t]*(?:[-*+>#|•·]+[ \t]+|[>#|]+)*[ \t]*", re.MULTILINE)
_SENTENCE_END = re.compile(r"(?<=[.!?;。])\s+|。|\n+|\b(?:because|since)\b|왜냐하면|因为", re.IGNORECASE)

# What may stand around a number that is an option. "번" is the Korean counter for numbered things.
_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.^\\-])(?P<number>[0-9])(?P<after>\s?번(?:째)?)?(?![0-9%^=]|\.[0-9]|,[0-9]{3}|[A-Za-z]|-\w)"
)
_JOINT = re.compile(
    r"[\s,&+()\[\]、]*(?:(?:and|both|options?|choices?|number|#|와|과|이랑|랑|및|하고|그리고|和)[\s,()\[\]]*)?",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"\s*(?:(?:hidden |dense |training |test |input )?(?:layers|images?|pixels?|features?|dim(?:s|ensions?|ensional)?|neurons?"
    r"|vectors?|values?|entries|inputs?|numbers?|data\b|units|epochs?|times|batches|samples?|examples?"
    r"|channels?|rows?|columns?|steps|classes|reasons?|things|ways?|kinds|types|cases)\b"
    r"|개|차원|층|가지|배\b|장|이\s*되|로\s*(?:만들|맞|정규)|個|个|维)",
    re.IGNORECASE,
)
_VALUE_BEFORE = re.compile(
    r"(?:\b(?:sum(?:s|med|ming)?|adds?|adding|equals?|up|normali[sz]ed?|scaled?|set)(?:\s+(?:is|are|be|up))?(?:\s+to)?"
    r"|\b(?:layer|question|q|figure|fig\.?|equation|eq\.?|section|assignment|chapter|table|lecture|part|version|variance|std|mean|norm)"
    r"(?:\s+(?:of|is|=))?|[A-Za-z0-9_)\]]\s*=|합이|합은|합을|합계가?)\s*$",
    re.IGNORECASE,
)
_WORD_BEFORE_BRACKET = re.compile(r"([^\W\d_]+)\s*$")
_COPULAS = {
    "is",
    "are",
    "be",
    "to",
    "option",
    "options",
    "choice",
    "and",
    "with",
    "as",
    "은",
    "는",
    "是",
    "选项",
}


def plain_text(text: str) -> str:
    """The answer without Markdown, HTML and formulas. NFKC also turns "：", "②" and full-width digits into plain ones."""
    plain = re.sub("[\ue000-\uf8ff]", " ", composed(text, "NFKC"))  # code points that are used as marks below
    for pattern in (_STRUCK, _HTML, _IMAGE, _FENCE):
        plain = pattern.sub(" ", plain)
    plain = _LINK.sub(r"\1", plain)
    plain = _BINARY.sub(" ", _MATH.sub(_undressed, plain))
    plain = re.sub(r"[*`_]+", "", _LINE_DRESS.sub("", plain))
    return _LINE_DRESS.sub("", plain)  # again: "**- 2**"


def _undressed(match: re.Match[str]) -> str:
    """A formula that is no more than option numbers in LaTeX dress stays as these numbers; any other goes."""
    inside = _MATH_DRESS.sub(" ", match.group(1))
    return f" {inside} " if re.fullmatch(r"[\s\d,()]*", inside) else " ; "


def read_sentences(
    plain: str, labels: Mapping[str, Sequence[str]], options: int
) -> Iterator[tuple[str, list[Item]]]:
    """Each sentence with its labels and option groups, in order. A line that is but a label heads the line below it."""
    marked = _LIST_MARK.sub("\\1\ue000 ", plain)
    known = _label_pattern(labels) if labels else None
    heading = ""
    for part in _SENTENCE_END.split(marked):
        sentence = f"{heading} {part}" if heading else part
        if not part or not part.strip():
            continue
        items = _items(sentence, known, options)
        if (
            len(items) == 1
            and items[0].kind is Kind.LABEL
            and not re.sub(r"[\W_]", "", _without(sentence, items[0]))
        ):
            heading = sentence
            continue
        heading = ""
        yield sentence.replace("\ue000", "."), items


def _without(sentence: str, item: Item) -> str:
    return sentence[: item.start] + sentence[item.end :]


def _label_pattern(labels: Mapping[str, Sequence[str]]) -> tuple[re.Pattern[str], list[str]]:
    """All labels as one pattern, the longest first, and the slot of each of its groups; blanks and hyphens are optional."""
    names = [(label, slot) for slot, given in labels.items() for label in given]
    names += [(label, NONE) for label in _NEITHER]
    names.sort(key=lambda name: -len(name[0]))
    parts = []
    for label, _ in names:
        words = r"[\s\-]*".join(map(re.escape, re.split(r"[\s\-]+", composed(label, "NFKC"))))
        parts.append(rf"((?<![A-Za-z]){words}(?![A-Za-z]))" if label.isascii() else f"({words})")
    return re.compile("|".join(parts), re.IGNORECASE), [slot for _, slot in names]


def _items(sentence: str, known: tuple[re.Pattern[str], list[str]] | None, options: int) -> list[Item]:
    found: list[Item] = []
    masked = sentence
    for match in known[0].finditer(sentence) if known else ():
        slot = known[1][(match.lastindex or 1) - 1] if known else ""
        found.append(Item(Kind.LABEL, match.start(), match.end(), slot=slot))
        masked = masked[: match.start()] + "\ue001" * (match.end() - match.start()) + masked[match.end() :]
    found += _option_groups(masked, options)
    return sorted(found, key=lambda item: item.start)


def _option_groups(sentence: str, options: int) -> list[Item]:
    """Groups of option numbers ("1, 2", "1 and 2") in a sentence whose labels are masked."""
    groups: list[Item] = []
    for match in _NUMBER.finditer(sentence):
        number = int(match["number"])
        if not 1 <= number <= options or _is_no_option(sentence, match):
            continue
        listed = sentence[match.end() : match.end() + 1] == "\ue000"
        last = groups[-1] if groups else None
        if last and not last.listed and _JOINT.fullmatch(sentence, last.end, match.start()):
            groups[-1] = Item(
                Kind.OPTIONS, last.start, match.end(), last.options | {number}, listed=last.listed
            )
        else:
            end = match.end() + 1 if listed else match.end()
            groups.append(Item(Kind.OPTIONS, match.start(), end, frozenset({number}), listed=listed))
    return groups


def _is_no_option(sentence: str, match: re.Match[str]) -> bool:
    """Whether the number counts, measures or cites something: "2 layers", "sums up to 1", "as shown in [1]"."""
    before = sentence[max(0, match.start() - _NEAR_CHARACTERS) : match.start()]
    after = sentence[match.end() : match.end() + _NEAR_CHARACTERS]
    if not match["after"] and _UNIT.match(after):
        return True
    if _VALUE_BEFORE.search(before):
        return True
    if before.endswith("[") and after.startswith("]"):
        word = _WORD_BEFORE_BRACKET.search(before[:-1])
        return before[:-1].rstrip().endswith("\ue001") or bool(word and word[1].casefold() not in _COPULAS)
    return False
