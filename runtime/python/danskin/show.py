"""How a program shows itself: as text, and as a picture in notebooks."""

import html

_WIDTH, _HEIGHT, _GAP, _ROW = 150, 34, 60, 62


def _rows(program):
    about = program.description
    yield "inputs", [str(each) for each in about.inputs] or ["none"]
    yield "sizes", [f"{each} (an argument)" if each.argument else str(each) for each in about.sizes] or ["none"]
    yield "outputs", [_output(each) for each in about.outputs]
    yield "reg", [program.reg]
    yield "class", [about.program_class]
    yield "cost", [f"{about.cost} candidates"]
    yield "memory", [f"{about.memory} cells"]
    yield "entries", [", ".join(about.entries)]
    yield "wrt", [", ".join(about.differentiable)]


def _output(output):
    if not output.indices:
        return output.name
    return f"{output.name}[{', '.join(f'{each.name} in {each.range}' for each in output.indices)}]"


def to_text(program):
    """Several lines: how it is called, then what it takes and gives."""
    lines = [f"<danskin program {program.description.signature}"]
    for title, values in _rows(program):
        lines.append(f"  {title:8} {values[0]}")
        lines += [f"  {'':8} {value}" for value in values[1:]]
    return "\n".join(lines) + ">"


def to_html(program):
    """A table beside a picture of what reads what."""
    rows = "".join(
        f"<tr><th style='text-align:left;vertical-align:top'>{title}</th><td style='text-align:left'>"
        f"{'<br>'.join(html.escape(value) for value in values)}</td></tr>"
        for title, values in _rows(program)
    )
    text = html.escape(program.text)
    return (f"<div><b>{html.escape(program.description.signature)}</b>"
            f"<div style='display:flex;gap:2em;align-items:flex-start'><table>{rows}</table>{to_svg(program)}</div>"
            f"<details><summary>equations</summary><pre>{text}</pre></details></div>")  # fmt: skip


def to_svg(program):
    """Inputs, lets, tables and outputs from left to right, with an arrow from what
    is read. Under a table stands where it reads itself."""
    about = program.description
    columns = [about.inputs, about.lets, about.tables, about.outputs]
    colors = ["#dbe9f6", "#e8e8e8", "#fde3c8", "#d8efd3"]
    height = _ROW * max(len(column) for column in columns)
    place, boxes, arrows = {}, [], []
    x = 0
    for column, color in zip(columns, colors):
        if not column:
            continue
        top = (height - _ROW * len(column)) / 2
        for k, each in enumerate(column):
            y = top + k * _ROW
            # An output may have the name of a table or a let; what is read is never an output.
            place.setdefault(each.name, (x, y))
            boxes.append(f"<rect x='{x}' y='{y}' width='{_WIDTH}' height='{_HEIGHT}' rx='4' fill='{color}'/>"
                         + _write(x + _WIDTH / 2, y + 22, _title(each), 13))  # fmt: skip
            reads = getattr(each, "reads", ())
            own = [f"[{', '.join(read.indices)}]" for read in reads
                   if column is about.tables and read.name == each.name]  # fmt: skip
            if own:
                boxes.append(_write(x + _WIDTH / 2, y + _HEIGHT + 14, f"\u21ba {' '.join(own)}", 10))
            arrows += [(read.name, (x, y)) for read in reads if (x, y) != place.get(read.name)]
        x += _WIDTH + _GAP
    lines = "".join(_draw(place[name], to) for name, to in dict.fromkeys(arrows) if name in place)
    return (f"<svg xmlns='http://www.w3.org/2000/svg' width='{x}' height='{height + 10}' "
            f"viewBox='-5 -5 {x + 10} {height + 15}' font-family='sans-serif' text-anchor='middle'>"
            f"{lines}{''.join(boxes)}</svg>")  # fmt: skip


def _title(each):
    if hasattr(each, "element"):
        return f"{each.name} [{', '.join(each.shape)}]" if each.shape else each.name
    return f"{each.name} [{', '.join(index.name for index in each.indices)}]" if each.indices else each.name


def _write(x, y, text, size):
    room = int(2.1 * _WIDTH / size)
    short = text if len(text) <= room else text[: room - 1] + "\u2026"
    return f"<text x='{x}' y='{y}' font-size='{size}'>{html.escape(short)}<title>{html.escape(text)}</title></text>"


def _draw(start, end):
    """A curve from the right side of one box to the left side of another, or, in one
    column, along their right sides."""
    x, y = start[0] + _WIDTH, start[1] + _HEIGHT / 2
    u, v = end[0], end[1] + _HEIGHT / 2
    if u <= x - _WIDTH:
        u, bend = u + _WIDTH, x + _GAP / 2
        return f"<path d='M{x} {y} C{bend} {y} {bend} {v} {u} {v}' fill='none' stroke='#888'/>"
    middle = (x + u) / 2
    return f"<path d='M{x} {y} C{middle} {y} {middle} {v} {u} {v}' fill='none' stroke='#888'/>"
