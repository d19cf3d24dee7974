"""``python -m services.cli.reference``: write the reference anew."""

from services.cli.console import say
from services.cli.reference import DOCS, write_pages

if __name__ == "__main__":
    for path in write_pages():
        say(f"✓ {path.relative_to(DOCS.parent)}", "written", "green")
