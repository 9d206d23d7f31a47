// RUN: dp-opt %s --dp-lower-control-flow | FileCheck %s

// A branch with the mark has weights; another, and one of one side, have none.

// CHECK-LABEL: func.func @choose
// CHECK: llvm.cond_br %{{.*}} weights([1, 2000]), ^[[RARE:.*]], ^[[USUAL:.*]]
// CHECK: ^[[RARE]]:
// CHECK: %[[SUM:.*]] = arith.addf
// CHECK: cf.br ^[[AFTER:.*]](%[[SUM]] : f32)
// CHECK: ^[[USUAL]]:
// CHECK: cf.br ^[[AFTER]](%{{.*}} : f32)
// CHECK: ^[[AFTER]](%{{.*}}: f32)
// CHECK: cf.cond_br
func.func @choose(%doubtful: i1, %x: f32, %y: f32) -> f32 {
  %sum = scf.if %doubtful -> f32 {
    %again = arith.addf %x, %y : f32
    scf.yield %again : f32
  } else {
    scf.yield %x : f32
  } {dp.cold}
  %result = scf.if %doubtful -> f32 {
    scf.yield %sum : f32
  } else {
    scf.yield %y : f32
  }
  return %result : f32
}
