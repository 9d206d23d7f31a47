dp.program @dtw  {
  %N = dp.size "N"
  %M = dp.size "M"
  %K = dp.size "K"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = dp.input "x"[%N, %K] : !dp.array<2 x f64>
  %y = dp.input "y"[%M, %K] : !dp.array<2 x f64>
  %gamma = dp.input "gamma"[] gamma default 1.0 : !dp.array<0 x f64>
  %d = dp.table "d" let never {
      %i = dp.iterate %c0 to %N
 %j = dp.iterate %c0 to %M
      dp.yield %i, %j : index, index
  } {schedule = [array<i64: 1, 1, 0>]} : !dp.array<2 x f64>
  %D = dp.table "D" table min {
      %i = dp.iterate %c0 to %N
 %j = dp.iterate %c0 to %M
      dp.yield %i, %j : index, index
  } {schedule = [array<i64: 1, 1, 0>]} : !dp.array<2 x f64>
  %node = dp.table "node" node max with %D : !dp.array<2 x f64> {
      %i = dp.iterate %c0 to %N
 %j = dp.iterate %c0 to %M
      %s = affine.apply affine_map<(i,j)->(i+j)>(%i,%j)
      %p = arith.cmpi sge, %s, %c1 : index
      dp.where %p
      dp.yield %i, %j : index, index
  } : !dp.array<2 x f64>
  %cost = dp.table "cost" output min { dp.yield } : !dp.array<0 x f64>
  dp.equation %d {
  ^bb0(%i: index, %j: index):
    %v = dp.sum {
      dp.arm {
        %k = dp.iterate %c0 to %K
        %a = dp.read %x[%i, %k] : !dp.array<2 x f64>
        %b = dp.read %y[%j, %k] : !dp.array<2 x f64>
        %c = arith.subf %a, %b : f64
        %e = arith.mulf %c, %c : f64
        dp.yield %e : f64
      }
    }
    dp.yield %v : f64
  } : !dp.array<2 x f64>
  dp.equation %D {
  ^bb0(%i: index, %j: index):
    %p = arith.cmpi eq, %i, %c0 : index
    dp.where %p
    %q = arith.cmpi eq, %j, %c0 : index
    dp.where %q
    %v = dp.read %d[%c0, %c0] : !dp.array<2 x f64>
    dp.yield %v : f64
  } : !dp.array<2 x f64>
  dp.equation %D otherwise {
  ^bb0(%i: index, %j: index):
    %v = dp.read %d[%i, %j] : !dp.array<2 x f64>
    %w = dp.read %node[%i, %j] : !dp.array<2 x f64>
    %g = dp.read %gamma[] : !dp.array<0 x f64>
    %wg = arith.mulf %w, %g : f64
    %z = arith.subf %v, %wg : f64
    dp.yield %z : f64
  } : !dp.array<2 x f64>
  dp.equation %node {
  ^bb0(%i: index, %j: index):
    %g = dp.read %gamma[] : !dp.array<0 x f64>
    %i1 = affine.apply affine_map<(i)->(i-1)>(%i)
    %j1 = affine.apply affine_map<(i)->(i-1)>(%j)
    %v = dp.choose max reg #dp.hard {
      dp.arm "diag" {
        %in = dp.contains %D[%i1, %j1] : !dp.array<2 x f64>
        dp.where %in
        %r = dp.read %D[%i1, %j1] : !dp.array<2 x f64>
        %n = arith.negf %r : f64
        %s = arith.divf %n, %g : f64
        dp.yield %s : f64
      }
      dp.arm "down" {
        %in = dp.contains %D[%i1, %j] : !dp.array<2 x f64>
        dp.where %in
        %r = dp.read %D[%i1, %j] : !dp.array<2 x f64>
        %n = arith.negf %r : f64
        %s = arith.divf %n, %g : f64
        dp.yield %s : f64
      }
      dp.arm "right" {
        %in = dp.contains %D[%i, %j1] : !dp.array<2 x f64>
        dp.where %in
        %r = dp.read %D[%i, %j1] : !dp.array<2 x f64>
        %n = arith.negf %r : f64
        %s = arith.divf %n, %g : f64
        dp.yield %s : f64
      }
    } : f64
    dp.yield %v : f64
  } : !dp.array<2 x f64>
  dp.equation %cost {
    %n1 = affine.apply affine_map<(i)->(i-1)>(%N)
    %m1 = affine.apply affine_map<(i)->(i-1)>(%M)
    %v = dp.read %D[%n1, %m1] : !dp.array<2 x f64>
    dp.yield %v : f64
  } : !dp.array<0 x f64>
}
