"""Faults, as the exceptions that Python's users expect.

What a kernel refuses comes as a code and a message that names the array, the
axis and both numbers. A wrong element type is a TypeError, what a caller cannot
be blamed for a RuntimeError, all else a ValueError.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable
from typing import Any

# The codes of dp/call.h that are not a matter of values.
_TYPE, _CALL, _WORKSPACE, _KERNEL, _DRIVER = 3, 1, 12, 13, 14


def fault(program, code, message):
    """The exception for what an entry of `program` returned."""
    kinds = {_TYPE: TypeError, **dict.fromkeys((_CALL, _WORKSPACE, _KERNEL, _DRIVER), RuntimeError)}
    return kinds.get(code, ValueError)(f"{program}: {message or f'failed with code {code}'}")


def python_name(name):
    """A name of a program as Python can write it: one that is reserved, or that
    calls use themselves, gets an underscore."""
    taken = name in keyword.kwlist or name in ("self", "lengths", "wrt", "direction", "cotangent", "stream")
    return name + "_" if taken else name


class CompileError(ValueError):
    """A program that the compiler refuses.

    Attributes:
        diagnostics: one dict a diagnostic, as `dpc --diagnostics-format=json` prints
            them: code, severity, message, line, column, notes, helps.
        text: of the program; the message quotes the lines that are at fault.
        source: what the message calls it, a path say.
    """

    def __init__(self, diagnostics: Iterable[dict[str, Any]], text: str = "", source: str = "program") -> None:
        self.diagnostics, self.text, self.source = list(diagnostics), text, source
        super().__init__("\n".join(self._lines()))

    def __reduce__(self):
        return type(self), (self.diagnostics, self.text, self.source)

    def _lines(self):
        lines = self.text.splitlines()
        for each in self.diagnostics:
            file = self.source if each.get("file") == "-" else each.get("file", self.source)
            line, column = each.get("line", 0), each.get("column", 0)
            code = f" [{each['code']}]" if each.get("code") else ""
            yield f"{file}:{line}:{column}: {each.get('severity', 'error')}: {each.get('message', '')}{code}"
            if file == self.source and 1 <= line <= len(lines):
                yield f"   | {lines[line - 1]}"
                yield "   | " + " " * (column - 1) + "^"
            for note in each.get("notes", ()):
                yield f"   = {note['message']}"
            for text in each.get("helps", ()):
                yield f"   = help: {text}"
