// A choice whose weights nobody forms has no results for its statistics, whether
// its scores are kept or not.
//
// RUN: dp-opt %s --convert-dp-to-scf | FileCheck %s
// CHECK: %[[VALUE:.*]] = scf.if %{{.*}} -> (f64)
// CHECK: memref.store %{{.*}} : memref<514xf64>

module {
  dp.program @rows reg #dp.l2 entry "value" {
    %N = dp.size "N"
    %x = dp.input "x"[%N] : <1 x f64>
    %v = dp.table "value" output max {
      dp.yield
    } : <0 x f64>
    dp.equation %v {
      %r = dp.choose max reg #dp.l2 {
        dp.arm {
          %c0 = arith.constant 0 : index
          %k = dp.iterate %c0 to %N "k"
          %e = dp.read %x[%k] : <1 x f64>
          dp.yield %e : f64
        }
      } : f64
      dp.yield %r : f64
    } : !dp.array<0 x f64>
  }
}
