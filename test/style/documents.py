"""Every path that a document names exists.

Checked are links of Markdown files, and words in code that begin with one of
the folders of the repository. `<name>`, `*` and `{a,b}` stand for any match.
"""

import itertools
import re

from sources import ROOT, files

LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
PATH = re.compile(r"(?<![\w./%-])(?:\./)?((?:compiler|dialects|runtime|test|examples)/[\w./*<>{},+-]*)")


def alternatives(path):
    """a{b,c}d -> abd, acd."""
    pieces = [piece[1:-1].split(",") if piece.startswith("{") else [piece]
              for piece in re.split(r"(\{[^{}]*\})", path)]  # fmt: skip
    return ["".join(choice) for choice in itertools.product(*pieces)]


def exists(path):
    pattern = re.sub(r"<[^<>]*>", "*", path).rstrip("/.,")
    if re.search(r"[<>{}]", pattern):
        return True  # a shell redirection or the like, no path
    return any(ROOT.glob(pattern)) if "*" in pattern else (ROOT / pattern).exists()


def check():
    """(number of documents, faults)."""
    paths = files(".md")
    faults = []
    for path in paths:
        text = (ROOT / path).read_text()
        folder = (ROOT / path).parent
        for found in LINK.finditer(text):
            if "://" not in found[1] and not (folder / found[1]).exists():
                line = text.count("\n", 0, found.start()) + 1
                faults.append(f"{path}:{line}: links to {found[1]}, which does not exist")
        for code in CODE.finditer(text):
            for found in PATH.finditer(code[0]):
                for name in alternatives(found[1]):
                    if not exists(name) and not (folder / name).exists():
                        line = text.count("\n", 0, code.start() + found.start()) + 1
                        faults.append(f"{path}:{line}: names {name}, which does not exist")
    return len(paths), faults
