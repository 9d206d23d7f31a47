"""Whether test/bench/sass.py counts what is there: loops written by hand."""

import pathlib
import subprocess
import tempfile

import sass
from machinecode import Block, loops

ROUNDS, PRODUCTS = 24, 5
# For each instance, for each time: meet, then 24 rounds of five products.
PTX = f"""
.version 7.8
.target sm_80
.address_size 64
.visible .entry toy_kernel(.param .u64 memory, .param .u32 instances, .param .u32 times) {{
  .reg .u64 %at;
  .reg .u32 %b, %t, %k, %instances, %times;
  .reg .f32 %x, %y;
  .reg .pred %more;
  ld.param.u64 %at, [memory];
  ld.param.u32 %instances, [instances];
  ld.param.u32 %times, [times];
  mov.u32 %b, 0;
INSTANCE:
  .pragma "nounroll";
  ld.global.f32 %x, [%at];
  ld.global.f32 %y, [%at+4];
  mov.u32 %t, 0;
TIME:
  .pragma "nounroll";
  bar.sync 0;
  mov.u32 %k, 0;
CELL:
  .pragma "nounroll";
{"  fma.rn.f32 %x, %x, %y, %x;" * PRODUCTS}
  add.u32 %k, %k, 1;
  setp.ne.u32 %more, %k, {ROUNDS};
  @%more bra CELL;
  add.u32 %t, %t, 1;
  setp.ne.u32 %more, %t, %times;
  @%more bra TIME;
  st.global.f32 [%at], %x;
  add.u64 %at, %at, 8;
  add.u32 %b, %b, 1;
  setp.ne.u32 %more, %b, %instances;
  @%more bra INSTANCE;
  ret;
}}
"""
# Of a round: the products, the step, its test and the jump.
CELL = ROUNDS * (PRODUCTS + 3)


def faults(ptxas, arch, count):
    """What `count`, which gives (cell, time, other), gets wrong of the loops above."""
    with tempfile.TemporaryDirectory() as folder:
        source, cubin = pathlib.Path(folder, "ptx"), pathlib.Path(folder, "cubin")
        source.write_text(PTX)
        subprocess.run([ptxas, f"-arch=sm_{arch}", source, "-o", cubin], check=True)
        blocks = sass.kernels(cubin.read_bytes(), arch)["toy_kernel"]
    names = [i.name for block in blocks for i in block.instructions]
    if (names.count("FFMA"), names.count("BAR"), names.count("LDG"), names.count("STG")) != (PRODUCTS, 1, 2, 1):
        yield f"sm_{arch}: other instructions than were written: {' '.join(names)}"
    cell, time, other = count(blocks)
    # The step, its test, the jump, the barrier, and 0 for the rounds' counter; an instruction more may be moved about.
    if cell != CELL or not 4 <= time <= 6 or other:
        yield f"sm_{arch}: counts {cell}, {time} and {other}, not {CELL}, 5 and 0"


def rare_faults():
    """A block behind the jump back is not the loop's."""
    blocks = [Block(k) for k in range(5)]
    for block, successors in zip(blocks, ([1], [2, 4], [1, 3], [], [2])):
        block.successors = successors
        block.instructions = [sass.Instruction(16 * block.label, 0x7223, 90)]
    (loop,) = sass.nest(loops(blocks), blocks)
    if loop.body != {1, 2, 4} or len(loop.own) != 2:
        yield f"of blocks 1 and 2, and 4 out of line, it takes {len(loop.own)} for the loop's"
