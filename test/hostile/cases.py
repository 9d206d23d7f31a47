"""The hostile inputs. Each is a name, the bytes of a file and commands."""

import dataclasses
import random
from typing import Optional

CHECK = [["check", "FILE"]]
BUILD = [["check", "FILE"], ["FILE", "-o", "out.so", "-O0", "--lanes=1"]]

CHAIN = """dp 1
program {program} {{
  size {size} >= 1
  input {input} : float[{size}]
  table {table}[i in 0..{size}]
  {table}[0] = 0
  {table}[i] otherwise = max {{ {table}[i-1] + {input}[i] | 0.5 }}
  output {output} = {table}[{size}-1]
}}
"""


@dataclasses.dataclass
class Case:
    name: str
    content: bytes
    code: str = ""  # the error it must get; empty: any answer
    accepted: bool = False  # it must be accepted
    commands: list = dataclasses.field(default_factory=lambda: CHECK)
    file: str = "hostile.dp"
    beside: dict = dataclasses.field(default_factory=dict)  # more files: name -> bytes
    writes: Optional[list] = None  # all that may be written; None: not looked at


def body(expression, head="  input a : float\n"):
    return f"dp 1\nprogram p {{\n{head}  output y = {expression}\n}}\n".encode()


def chain(program="p", size="N", input="x", table="D", output="y"):
    return CHAIN.format(program=program, size=size, input=input, table=table, output=output).encode()


def nesting():
    """Depth in every construct that nests."""
    for depth in (100, 10_000, 150_000):
        yield Case(f"parentheses-{depth}", body("(" * depth + "a" + ")" * depth))
        yield Case(f"open-parentheses-{depth}", body("(" * depth))
        yield Case(f"negations-{depth}", body("-" * depth + "a"))
        yield Case(f"powers-{depth}", body("a^" * depth + "2"))
        yield Case(f"sum-{depth}", body("a + " * depth + "a"))
        yield Case(f"choices-{depth}", body("max { " * depth + "a" + " }" * depth))
        yield Case(f"open-choices-{depth}", body("max { " * depth))
        yield Case(f"ifs-{depth}", body("if 1 < 2 then " * depth + "a" + " else a" * depth))
        yield Case(f"calls-{depth}", body("exp(" * depth + "a" + ")" * depth))
        yield Case(f"nots-{depth}", body("if " + "not " * depth + "1 < 2 then a else 0"))
        yield Case(f"ands-{depth}", body("if " + "1 < 2 and " * depth + "1 < 2 then a else 0"))
        yield Case(f"chained-{depth}", body("if " + "1 < " * depth + "2 then a else 0"))
        yield Case(f"indices-{depth}", body("x[" * depth + "0" + "]" * depth))
        yield Case(f"arms-{depth}", body("max { " + "a | " * depth + "a }"))


def many():
    """More of everything than anybody needs, up to a megabyte."""
    n = 20_000
    yield Case("many-sizes", f"dp 1\nprogram p {{ size {', '.join(f'N{k}' for k in range(n))} output y = 1 }}".encode())
    inputs = "\n".join(f"input x{k} : float" for k in range(n))
    yield Case("many-inputs", f"dp 1\nprogram p {{\n{inputs}\noutput y = x0\n}}".encode())
    lets = "\n".join(f"let l{k + 1} = l{k} + l{k}" for k in range(n))
    yield Case("many-lets", f"dp 1\nprogram p {{\ninput l0 : float\n{lets}\noutput y = l{n}\n}}".encode())
    tables = "\n".join(f"table D{k}[i in 0..N]\nD{k}[i] = D{k + 1}[i]" for k in range(2000))
    yield Case("many-tables", f"dp 1\nprogram p {{\nsize N >= 1\n{tables}\noutput y = D0[0]\n}}".encode())
    equations = "\n".join(f"D[{k}] = {k}" for k in range(2000))
    yield Case("many-equations", f"dp 1\nprogram p {{\ntable D[i in 0..2000]\n{equations}\noutput y = D[0]\n}}".encode())
    outputs = "\n".join(f"output y{k} = a" for k in range(n))
    yield Case("many-outputs", f"dp 1\nprogram p {{\ninput a : float\n{outputs}\n}}".encode())
    yield Case("many-programs", b"dp 1\n" + b"".join(b"program p%d { output y = 1 }\n" % k for k in range(n)))
    for rank in (8, 16, 64, 1000):
        binders = ", ".join(f"i{k} in 0..N" for k in range(rank))
        index = ", ".join(f"i{k}" for k in range(rank))
        yield Case(f"rank-{rank}", f"dp 1\nprogram p {{\nsize N >= 1\ntable D[{binders}]\nD[{index}] = 0\n"
                   f"output y = D[{', '.join('0' * rank)}]\n}}".encode())  # fmt: skip
        diagonal = "\n".join(f"D[{', '.join('i' if k == j or k == (j + 1) % rank else f'i{k}' for k in range(rank))}]"
                             f" = {j}" for j in range(rank))  # fmt: skip
        yield Case(f"diagonals-{rank}", f"dp 1\nprogram p {{\nsize N >= 1\ntable D[{binders}]\n{diagonal}\n"
                   f"D[{index}] otherwise = 0\noutput y = D[{', '.join('0' * rank)}]\n}}".encode())  # fmt: skip
    conditions = " or ".join(f"i != {k} and i != N - {k}" for k in range(60))
    yield Case("coverage", f"dp 1\nprogram p {{\nsize N >= 1\ntable D[i in 0..N]\nD[i] when {conditions} = 0\n"
               "D[i] otherwise = 1\noutput y = D[0]\n}".encode())  # fmt: skip


def megabytes():
    """A megabyte of one thing."""
    size = 1 << 20
    draw = random.Random(1)
    yield Case("spaces", b"dp 1\n" + b" " * size)
    yield Case("lines", b"dp 1\n" * (size // 5))
    yield Case("comment", b"dp 1\n#" + b"x" * size)
    yield Case("name", chain(program="p" * size))
    yield Case("number", body("1" * size))
    yield Case("fraction", body("0." + "1" * size))
    yield Case("random-bytes", bytes(draw.randrange(256) for _ in range(size)))
    words = "dp 1 program size input let table output { } [ ] ( ) .. ..= for in if then else max min sum + - * / ^ | ? i N"
    yield Case("random-words", ("dp 1\nprogram p {\n" + " ".join(draw.choices(words.split(), k=size // 4))).encode())
    yield Case("errors", b"dp 1\nprogram p {\n" + b"output y = zz\n" * (size // 14) + b"}")
    yield Case("beyond-limit", b" " * (17 << 20), "E0106")


def numbers():
    """Numbers that do not fit."""
    for text in ("9223372036854775807", "9223372036854775808", "1" + "0" * 400, "1e308", "1e309", "1e-400", "0x10",
                 "1e", "1e+", "1.", ".5", "1..2", "00", "1_000", "-9223372036854775808"):  # fmt: skip
        yield Case(f"number {text[:24]}", body(f"a + {text}"))
        yield Case(f"index {text[:24]}", body(f"x[{text}]", "  input x : float[2]\n"))
        yield Case(f"extent {text[:24]}", body("x[0]", f"  input x : float[{text}]\n"))
    big = "9223372036854775807"
    yield Case("coefficient", f"dp 1\nprogram p {{\nsize N >= 1\ntable D[i in 0..{big}*N]\nD[i] = 0\noutput y = D[0]\n}}".encode())
    yield Case("overflow", f"dp 1\nprogram p {{\nsize N >= {big}\ntable D[i in 0..N+{big}]\nD[i] = 0\noutput y = D[0]\n}}".encode())
    yield Case("division-by-zero", b"dp 1\nprogram p {\nsize N >= 1\ntable D[i in 0..N]\nD[i] = 0\noutput y = D[N/0]\n}")
    yield Case("division-by-negative", b"dp 1\nprogram p {\nsize N >= 1\ntable D[i in 0..N]\nD[i] = 0\noutput y = D[N/(-2)]\n}")
    yield Case("huge-step", f"dp 1\nprogram p {{\nsize N >= 1\ntable D[i in 0..N]\nD[i] = max {{ D[i-{big}]? | 0 }}\n"
               "output y = D[0]\n}".encode())  # fmt: skip
    factors = " + ".join(f"{p}*i{k}" for k, p in enumerate((2147483647, 2147483629, 2147483587, 2147483579)))
    binders = ", ".join(f"i{k} in 0..N" for k in range(4))
    yield Case("large-coprimes", f"dp 1\nprogram p {{\nsize N >= 1\ntable D[{binders}] where {factors} <= N\n"
               f"D[i0, i1, i2, i3] = 0\noutput y = D[0, 0, 0, 0]\n}}".encode())  # fmt: skip


def names():
    """Names that mean something to C, C++, the linker or the compiler."""
    words = ("expf", "malloc", "main", "exp", "_init", "_start", "free", "int", "class", "NULL", "errno", "stdin",
             "template", "operator", "restrict", "dp_call", "dp1_p_value_f64", "_Z1pv", "__builtin_trap", "gamma_",
             "value", "grad", "hvp", "argmax", "workspace", "sizes", "size", "table", "program", "output", "dlopen",
             "pthread_create", "environ", "_GLOBAL_OFFSET_TABLE_", "llvm", "memcpy", "x" * 300)  # fmt: skip
    for word in words:
        short = word[:30]
        yield Case(f"program-{short}", chain(program=word), accepted=True, commands=BUILD)
        yield Case(f"input-{short}", chain(input=word), commands=BUILD)
        yield Case(f"table-{short}", chain(table=word), commands=BUILD)
        yield Case(f"output-{short}", chain(output=word), commands=BUILD)
        yield Case(f"size-{short}", chain(size=word), commands=BUILD)
    for word in ("../../evil", "/tmp/evil", "a b", "a;b", "$(id)", "`id`", "%s%n", "naïve", "日本", "\u202e", "a\\"):
        yield Case(f"strange-name {ascii(word)}", chain(program=word), commands=BUILD, writes=["out.so"])


def encodings():
    yield Case("empty", b"")
    yield Case("only-nul", b"\0" * 1000)
    yield Case("nul-inside", chain().replace(b"max", b"m\0ax"))
    yield Case("nul-in-comment", b"# \0\n" + chain())
    yield Case("nul-at-end", chain() + b"\0")
    yield Case("bom", b"\xef\xbb\xbf" + chain())
    yield Case("utf-16", chain().decode().encode("utf-16"))
    yield Case("broken-utf-8", b"# \xff\xfe\xc0\x80\n" + chain())
    yield Case("broken-utf-8-outside", chain() + b"\xff\xfe\xc0\x80")
    yield Case("carriage-returns", chain().replace(b"\n", b"\r\n"), accepted=True)
    yield Case("only-carriage-returns", chain().replace(b"\n", b"\r"))
    yield Case("tabs", chain().replace(b"  ", b"\t"), accepted=True)
    yield Case("terminal-escapes", chain() + b"\x1b[2J\x1b]0;title\x07")
    yield Case("no-end", chain()[:-3])
    for cut in range(0, len(chain()), 7):
        yield Case(f"cut-{cut}", chain()[:cut])


def files():
    """Files and commands rather than contents."""
    good = chain()
    yield Case("output-in-missing-folder", good, commands=[["FILE", "-o", "missing/out.so"]], writes=[])
    yield Case("output-is-folder", good, commands=[["FILE", "-o", "."]], writes=[])
    yield Case("output-is-device", good, commands=[["FILE", "-o", "/dev/full"]], writes=[])
    yield Case("missing-file", good, commands=[["nothing.dp", "-o", "out.so"]], writes=[])
    yield Case("file-is-folder", good, commands=[[".", "-o", "out.so"]], writes=[])
    yield Case("file-name", good, file="a b;$(id)'\".dp", commands=[["FILE", "-o", "out.so"]], writes=["out.so"])
    yield Case("no-arguments", good, commands=[[]], writes=[])
    yield Case("unknown-option", good, commands=[["FILE", "--no-such-option"]], writes=[])
    yield Case("unknown-entry", good, commands=[["FILE", "--entry=nothing", "-o", "out.so"]], writes=[])
    yield Case("unknown-reg", good, commands=[["FILE", "--reg=nothing", "-o", "out.so"]], writes=[])
    yield Case("unknown-wrt", good, commands=[["FILE", "--wrt", "nothing", "-o", "out.so"]], writes=[])
    yield Case("array-is-text", good, commands=[["run", "FILE", "x=hostile.dp", "-o", "out"]])
    yield Case("array-is-missing", good, commands=[["run", "FILE", "x=nothing.npy", "-o", "out"]])
    yield Case("array-is-unknown", good, commands=[["run", "FILE", "nothing=hostile.dp", "-o", "out"]])
    header = b"\x93NUMPY\x01\x00\x76\x00{'descr': '<f8', 'fortran_order': False, 'shape': (%s,), }"
    for shape in (b"9223372036854775807", b"-1", b"99999999999999999999999", b"4294967296, 4294967296"):
        array = (header % shape).ljust(127) + b"\n" + b"\0" * 16
        yield Case(f"npy {shape.decode()}", array, file="x.npy", beside={"chain.dp": good},
                   commands=[["run", "chain.dp", "x=x.npy", "-o", "out"]])  # fmt: skip


def all_cases():
    for group in (encodings, numbers, names, files, nesting, many, megabytes):
        yield from group()
