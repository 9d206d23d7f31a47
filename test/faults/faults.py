"""The list of faults and what applies them."""

import os
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def read():
    """[(patch, command)], the commands as words."""
    lines = (HERE / "faults.txt").read_text().splitlines()
    entries = (line.split() for line in lines if line.strip() and not line.startswith("#"))
    return [(HERE / f"{name}.patch", command) for name, *command in entries]


def changed(patch):
    """The files that a patch changes."""
    return re.findall(r"^\+\+\+ b/(\S+)", patch.read_text(), re.MULTILINE)


def apply(patch, tree, *options):
    """What git says against it; empty where the patch applies. `tree` need not
    be a repository, nor is the one that it lies in looked at."""
    environment = dict(os.environ, GIT_CEILING_DIRECTORIES=str(pathlib.Path(tree).parent))
    done = subprocess.run(["git", "apply", *options, patch], cwd=tree, env=environment, capture_output=True, text=True)
    return done.stderr.strip() if done.returncode else ""
