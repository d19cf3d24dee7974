"""The pages of ``docs/reference`` and the index ``docs/README.md``, written from the code.

``make reference`` writes them; ``tests/unit/test_reference.py`` fails when they are not what the
code says now.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

from services.cli.reference.commands import commands_page
from services.cli.reference.errors import errors_page
from services.cli.reference.events import events_page
from services.cli.reference.index import index_page
from services.cli.reference.metrics import metrics_page
from services.cli.reference.rules import rules_page
from services.cli.reference.settings import settings_page

__all__ = ["DOCS", "pages", "write_pages"]

DOCS = Path(__file__).parents[3] / "docs"

_REFERENCE: Mapping[str, Callable[[], str]] = {
    "settings": settings_page,
    "cli": commands_page,
    "metrics": metrics_page,
    "errors": errors_page,
    "events": events_page,
    "rules": rules_page,
}


def pages() -> dict[Path, str]:
    """Return each reference page's path and text, as the code would have them now."""
    return {DOCS / "reference" / f"{name}.md": page() for name, page in _REFERENCE.items()}


def write_pages() -> list[Path]:
    """Write every page that is not as it should be, then the index; return what was written."""
    written = _write(pages())
    return written + _write({DOCS / "README.md": index_page(DOCS)})


def _write(texts: Mapping[Path, str]) -> list[Path]:
    written = []
    for path, text in texts.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written
