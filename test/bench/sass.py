"""Machine code of NVIDIA's GPUs, from the files that ptxas writes.

An instruction is a word of 128 bits, the same on all GPUs since Volta: bits 0 to
8 are its opcode, 12 to 15 the predicate that guards it, 32 to 63 a constant where it has
one, and from bit 34 on there is how many words of 4 bytes a jump goes on from what
follows it; since Hopper the low 8 bits of that are bits 16 to 23. Opcodes have the names
that nvdisasm gives them.
"""

import struct

from machinecode import Block

JUMP, CALL, EXIT, RETURN, NOTHING = 0x147, 0x144, 0x14D, 0x150, 0x118
ENDS = (EXIT, RETURN, 0x15B)  # and KILL
ALWAYS = 7  # the predicate that is always true
TESTS, ADDS, CLEAR = (0x00C,), (0x010, 0x036), 0x005  # ISETP; IADD3, VIADD; CS2R
MOVES = (0x002, 0x024, 0x031, 0x035)  # MOV; IMAD, HFMA2 and HFMA2.MMA, where they multiply by 0
BEYOND = (3, 4)  # <= and >, in bits 76 to 78 of a test
ADDEND, IMMEDIATE = 2, 4  # bits 9 to 11, where what a product is added to, or the last operand, is a constant
ZERO = 255  # the register that is 0

# What a count may ask for.
NAMES = {
    0x009: "FMNMX", 0x00B: "FSETP", 0x00C: "ISETP", 0x017: "IMNMX", 0x020: "FMUL", 0x021: "FADD", 0x023: "FFMA",
    0x028: "DMUL", 0x029: "DADD", 0x02A: "DSETP", 0x02B: "DFMA", 0x048: "VIMNMX", 0x108: "MUFU", 0x11D: "BAR",
    0x147: "BRA", 0x148: "WARPSYNC", 0x180: "LD", 0x181: "LDG", 0x183: "LDL", 0x184: "LDS", 0x185: "ST",
    0x186: "STG", 0x187: "STL", 0x188: "STS", 0x189: "SHFL",
}  # fmt: skip


class Instruction:
    def __init__(self, address, word, arch):
        self.address, self.word = address, word
        self.opcode, self.predicate = self.bits(0, 9), self.bits(12, 3)
        self.name = NAMES.get(self.opcode, f"{self.opcode:#x}")
        distance = self.signed(34, 48)
        if arch >= 90:
            distance = distance << 8 | self.bits(16, 8)
        # Under a condition a call is a jump too: ptxas leaves loops so.
        jumps = self.opcode == JUMP or (self.opcode == CALL and self.predicate != ALWAYS)
        self.target = address + 16 + 4 * distance if jumps else None
        # Where a jump has a condition of its own, that is in bits 87 to 89.
        self.condition = self.predicate
        if self.opcode == JUMP and self.condition == ALWAYS:
            self.condition = self.bits(87, 3)

    def bits(self, first, count):
        return self.word >> first & (1 << count) - 1

    def signed(self, first, count):
        value = self.bits(first, count)
        return value - (value >> count - 1 << count)


def sections(image):
    """{name: bytes} of an ELF file."""
    (table,) = struct.unpack_from("<Q", image, 0x28)
    size, count, names = struct.unpack_from("<HHH", image, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", image, table + k * size) for k in range(count)]
    found = {}
    for name, kind, _, _, offset, length in headers:
        begin = headers[names][4] + name
        text = image[begin : image.index(b"\0", begin)].decode()
        found[text] = b"" if kind == 8 else image[offset : offset + length]  # 8: SHT_NOBITS
    return found


def kernels(image, arch):
    """{name: blocks, the entry first} of an image for sm_`arch`."""
    return {name.removeprefix(".text."): blocks([
                Instruction(at, low | high << 64, arch)
                for at, (low, high) in zip(range(0, len(code), 16), struct.iter_unpack("<QQ", code))])
            for name, code in sections(image).items() if name.startswith(".text.")}  # fmt: skip


def blocks(instructions):
    """The blocks between jumps and what they jump to. A call comes back."""
    heads = {0}
    for instruction in instructions:
        if instruction.target is not None or instruction.opcode in ENDS:
            heads |= {instruction.target, instruction.address + 16} - {None}
    made, places = [], {}
    for instruction in instructions:
        if instruction.address in heads:
            places[instruction.address] = len(made)
            made.append(Block(instruction.address))
        made[-1].instructions.append(instruction)
    for k, block in enumerate(made):
        last = block.instructions[-1]
        if last.target in places:
            block.successors.append(places[last.target])
        goes_on = last.condition != ALWAYS or not (last.opcode == JUMP or last.opcode in ENDS)
        if goes_on and k + 1 < len(made) and k + 1 not in block.successors:
            block.successors.append(k + 1)
    return made


class Loop:
    """A natural loop: what it issues itself, and the loops within it."""

    def __init__(self, head, body):
        self.head, self.body, self.inner = head, body, []
        self.own = []
        self.rounds = None  # where that is a constant of the code

    def instructions(self):
        return self.own + [i for loop in self.inner for i in loop.instructions()]

    def slots(self):
        """What one round issues; of loops within whose rounds are not known, one."""
        return len(self.own) + sum((loop.rounds or 1) * loop.slots() for loop in self.inner)


def start(before, register):
    """The constant that the register has after these instructions, or None."""
    for i in reversed(before):
        if i.opcode == CLEAR and i.bits(16, 8) in (register, register - 1):
            return 0
        if i.bits(16, 8) != register or i.opcode not in (*ADDS, *MOVES):
            continue
        if i.bits(9, 3) in (ADDEND, IMMEDIATE) and (i.opcode == MOVES[0] or i.bits(24, 8) == ZERO):
            return i.signed(32, 32)
        return 0 if (i.bits(24, 8), i.bits(32, 8), i.bits(64, 8)) == (ZERO, ZERO, ZERO) else None
    return None


def rounds(own, before):
    """How often a loop runs that counts up from one constant to another; None: it does not.
    `before` is what stands before it."""
    last = own[-1]
    tests = [i for i in own if i.opcode in TESTS and last.condition in (i.bits(81, 3), i.bits(84, 3))]
    if last.opcode != JUMP or not tests or tests[-1].bits(9, 3) != IMMEDIATE:
        return None
    test = tests[-1]
    register = test.bits(24, 8)
    adds = [i for i in own if i.opcode in ADDS and i.bits(9, 3) == IMMEDIATE
            and i.bits(16, 8) == i.bits(24, 8) == register]  # fmt: skip
    first = start(before, register)
    if len(adds) != 1 or first is None:
        return None
    step, bound = adds[0].signed(32, 32), test.signed(32, 32)
    if step <= 0 or bound <= first:
        return None
    count = (bound - first) // step + 1 if test.bits(76, 3) in BEYOND else -((first - bound) // step)
    return count + (test.address < adds[0].address)


def nest(found, blocks):
    """The outermost of natural loops, as (head, blocks), each with what is within.

    Blocks beyond the jump back to a loop's head were put out of line, since they
    hardly ever run: they are not the loop's. Nor is what only fills up a line."""
    made = sorted((Loop(head, body) for head, body in found), key=lambda loop: len(loop.body))
    outermost = []
    for k, loop in enumerate(made):
        around = next((other for other in made[k + 1 :] if loop.body < other.body), None)
        (around.inner if around else outermost).append(loop)
    for loop in made:
        latch = max(k for k in loop.body if loop.head in blocks[k].successors)
        within = set().union(*(inner.body for inner in loop.inner))
        loop.own = [i for k in sorted(loop.body - within) if loop.head <= k <= latch
                    for i in blocks[k].instructions if i.opcode != NOTHING]  # fmt: skip
        loop.rounds = rounds(loop.own, [i for block in blocks[: loop.head] for i in block.instructions])
        loop.inner.sort(key=lambda inner: inner.head)
    return sorted(outermost, key=lambda loop: loop.head)
