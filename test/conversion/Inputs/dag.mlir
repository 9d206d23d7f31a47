dp.program @dag {
  %V = dp.size "V"
  %E = dp.size "E"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %one = arith.constant 1.0 : f64
  %V1 = arith.addi %V, %c1 : index
  %E1 = arith.addi %E, %c1 : index
  %g = dp.input "g.indptr"[%V1] graph "g" in {
    ^bb0(%i: index):
    dp.yield %c0, %E1 : index, index
  } : !dp.array<1 x index>
  %src = dp.input "g.src"[%E] graph "g" in {
    ^bb0(%i: index):
    dp.yield %c0, %V : index, index
  } : !dp.array<1 x index>
  %w = dp.input "w"[%E] : !dp.array<1 x f64>
  %len = dp.table "len" let never {
    %v = dp.iterate %c0 to %V
    %v1 = arith.addi %v, %c1 : index
    %a = dp.read %g[%v] : !dp.array<1 x index>
    %b = dp.read %g[%v1] : !dp.array<1 x index>
    %e = dp.iterate %a to %b
    dp.yield %v, %e : index, index
  } : !dp.array<2 x f64>
  %D = dp.table "D" table explicit {
    %v = dp.iterate %c0 to %V
    dp.yield %v : index
  } : !dp.array<1 x f64>
  %node = dp.table "node" node max with %D : !dp.array<1 x f64> {
    %v = dp.iterate %c0 to %V
    %p = arith.cmpi ne, %v, %c0 : index
    dp.where %p
    dp.yield %v : index
  } : !dp.array<1 x f64>
  %win = dp.table "win" node never with %D : !dp.array<1 x f64> {
    %v = dp.iterate %c0 to %V
    %p = arith.cmpi ne, %v, %c0 : index
    dp.where %p
    dp.yield %v : index
  } : !dp.array<1 x index>
  %edge = dp.table "edge" node never with %D : !dp.array<1 x f64> {
    %v = dp.iterate %c0 to %V
    %p = arith.cmpi ne, %v, %c0 : index
    dp.where %p
    dp.yield %v : index
  } : !dp.array<1 x index>
  %used = dp.table "used" output never {
    %v = dp.iterate %c0 to %V
    dp.yield %v : index
  } : !dp.array<1 x f64>
  %wsum = dp.table "grad.w" output never {
    %e = dp.iterate %c0 to %E
    dp.yield %e : index
  } : !dp.array<1 x f64>
  %dist = dp.table "dist" output min {
    %v = dp.iterate %c0 to %V
    dp.yield %v : index } : !dp.array<1 x f64>
  dp.equation %len {
  ^bb0(%v: index, %e: index):
    %x = dp.read %w[%e] : !dp.array<1 x f64>
    %y = arith.mulf %x, %x : f64
    dp.yield %y : f64
  } : !dp.array<2 x f64>
  dp.equation %D {
  ^bb0(%v: index):
    %p = arith.cmpi eq, %v, %c0 : index
    dp.where %p
    dp.yield %zero : f64
  } : !dp.array<1 x f64>
  dp.equation %D otherwise {
  ^bb0(%v: index):
    %x = dp.read %node[%v] : !dp.array<1 x f64>
    %n = arith.negf %x : f64
    dp.yield %n : f64
  } : !dp.array<1 x f64>
  dp.equation %node, %win, %edge {
  ^bb0(%v: index):
    %v1 = arith.addi %v, %c1 : index
    %a = dp.read %g[%v] : !dp.array<1 x index>
    %b = dp.read %g[%v1] : !dp.array<1 x index>
    %r:3 = dp.choose max reg #dp.hard {
      dp.arm {
        %e = dp.iterate %a to %b
        %s = dp.source %src[%e] before %v : !dp.array<1 x index>
        %d = dp.read %D[%s] : !dp.array<1 x f64>
        %l = dp.read %len[%v, %e] : !dp.array<2 x f64>
        %t = arith.addf %d, %l : f64
        %n = arith.negf %t : f64
        dp.yield %n : f64
      }
    } : f64, index, index
    dp.yield %r#0, %r#1, %r#2 : f64, index, index
  } : !dp.array<1 x f64>, !dp.array<1 x index>, !dp.array<1 x index>
  dp.scatter %used over %node {
  ^bb0(%v: index):
    %v1 = arith.addi %v, %c1 : index
    %a = dp.read %g[%v] : !dp.array<1 x index>
    %b = dp.read %g[%v1] : !dp.array<1 x index>
    %e = dp.iterate %a to %b
    %s = dp.source %src[%e] before %v : !dp.array<1 x index>
    %d = dp.read %D[%s] : !dp.array<1 x f64>
    %l = dp.read %len[%v, %e] : !dp.array<2 x f64>
    %t = arith.addf %d, %l : f64
    %n = arith.negf %t : f64
    %w1 = dp.read %win[%v] : !dp.array<1 x index>
    %w2 = dp.read %edge[%v] : !dp.array<1 x index>
    %q = dp.weight #dp.hard arm 0 of %n at (%e) with (%w1, %w2 : index, index)
    dp.yield %s, %q : index, f64
  } : !dp.array<1 x f64>, !dp.array<1 x f64>
  dp.scatter %wsum over %len {
  ^bb0(%v: index, %e: index):
    %l = dp.read %len[%v, %e] : !dp.array<2 x f64>
    dp.yield %e, %l : index, f64
  } : !dp.array<1 x f64>, !dp.array<2 x f64>
  dp.equation %dist {
  ^bb0(%v: index):
    %x = dp.read %D[%v] : !dp.array<1 x f64>
    dp.yield %x : f64
  } : !dp.array<1 x f64>
}
