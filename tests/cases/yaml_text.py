"""YAML as the cases are written: nothing is guessed, no key stands twice.

Only ``true``, ``false``, ``null`` and numbers of at most five digits are more than text: region codes,
credit codes, dates and times stay as they are written.
"""

import re
from pathlib import Path
from typing import Any

import yaml

__all__ = ["NotYaml", "read_yaml"]


class NotYaml(ValueError):
    """A file that is no YAML, or says something twice."""


class _Plain(yaml.SafeLoader):
    """The safe loader with fewer implicit types."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        twice = {key for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.constructor.ConstructorError(
                None, None, f"said twice: {', '.join(sorted(twice))}", node.start_mark
            )
        return super().construct_mapping(node, deep)


for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~"),
    ("int", r"0|[1-9][0-9]{0,4}", "0123456789"),
):
    _Plain.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(rf"^(?:{_pattern})$"),
        [*_first, *([""] * (_tag == "null"))],
    )


def read_yaml(path: Path) -> Any:
    """Return what a file says. Raises NotYaml with the file and the line."""
    try:
        return yaml.load(path.read_text(encoding="utf-8"), _Plain)  # noqa: S506
    except yaml.YAMLError as e:
        raise NotYaml(f"{path.name}: {e}") from None
