"""A registry desk in tests: its command line in this process, its stack shared with others."""

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

from click.testing import Result
from typer.testing import CliRunner

from infra.local.stack import LocalStack
from services.cli.main import app
from tests.manifests import credit_code

_serials = itertools.count(7000)


class Desk:
    """``name``: what this test's own record ids begin with."""

    def __init__(self, stack: LocalStack, folder: Path) -> None:
        self.settings = stack.settings
        self.env = {"LIANDAN_HOME": str(stack.home), "COLUMNS": "200"}
        self.folder = folder
        serial = next(_serials)
        self.name = f"desk{serial}"
        self.firm = credit_code(serial)

    async def run(self, *words: str | Path) -> Result:
        """Run ``liandan registry …``."""
        return await self.command("registry", *words)

    async def command(self, *words: str | Path) -> Result:
        """Run ``liandan …``; commands have an event loop of their own."""
        return await asyncio.to_thread(CliRunner().invoke, app, list(map(str, words)), env=self.env)

    async def import_lines(self, *lines: bytes, more: tuple[str, ...] = ()) -> Result:
        file = self.folder / "import.ndjson"
        file.write_bytes(b"\n".join(lines))
        return await self.run("import", file, *more)

    def unit(self, n: int = 1, **more: Any) -> bytes:
        said = {
            "kind": "unit",
            "id": f"{self.name}-{n:04d}",
            "uscc": self.firm,
            "name": "示例厂",
            "region": "130100",
        }
        return json.dumps(said | more, ensure_ascii=False).encode()

    def licence(self, n: int = 1, **more: Any) -> bytes:
        said = {
            "kind": "licence",
            "id": f"{self.name}-{n:04d}",
            "number": "1301000001",
            "holder": self.firm,
            "register_type": "use_disposal",
            "region": "130100",
            "annual_scale_t": 5000,
            "scope": [
                {"codes": ["900-041-49", "900-039-49"], "modes": ["disposal"]},
                {"categories": ["HW08"], "modes": ["utilisation", "storage"], "printed": "HW08"},
            ],
            "suspensions": [{"valid_from": "2026-03-01", "valid_to": "2026-04-30"}],
        }
        return json.dumps(said | more, ensure_ascii=False).encode()
