"""Where CUDA's toolkit is, or the part of it that comes as Python packages."""

import os
import pathlib
import shutil
import sysconfig


def find_toolkit():
    """$CUDA_HOME, what PATH knows, or the packages' folder; None: there is none."""
    named, known = os.environ.get("CUDA_HOME"), shutil.which("ptxas")
    if named or known:
        return pathlib.Path(named) if named else pathlib.Path(known).resolve().parents[1]
    for folder in sorted(pathlib.Path(sysconfig.get_path("purelib"), "nvidia").glob("cu*"), reverse=True):
        if (folder / "bin" / "ptxas").exists():
            return folder
    return None


def find_ptxas():
    """Its path, or None."""
    toolkit = find_toolkit()
    found = toolkit / "bin" / "ptxas" if toolkit else None
    return found if found and found.exists() else shutil.which("ptxas")
