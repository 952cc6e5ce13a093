"""Where an artefact came from: source revision, library versions."""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_LIBRARIES = ("numpy", "pandas", "scikit-learn", "lightgbm", "faiss-cpu", "sentence-transformers", "mlflow")


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that the numbers depend on."""
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # a slim installation for serving may lack some
            continue
    return found


def git_sha(root: Path | None = None) -> str | None:
    """Return the revision that is checked out around this file, or None outside a checkout.

    Read from git's files: the command may not be installed where the service runs.
    """
    folder = (root or Path(__file__).resolve().parent.parent) / ".git"
    try:
        head = (folder / "HEAD").read_text(encoding="utf-8").strip()
        if not head.startswith("ref: "):
            return head or None
        name = head.removeprefix("ref: ")
        loose = folder / name
        if loose.is_file():
            return loose.read_text(encoding="utf-8").strip()
        packed = (folder / "packed-refs").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)
