"""What a migration may do in its phase: expand, then migrate, then contract.

While a program is being replaced, the old one and the new one run on one database. So *expand* only
adds what the old one need not know, *migrate* fills it, and *contract* takes away what no program
uses any more, on demand. This reads SQL by its words, not by a grammar: it knows the ways in which
people break a running program, not all that there are.
"""

import re
from typing import Literal

__all__ = ["Phase", "objections"]

Phase = Literal["expand", "migrate", "contract"]

_COMMENT = r"--[^\n]*|/\*.*?\*/"
_LITERAL = r"'(?:[^']|'')*'"
_DO = re.compile(
    rf"{_COMMENT}|{_LITERAL}|\bDO\s+(?P<quote>\$\w*\$)(?P<body>.*?)(?P=quote)", re.S | re.I
)
_UNREAD = re.compile(rf"{_COMMENT}|(?P<quote>\$\w*\$).*?(?P=quote)|{_LITERAL}", re.S)
"""Comments, bodies of functions and literals: their words are no commands. A DO block's are."""

_BRANCH = re.compile(r"\b(?:BEGIN|THEN|ELSE|LOOP)\b", re.I)

_CREATES = re.compile(r"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(\S+)")
_ALTERS_TABLE = re.compile(r"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(\S+) (.*)")
_UNIQUE_INDEX = re.compile(r"CREATE UNIQUE INDEX .*?\bON (?:ONLY )?(\S+)")
_ACTION = re.compile(r",(?![^(]*\))")  # a comma outside parentheses

_BREAKS = (
    (re.compile(r"DROP(?! NOT NULL\b)\b"), "DROP"),
    (re.compile(r"RENAME\b"), "RENAME"),
    (re.compile(r"SET SCHEMA\b"), "SET SCHEMA"),
    (re.compile(r"ALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE\b"), "ALTER … TYPE"),
    (re.compile(r"ALTER (?:COLUMN )?\S+ SET NOT NULL\b"), "SET NOT NULL"),
    (re.compile(r"ALTER (?:COLUMN )?\S+ DROP(?! NOT NULL\b)"), "ALTER … DROP"),
    (re.compile(r"ADD (?:CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY|EXCLUDE)\b"), "ADD CONSTRAINT"),
    (
        re.compile(r"ADD (?!.*\b(?:DEFAULT|GENERATED)\b).*\bNOT NULL\b"),
        "ADD COLUMN … NOT NULL without DEFAULT",
    ),
)
"""Actions of ALTER TABLE that a program of before could stumble over."""

_CONTRACTS = (
    (re.compile(r"DROP\b"), "DROP"),
    (re.compile(r"TRUNCATE\b"), "TRUNCATE"),
    (re.compile(r"REVOKE\b(?!.* FROM PUBLIC$)"), "REVOKE"),
    (re.compile(r"ALTER (?!TABLE\b).* (?:RENAME|SET SCHEMA)\b"), "RENAME"),
)
_MIGRATES = (
    (re.compile(r"(?:UPDATE|DELETE|MERGE)\b"), "changing rows"),
    (re.compile(r"WITH\b.*\b(?:UPDATE|DELETE FROM|MERGE INTO)\b"), "changing rows"),
    (re.compile(r"EXECUTE\b"), "EXECUTE, which cannot be checked,"),
)


def objections(sql: str, phase: Phase) -> list[str]:
    """Return what ``sql`` does that belongs into a later phase than its own, in its order.

    What is done to a table that the same file creates harms nobody.
    """
    if phase == "contract":
        return []
    read = _UNREAD.sub(_blank, _DO.sub(_opened, sql))
    statements = [" ".join(part.split()).upper() for part in read.split(";")]
    fresh = {_name(found.group(1)) for s in statements if (found := _CREATES.match(s))}
    found_in: list[str] = []
    for statement in statements:
        found_in += [f"{what} belongs into phase contract" for what in _breaking(statement, fresh)]
        if phase == "expand":
            found_in += [
                f"{what} belongs into phase migrate"
                for pattern, what in _MIGRATES
                if pattern.match(statement)
            ]
    return found_in


def _opened(found: re.Match[str]) -> str:
    """Turn a DO block into the statements in it; leave anything else as it is."""
    body = found["body"]
    return found[0] if body is None else _BRANCH.sub(";", body)


def _blank(found: re.Match[str]) -> str:
    return " " if found[0].startswith(("--", "/*")) else "''"


def _breaking(statement: str, fresh: set[str]) -> list[str]:
    altered = _ALTERS_TABLE.match(statement)
    if altered is not None:
        if _name(altered.group(1)) in fresh:
            return []
        actions = [action.strip() for action in _ACTION.split(altered.group(2))]
        return [what for action in actions for pattern, what in _BREAKS if pattern.match(action)]
    unique = _UNIQUE_INDEX.match(statement)
    if unique is not None and _name(unique.group(1)) not in fresh:
        return ["CREATE UNIQUE INDEX on an older table"]
    return [what for pattern, what in _CONTRACTS if pattern.match(statement)]


def _name(found: str) -> str:
    return found.partition("(")[0].removeprefix("PUBLIC.").strip('"')
