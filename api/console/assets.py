"""Files that pages load, all from this service; ``python -m api.console.assets`` fetches those of other people.

Their addresses carry a hash of the content: a browser keeps a file for ever and still never sees an old one.
"""

import io
import json
import subprocess
import sys
import tarfile
import tempfile
from functools import cache
from hashlib import sha256
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

STATIC = Path(__file__).parent / "static"
VENDORED = {
    "htmx.org": ("2.0.11", "dist/htmx.min.js"),
    "chart.js": ("4.6.1", "dist/chart.umd.min.js"),
}
"""npm packages: version, and the one file of each that pages load."""

_KEPT = "public, max-age=31536000, immutable"
_MANIFEST = STATIC / "vendor" / "vendor.json"


def static_files() -> ASGIApp:
    """Return the application that serves styles, scripts and icons, compressed."""
    return GZipMiddleware(_Files(directory=STATIC), minimum_size=500)


class _Files(StaticFiles):
    """Files whose address names their content are kept by browsers, others are asked for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file at `path`."""
        response = await super().get_response(path, scope)
        named = scope["query_string"].decode("latin-1") == f"v={_mark(path)}" if (STATIC / path).is_file() else False
        response.headers["Cache-Control"] = _KEPT if named else "no-cache"
        return response


@cache
def _mark(path: str) -> str:
    return sha256((STATIC / path).read_bytes()).hexdigest()[:10]


def address(path: str) -> str:
    """Return where pages load a file of ``static/`` from.

    Examples
    --------
    >>> address("icon.svg").startswith("/static/icon.svg?v=")
    True
    """
    return f"/static/{path}?v={_mark(path)}"


def fetch() -> None:
    """Bring the vendored files from the npm registry, and note versions and hashes in ``vendor.json``."""
    manifest = {}
    for package, (version, inside) in VENDORED.items():
        content = _file_of(package, version, inside)
        name = Path(inside).name
        (STATIC / "vendor" / name).write_bytes(content)
        manifest[name] = {"package": package, "version": version, "sha256": sha256(content).hexdigest()}
    _MANIFEST.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def _file_of(package: str, version: str, inside: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, f"{package}@{version}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # names and versions are ours
        packed = next(Path(folder).glob("*.tgz")).read_bytes()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        found = archive.extractfile(f"package/{inside}")
        if found is None:
            raise FileNotFoundError(f"{package} {version} has no {inside}")
        return found.read()


if __name__ == "__main__":
    fetch()
    sys.stdout.write(_MANIFEST.read_text(encoding="utf-8"))
