"""How a program shows itself: as text, and as a picture in notebooks."""

import html


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
