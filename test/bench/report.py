"""Results as text and as a picture."""

ORDER = {"ours": 0, "own": 1, "limit": 2, "peer": 3, "truth": 9}


def heading(result):
    machine = result["machine"]
    peers = ", ".join(f"{name} {version}" for name, version in machine["peers"].items() if version)
    absent = [name for name, version in machine["peers"].items() if not version]
    return "\n".join([
        f"{result['date']}  {machine['processor']}, {machine['isa']}, {machine['cores']} cores, "
        f"danskin {machine['commit']}",
        f"beside it: {peers}" + (f"; not installable here: {', '.join(absent)}" if absent else ""),
        "One core: processor time, medians of interleaved samples. `x` is a contender's time over ours.",
        "",
    ])  # fmt: skip


def number(value):
    return "-" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def text_of_case(row):
    lines = [f"{row['kernel']}  {row['shape']}"]
    busy = row.get("busy")
    if busy and busy > 1.3:
        lines[0] += f"   (the core was shared: wall {busy:.1f} x processor time)"
    ours = next((c.get("ns") for c in row["contenders"].values() if c["role"] == "ours"), None)
    for name, found in sorted(row["contenders"].items(), key=lambda item: ORDER[item[1]["role"]]):
        if found["role"] == "truth" and "failure" not in found:
            continue
        text = f"  {name:24}"
        if "ns" in found:
            text += f"{number(found['ns']):>9} ns/{row['unit']}"
            if ours and found["role"] != "ours":
                text += f"{number(found['ns'] / ours):>9} x"
            else:
                text += " " * 11
        else:
            text += " " * 9 + found.get("failure", "not timed")
        check = found.get("check")
        if check and "ns" in found:
            text += f"   error {check['error']:.0e}" + ("" if check["ok"] else f" in {check['in']}: DIFFERS")
        if found.get("note"):
            text += f"   [{found['note']}]"
        lines.append(text.rstrip())
    for name, goal in row["goals"].items():
        sign = "<=" if goal.get("most") else ">="
        state = "open" if goal["met"] is None else "met" if goal["met"] else "MISSED"
        lines.append(f"    goal {sign} {goal['wanted']:g} x {name}: {number(goal['got'])}, {state}")
    return "\n".join(lines) + "\n"


def text_of_report(row):
    lines = [row["kernel"]]
    if row.get("failure"):
        lines.append("  " + row["failure"])
    if row["lines"]:
        columns = list(dict.fromkeys(column for line in row["lines"] for column in line))
        cells = [columns] + [[show(line.get(column, "")) for column in columns] for line in row["lines"]]
        widths = [max(len(line[k]) for line in cells) for k in range(len(columns))]
        lines += ["  " + "  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in cells]
    for name, goal in row.get("goals", {}).items():
        state = "open" if goal["met"] is None else "met" if goal["met"] else "MISSED"
        lines.append(f"    goal {name}: {show(goal['got'])}, {state}")
    return "\n".join(lines) + "\n"


def show(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def text_of(row):
    return text_of_case(row) if row["kind"] == "case" else text_of_report(row)


def summary(result):
    """Goals met, and the others by row."""
    lines, met, total = [], 0, 0
    for row in result["rows"]:
        for name, goal in row.get("goals", {}).items():
            total += 1
            met += bool(goal["met"])
            if not goal["met"]:
                wanted = f"{number(goal['got'])} of {goal['wanted']:g} x {name}" if "wanted" in goal else \
                    f"{name}: {show(goal['got'])}"  # fmt: skip
                lines.append(f"  {row['kernel']} {row.get('shape', '')}: {wanted}")
    return f"{met} of {total} goals met\n" + ("not met, or open:\n" + "\n".join(lines) + "\n" if lines else "")


def whole(result):
    return "\n".join([heading(result), *(text_of(row) for row in result["rows"]), summary(result)])


def picture(result, path):
    """A dot a contender, ours at 1: how many times as long each takes."""
    rows = [row for row in result["rows"] if row["kind"] == "case"
            and any(c["role"] == "ours" and "ns" in c for c in row["contenders"].values())]  # fmt: skip
    if not rows:
        return
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "danskin"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(9, 1.2 + 0.22 * len(rows)))
    shown = set()
    for y, row in enumerate(reversed(rows)):
        ours = next(c["ns"] for c in row["contenders"].values() if c["role"] == "ours")
        for found in row["contenders"].values():
            if "ns" not in found or found["role"] == "own":
                continue
            style = {"ours": ("k", "|", "danskin"), "limit": ("tab:red", "d", "by hand"),
                     "peer": ("tab:blue", "o", "peers")}[found["role"]]  # fmt: skip
            axes.plot(found["ns"] / ours, y, style[1], color=style[0], alpha=0.7, markersize=5,
                      label=None if style[2] in shown else style[2])  # fmt: skip
            shown.add(style[2])
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)), [f"{row['kernel']}  {row['shape']}" for row in reversed(rows)], fontsize=7)
    axes.axvline(1, color="k", linewidth=0.5)
    axes.grid(axis="x", alpha=0.3)
    axes.set_xlabel("time, as a multiple of ours")
    axes.legend(loc="upper right", fontsize=7)
    axes.set_title(f"{result['machine']['processor']}, {result['machine']['isa']}, one core", fontsize=8)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
