"""Tables of what generated code may need at most: a row a line, its columns
aligned."""


def read(path):
    """The rows of a table as they stand."""
    text = path.read_text() if path.exists() else ""
    return [tuple(line.split()) for line in text.splitlines() if line and not line.startswith("#")]


def write(path, header, rows):
    """Writes the rows, which are of strings and as long as one another."""
    widths = [max(map(len, column)) for column in zip(*rows)]
    lines = ("  ".join(text.ljust(w) for text, w in zip(row, widths)).rstrip() for row in rows)
    path.write_text(header + "\n".join(lines) + "\n")
