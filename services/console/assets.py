"""Style sheets, scripts and pictures: files of this package, named after their content."""

import gzip
import hashlib
import mimetypes
from pathlib import Path
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from services.console.problem import Problem

__all__ = ["Assets", "get_asset"]

_FOLDER = Path(__file__).with_name("assets")
_FOR_EVER = "public, max-age=31536000, immutable"


class _Asset(NamedTuple):
    kind: str
    raw: bytes
    packed: bytes


class Assets:
    """All assets, read and compressed once. An address changes whenever the content does."""

    def __init__(self) -> None:
        self._by_path: dict[str, _Asset] = {}
        self._path_of: dict[str, str] = {}
        for file in sorted(_FOLDER.iterdir()):
            kind = mimetypes.guess_type(file.name)[0]
            if kind is None:  # a licence
                continue
            raw = file.read_bytes()
            path = f"/assets/{hashlib.sha256(raw).hexdigest()[:16]}/{file.name}"
            self._by_path[path] = _Asset(kind, raw, gzip.compress(raw, 9, mtime=0))
            self._path_of[file.name] = path

    def path(self, name: str) -> str:
        """Return the address of a file; KeyError if there is none of that name."""
        return self._path_of[name]

    def answer(self, path: str, encodings: str) -> Response:
        """Return the file at an address. Raises Problem."""
        asset = self._by_path.get(path)
        if asset is None:
            raise Problem("unknown_path", 404)
        headers = {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
        body = asset.raw
        if "gzip" in encodings:
            headers["Content-Encoding"], body = "gzip", asset.packed
        kind = asset.kind
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        return Response(body, headers=headers, media_type=kind)


async def get_asset(request: Request) -> Response:
    """Answer ``/assets/<digest>/<name>``."""
    assets: Assets = request.app.state.console.assets
    return assets.answer(request.url.path, request.headers.get("accept-encoding", ""))
