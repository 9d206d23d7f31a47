"""Loops of machine code, from the assembly that the compiler prints.

A function's labels and jumps make a control-flow graph; its natural loops are
found by dominators, and time goes into the deepest or the heaviest of them. Nothing is told
by names.
"""

import re

LABEL = re.compile(r"^([.\w$@]+):")
JUMP = re.compile(r"^\s+(j\w+)\s+(\S+)")
FUNCTION = re.compile(r"^\s+\.type\s+([^,]+),\s*@function")
ARITHMETIC = re.compile(r"v?(add|sub|mul|div|max|min|sqrt|fn?m(add|sub)\d+)[ps][sd]\b")
COLD = "#APP"  # compiler/target/MarkCold.h
REGISTERS = (("zmm", 64), ("ymm", 32), ("xmm", 16))


class Block:
    def __init__(self, label):
        self.label, self.instructions, self.successors, self.cold = label, [], [], False


def functions(text):
    """{name: blocks in order, the entry first} of an assembly file."""
    names = {match[1] for match in map(FUNCTION.match, text.splitlines()) if match}
    found, blocks = {}, None
    for line in text.splitlines():
        label = LABEL.match(line)
        if label and label[1] in names:
            blocks = found[label[1]] = [Block(label[1])]
        elif label and blocks is not None:
            if label[1].startswith(".Lfunc_end"):
                blocks = None
            else:
                blocks.append(Block(label[1]))
        elif blocks is not None and line.strip() == COLD:
            blocks[-1].cold = True
        elif blocks is not None and re.match(r"^\s+[a-z]", line):
            text_of = line.split("#")[0].strip()
            if not text_of:
                continue
            blocks[-1].instructions.append(text_of)
            # What follows a conditional jump is a block of its own.
            if JUMP.match(line):
                blocks.append(Block(""))
    for blocks in found.values():
        connect(blocks)
    return found


def connect(blocks):
    places = {block.label: k for k, block in enumerate(blocks) if block.label}
    for k, block in enumerate(blocks):
        last = block.instructions[-1] if block.instructions else ""
        jump = JUMP.match(" " + last)
        if jump and jump[2] in places:
            block.successors.append(places[jump[2]])
        ends = last.startswith(("ret", "jmp", "ud2"))
        if not ends and k + 1 < len(blocks):
            block.successors.append(k + 1)


def reachable(blocks):
    """Blocks in reverse postorder of a walk from the entry."""
    order, seen, stack = [], {0}, [(0, iter(blocks[0].successors))]
    while stack:
        at, rest = stack[-1]
        following = next((k for k in rest if k not in seen), None)
        if following is None:
            order.append(at)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(blocks[following].successors)))
    return order[::-1]


def dominators(blocks):
    """{block: its immediate dominator}, as Cooper, Harvey and Kennedy find them, and
    {block: its predecessors}."""
    order = reachable(blocks)
    place = {block: k for k, block in enumerate(order)}
    before = {block: [] for block in order}
    for block in order:
        for successor in blocks[block].successors:
            before[successor].append(block)
    closest = {0: 0}

    def meet(a, b):
        while a != b:
            while place[a] > place[b]:
                a = closest[a]
            while place[b] > place[a]:
                b = closest[b]
        return a

    changed = True
    while changed:
        changed = False
        for block in order[1:]:
            known = [p for p in before[block] if p in closest]
            new = known[0]
            for other in known[1:]:
                new = meet(new, other)
            if closest.get(block) != new:
                closest[block], changed = new, True
    return closest, before


def dominates(closest, head, block):
    while block not in (head, 0):
        block = closest[block]
    return block == head


def dominating(closest, block):
    """A block and all that dominate it."""
    while block != closest[block]:
        yield block
        block = closest[block]
    yield block


def loops(blocks):
    """The natural loops as (head, blocks)."""
    closest, before = dominators(blocks)
    found = {}
    for block in closest:
        for head in blocks[block].successors:
            if not dominates(closest, head, block):
                continue
            body, todo = found.setdefault(head, {head}), [block]
            while todo:
                at = todo.pop()
                if at not in body:
                    body.add(at)
                    todo += before[at]
    return list(found.items())


def width(instructions):
    """Bytes of the widest registers."""
    text = "\n".join(instructions)
    return next((size for name, size in REGISTERS if name in text), 8)


def weight(instructions):
    """How many of them compute with floating-point numbers."""
    return sum(bool(ARITHMETIC.match(line)) for line in instructions)


def hot_loops(blocks):
    """Instructions of two innermost loops: the deepest, and the one with the most
    arithmetic, which need not be the deepest where a table's sweep stands beside a sum.
    What begins with a mark as hardly ever taken is left out. None without a loop."""
    closest, _ = dominators(blocks)
    cold = {block for block in closest if any(blocks[k].cold for k in dominating(closest, block))}
    found = [(head, body - cold) for head, body in loops(blocks) if head not in cold]
    ranks = []
    for _, body in found:
        if any(other < body for _, other in found):
            continue
        depth = sum(body <= other for _, other in found)
        instructions = [line for k in sorted(body) for line in blocks[k].instructions]
        ranks.append((depth, weight(instructions), len(instructions), instructions))
    if not ranks:
        return None
    return max(ranks)[3], max(ranks, key=lambda rank: (rank[1], rank[0], rank[2]))[3]
