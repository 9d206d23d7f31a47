"""The files of the repository that git tracks or would track."""

import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def files(*suffixes):
    """Paths relative to ROOT, sorted, of the files with one of these suffixes."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"],
                            cwd=ROOT, check=True, capture_output=True, text=True).stdout  # fmt: skip
    paths = (pathlib.PurePosixPath(name) for name in listed.split("\0") if name)
    return sorted(p for p in paths if p.suffix in suffixes and (ROOT / p).is_file())
