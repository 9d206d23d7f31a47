// RUN: dp-opt %s | dp-opt | FileCheck %s
// RUN: dp-opt --mlir-print-op-generic %s | dp-opt | FileCheck %s

// What the documentation's examples (documentation.test) leave out.

// CHECK-LABEL: dp.program @graph reg #dp.l2 entry "value_grad"
dp.program @graph reg #dp.l2 entry "value_grad" {
  %V = dp.size "V"
  %E = dp.size "E" fixed 12
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %V1 = arith.addi %V, %c1 : index
  %E1 = arith.addi %E, %c1 : index
  // CHECK: dp.input "g.indptr"[%{{.*}}] graph "g" in {
  %indptr = dp.input "g.indptr"[%V1] graph "g" in {
  ^bb0(%v: index):
    dp.yield %c0, %E1 : index, index
  } : !dp.array<1 x index>
  %src = dp.input "g.src"[%E] graph "g" in {
  ^bb0(%e: index):
    dp.yield %c0, %V : index, index
  } : !dp.array<1 x index>
  // CHECK: dp.input "w"[%{{.*}}] shared default 5.000000e-01 :
  %w = dp.input "w"[%E] shared default 0.5 : !dp.array<1 x f64>
  %tau = dp.input "tau"[] : !dp.array<0 x f64>
  // CHECK: dp.table "D" table explicit {
  %D = dp.table "D" table explicit {
    // CHECK: dp.iterate %{{.*}} to %{{.*}} "v"
    %v = dp.iterate %c0 to %V "v"
    dp.yield %v : index
  } : !dp.array<1 x f64>
  %let = dp.table "half" let min {
    dp.yield
  } : !dp.array<0 x f64>
  // CHECK: dp.table "grad.w" output never follows "w" {
  %G = dp.table "grad.w" output never follows "w" {
    %e = dp.iterate %c0 to %E "e"
    dp.yield %e : index
  } : !dp.array<1 x f64>
  dp.equation %D {
  ^bb0(%v: index):
    %v1 = arith.addi %v, %c1 : index
    %begin = dp.read %indptr[%v] : !dp.array<1 x index>
    %end = dp.read %indptr[%v1] : !dp.array<1 x index>
    %gamma = dp.read %tau[] : !dp.array<0 x f64>
    // CHECK: dp.choose min reg #dp.entropy gamma %{{.*}} {
    %m = dp.choose min reg #dp.entropy gamma %gamma {
      // CHECK: dp.arm {
      dp.arm {
        %e = dp.iterate %begin to %end "e"
        // CHECK: dp.source %{{.*}}[%{{.*}}] before %{{.*}} : <1 x index>
        %u = dp.source %src[%e] before %v : !dp.array<1 x index>
        // CHECK: dp.contains %{{.*}}[%{{.*}}] {optional} :
        %inside = dp.contains %D[%u] {optional} : !dp.array<1 x f64>
        dp.where %inside
        %d = dp.read %D[%u] : !dp.array<1 x f64>
        %c = dp.read %w[%e] : !dp.array<1 x f64>
        %s = arith.addf %d, %c : f64
        dp.yield %s : f64
      }
      dp.arm "none" {
        %n = dp.none
        // CHECK: dp.present %{{.*}} above
        %p = dp.present %n above
        dp.where %p
        dp.yield %n : f64
      }
    } : f64
    dp.yield %m : f64
  } : !dp.array<1 x f64>
}
