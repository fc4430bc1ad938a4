"""Read which options a student chose, from freely written text. Pure, and never a guess: what is not clear stays unread.

A choice counts as read only when it is stated in one of a few plain forms: an answer that opens with the option ("2", "(2)",
"Option 2, because ...", "2번의 경우 ..."), or a slot's label joined to its options by nothing but joining words, in either order
("Batch normalization: 3", "3 is analogous to batch norm and 2 to layer norm"). A mention of any other option, a denial, a hedge or
a contradiction makes it unclear, and a person looks. Numbers that are no options (citations, "2 layers", "sums up to 1", formulas)
are left out first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..composed import composed
from .items import NONE, Item, Kind, plain_text, read_sentences

__all__ = ["Reading", "read_one", "read_slots"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The options read for each slot, or, where `unclear` says why, none."""

    chosen: Mapping[str, frozenset[int]]
    unclear: str = ""


# Nobody needs more to name an option, and no pattern needs to meet it; NFKC makes up to eighteen characters of one.
TOO_LONG_CHARACTERS = 8_000
_NEAR_CHARACTERS = 200  # before an option, in which a sentence says that it is the answer

# What may stand between a slot's label and its options, and still say plainly that they belong together.
# The repetition is possessive (and longer forms stand first): with two ways to read a word, failing would take ages.
_CONNECTORS = re.compile(
    r"(?:\b(?:is|are|was|be|would|should|can|will|more|most|analogous|analogue|similar|equivalent|equals?|corresponds?|corresponding"
    r"|akin|matches|to|with|the|an?|options?|choices?|number|no|steps?|answer|like|same|as|of|for|preprocessing"
    r"|processing|ones?|method|operation|item|also|just|both|only)\b"
    r"|유사하다|유사한|유사|비슷하다|비슷한|비슷|해당하는|해당한다|해당|할 수 있다|합니다|입니다|선택지|보기|옵션"
    r"|이다|하다|라고|으로|같은|같다|것|은|는|이|가|의|과|와|에|로|도|을|를|번|고"
    r"|类比于|类似于|类似|对应于|对应|选项|的|是|为|\[[0-9]+\]|[\s:=~|()\[\],.、>\-–—→⇒\"'&#])*+"
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|nor|neither|cannot|without|except|excluding|unlike|wrong|incorrect|false)\b|n't\b|n’t\b"
    r"|아니|아닌|아님|않|없|못|제외|틀린|不|没|非|除",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"(?:\b(?:not|little|no)|n't|n’t)\s+(?:\w+\s+)?(?:matter|affect|influence|cause|hurt|harm|effect|impact|problems?|issues?)\b"
    r"|\b(?:fine|okay|ok|irrelevant|unlikely|unaffected|wrong|incorrect|false|except|ruled?\s+out|excluded?|other than)\b"
    r"|아니다|아닙니다|아닌|아님|문제\s?(?:가|는)?\s?없|상관\s?없|영향\s?(?:이|은|을)?\s?(?:없|미치지)|무관|제외|틀린|괜찮|不是|没有|除",
    re.IGNORECASE,
)
_IS_NOT = re.compile(
    r"\b(?:is|are|was|be|seems?)(?:\s+(?:also|certainly|clearly))?(?:\s+not\b|n't|n’t)|\bnot\s+(?:the|an?|option|likely|true)\b",
    re.IGNORECASE,
)
_NO_AT_ONCE = re.compile(r"[\W_]*(?:not?|never|isn't|doesn't|won't|아니|없|不|没)", re.IGNORECASE)
# Beside an option where the question asks for what does not work.
_PRAISE = re.compile(
    r"\b(?:works?|worked|working|performs?|does|do)\s+(?:\w+\s+)?(?:well|good|great|better|best)\b|\b(?:is|are|be)\s+(?:\w+\s+)?(?:good|great)\b"
    r"|잘\s?(?:작동|동작|된다|됩니다|되)",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"\?|\b(?:or|either|maybe|perhaps|possibly|unsure|not sure|might be|all of|any of)\b|또는|혹은|아마|모르|或|也许|可能是",
    re.IGNORECASE,
)
_PREFACE = re.compile(
    r"[\W_]*(?:(?:(?:my|the|correct|right|best|answers?|ans|is|are|would|will|be|i|think|believe|choose|chose|pick|say|it|only|both"
    r"|options?|choices?|number|case|for|in|of|정답은|정답|답은|답|선택지|선택|보기|옵션)\b|选项|选择|答案|选|是)[\W_]*)*+",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(?:answer|choice)\s+(?:is|would be|should be)\s*:?\s*(?:the\s+)?(?:options?|number|choice)?\W*$"
    r"|\b(?:choose|chose|pick|picked|select|selected)\s+(?:options?|number|choice)?\W*$|(?:정답은|답은|答案是)\W*$",
    re.IGNORECASE,
)


def read_one(text: str, *, options: int, negative: bool = False) -> Reading:
    """What was chosen where there is one thing to choose; the chosen set is under the key "".

    options: how many options there are, numbered from 1. negative: the question asks for what does *not* hold, so that a negation
    beside the option ("2 does not work well") is part of the answer.
    """
    characters = max(len(text), len(composed(text[:TOO_LONG_CHARACTERS], "NFKC")))
    if characters > TOO_LONG_CHARACTERS:
        return _unclear(f"the answer is {characters} characters long")
    sentences = list(read_sentences(plain_text(text), {}, options))
    groups = [(sentence, item) for sentence, items in sentences for item in items]
    if not groups:
        return _unclear("no option number was found in the answer")
    stated = _stated_group(sentences)
    if stated is None:
        return _unclear("options are mentioned, but the answer does not open with one or say which it is")
    sentence, item = stated
    mentioned = frozenset().union(*(other.options for _, other in groups))
    if mentioned != item.options:
        return _unclear(f"several options are mentioned: {_listed(mentioned)}")
    objection = _objection(sentence, item, negative=negative)
    return _unclear(objection) if objection else Reading(chosen={"": item.options})


def _objection(sentence: str, item: Item, *, negative: bool) -> str:
    """Why the sentence that states the choice should not be taken at its word, or nothing."""
    tail = sentence[item.end :]
    if item.listed and item.options == {1} and tail.strip(" .)"):
        return '"1." may be the option or the first point of a list'
    if _HEDGE.search(sentence):
        return "the answer hedges between options"
    closed = item.listed or re.match(r"[\s)\]]*(?:$|[.:,;\-–—=])", tail)
    if _DENIAL.search(sentence) or (_NO_AT_ONCE.match(tail) if closed else _IS_NOT.search(sentence)):
        return "the option may be named in order to deny it"
    negated = _NEGATION.search(sentence)
    if not closed and not negative and negated:
        return "the sentence that names the option is negated"
    if not closed and negative and not negated and _PRAISE.search(sentence):
        return "the option may be named as one that works"
    return ""


def read_slots(text: str, *, labels: Mapping[str, Sequence[str]], options: int) -> Reading:
    """What was chosen for each of several slots. labels: how students name each slot, by its id."""
    characters = max(len(text), len(composed(text[:TOO_LONG_CHARACTERS], "NFKC")))
    if characters > TOO_LONG_CHARACTERS:
        return _unclear(f"the answer is {characters} characters long")
    sentences = list(read_sentences(plain_text(text), labels, options))
    found: dict[str, list[tuple[frozenset[int], bool]]] = {}
    loose: set[int] = set()
    listed: set[int] = set()
    for sentence, items in sentences:
        pairs = _pairs(sentence, items)
        if pairs and (_NEGATION.search(_around(sentence, items)) or _HEDGE.search(_around(sentence, items))):
            return _unclear("a sentence that names options is negated or hedges")
        for label, group in pairs:
            found.setdefault(label.slot, []).append((group.options, group.start < label.start))
        listed |= {option for _, group in pairs if group.listed for option in group.options}
        loose |= {option for item in items for option in item.options}
    if 1 in listed and listed != set(range(1, options + 1)):
        return _unclear('"1." may be the option or the first point of a list')
    return _settled(found, labels, loose)


def _settled(
    found: Mapping[str, list[tuple[frozenset[int], bool]]],
    labels: Mapping[str, Sequence[str]],
    mentioned: set[int],
) -> Reading:
    """One set for each slot, if nothing contradicts it and no option is mentioned that went nowhere."""
    chosen: dict[str, frozenset[int]] = {}
    for slot, statements in found.items():
        sets = {group for group, _ in statements}
        if len(sets) > 1 and not all(option_first for _, option_first in statements):
            return _unclear(f"options are given more than once, and differently, for {_shown(slot, labels)}")
        chosen[slot] = frozenset().union(*sets)  # "1 is layer norm; 2 is layer norm, too" gives both
    absent = [slot for slot in labels if slot not in chosen]
    if absent:
        return _unclear(
            f"no plain statement gives the options for {', '.join(_shown(slot, labels) for slot in absent)}"
        )
    stray = mentioned - frozenset().union(*chosen.values())
    if stray:
        return _unclear(f"options are mentioned that belong to nothing: {_listed(stray)}")
    if chosen.get(NONE, frozenset()) & frozenset().union(*(chosen[slot] for slot in labels)):
        return _unclear("an option is both chosen and called none of them")
    return Reading(chosen={slot: chosen[slot] for slot in labels})


def _unclear(reason: str) -> Reading:
    return Reading(chosen={}, unclear=reason)


def _listed(options: frozenset[int] | set[int]) -> str:
    return ", ".join(str(option) for option in sorted(options))


def _shown(slot: str, labels: Mapping[str, Sequence[str]]) -> str:
    names = labels.get(slot, ())
    return f'"{names[0]}"' if names else f'"{slot.strip(chr(0))}"'


# --- from items to statements --------------------------------------------------------------------------------------------


def _stated_group(sentences: Sequence[tuple[str, list[Item]]]) -> tuple[str, Item] | None:
    """The option group that opens the answer, else the one of which a sentence says that it is the answer."""
    for sentence, groups in sentences:
        if groups and _PREFACE.fullmatch(sentence, 0, groups[0].start):
            return sentence, groups[0]
        if not _PREFACE.fullmatch(sentence):
            break
    for sentence, groups in sentences:
        for group in groups:
            if _SAID.search(sentence[max(0, group.start - _NEAR_CHARACTERS) : group.start]):
                return sentence, group
    return None


def _pairs(sentence: str, items: Sequence[Item]) -> list[tuple[Item, Item]]:
    """(label, options) pairs, if labels and options alternate strictly and only joining words stand within each pair; else none."""
    if not items or len(items) % 2:
        return []
    pairs = []
    for one, two in zip(items[::2], items[1::2], strict=True):
        if (
            one.kind is two.kind
            or one.kind is not items[0].kind
            or not _CONNECTORS.fullmatch(sentence, one.end, two.start)
        ):
            return []
        pairs.append((one, two) if one.kind is Kind.LABEL else (two, one))
    return pairs


def _around(sentence: str, items: Sequence[Item]) -> str:
    """The sentence up to a little behind its last item, without "neither" and its like, which are labels here."""
    text = sentence[: items[-1].end + 25]
    for item in reversed(items):
        if item.kind is Kind.LABEL:
            text = text[: item.start] + " " * (item.end - item.start) + text[item.end :]
    return text
