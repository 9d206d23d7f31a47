dp.program @tri {
  %N = dp.size "N"
  %Q = dp.size "Q"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f64
  %s = dp.input "s"[%N] in {
    ^bb0(%i: index):
      dp.yield %c0, %Q : index, index
  } : !dp.array<1 x index>
  %pair = dp.input "pair"[%Q, %Q] shared : !dp.array<2 x f64>
  %P = dp.table "P" table max {
    %n1 = arith.addi %N, %c1 : index
    %i = dp.iterate %c0 to %n1
    %j = dp.iterate %i to %n1
    dp.yield %i, %j : index, index
  } {schedule = [array<i64: -1, 1, 0>, array<i64: 0,0,0>]} : !dp.array<2 x f64>
  %in = dp.table "in" node max with %P : !dp.array<2 x f64> {
    %n1 = arith.addi %N, %c1 : index
    %i = dp.iterate %c0 to %n1
    %j = dp.iterate %i to %n1
    %i1 = arith.addi %i, %c1 : index
    %k = dp.iterate %i1 to %j
    dp.yield %i, %j, %k : index, index, index
  } : !dp.array<3 x f64>
  %score = dp.table "score" output max { dp.yield } : !dp.array<0 x f64>
  %all = dp.table "all" output max {
    %n1 = arith.addi %N, %c1 : index
    %i = dp.iterate %c0 to %n1
    %i1 = arith.addi %i, %c1 : index
    %j = dp.iterate %i1 to %n1
    dp.yield %i, %j : index, index
  } : !dp.array<2 x f64>
  dp.equation %in {
  ^bb0(%i: index, %j: index, %k: index):
    %i1 = affine.apply affine_map<(i)->(i+1)>(%i)
    %k1 = affine.apply affine_map<(i)->(i+1)>(%k)
    %a = dp.read %P[%i1, %k] : !dp.array<2 x f64>
    %b = dp.read %P[%k1, %j] : !dp.array<2 x f64>
    %si = dp.read %s[%i] : !dp.array<1 x index>
    %sk = dp.read %s[%k] : !dp.array<1 x index>
    %p = dp.read %pair[%si, %sk] : !dp.array<2 x f64>
    %ab = arith.addf %a, %p : f64
    %abc = arith.addf %ab, %b : f64
    dp.yield %abc : f64
  } : !dp.array<3 x f64>
  dp.equation %P {
  ^bb0(%i: index, %j: index):
    %i1 = affine.apply affine_map<(i)->(i+1)>(%i)
    %v = dp.choose max reg #dp.hard {
      dp.arm "empty" {
        %eq = arith.cmpi eq, %i, %j : index
        dp.where %eq
        dp.yield %zero : f64
      }
      dp.arm "skip" {
        %in1 = dp.contains %P[%i1, %j] : !dp.array<2 x f64>
        dp.where %in1
        %r = dp.read %P[%i1, %j] : !dp.array<2 x f64>
        dp.yield %r : f64
      }
      dp.arm "pair" {
        %k = dp.iterate %i1 to %j
        %r = dp.read %in[%i, %j, %k] : !dp.array<3 x f64>
        dp.yield %r : f64
      }
    } : f64
    dp.yield %v : f64
  } : !dp.array<2 x f64>
  dp.equation %score {
    %v = dp.read %P[%c0, %N] : !dp.array<2 x f64>
    dp.yield %v : f64
  } : !dp.array<0 x f64>
  dp.equation %all {
  ^bb0(%i: index, %j: index):
    %v = dp.read %P[%i, %j] : !dp.array<2 x f64>
    dp.yield %v : f64
  } : !dp.array<2 x f64>
}
