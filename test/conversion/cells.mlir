// RUN: dp-opt %s --convert-dp-to-scf=float-type=f64 --canonicalize --cse --dp-vectorize-cells=width=4 --canonicalize --cse | FileCheck %s

// Four cells of a row at a time: the last four end where the row ends. Rows of
// fewer, and those where the guard differs from cell to cell, take masks. An
// array of the caller is loaded whole where its elements lie side by side, the
// workspace always. What all lanes read is read once.
//
// Threads share long rows, before which they meet; a short one is the first
// thread's. What is read in the end is read after they have met.

// CHECK-LABEL: func.func @rows_value_f64_run(
// CHECK-NOT: vector<
// CHECK-LABEL: func.func @rows_value_f64_cells(
// CHECK-SAME: index, %{{.*}}: index) -> i64
// CHECK: arith.index_cast
// CHECK-LABEL: func.func @rows_value_f64_one(
// CHECK-SAME: %[[N:[a-z0-9]*]]: index, %[[M:[a-z0-9]*]]: index,
// CHECK-SAME: %[[THREAD:[a-z0-9]*]]: index, %[[THREADS:[a-z0-9]*]]: index, %[[TEAM:[a-z0-9]*]]: !llvm.ptr)
// CHECK: %[[FIRSTS:.*]] = arith.cmpi eq, %[[THREAD]], %c0
// CHECK: %[[TOGETHER:.*]] = arith.cmpi sgt, %[[THREADS]], %c1
// CHECK: %[[DIRTY:.*]] = memref.alloca() : memref<1xi1>
// CHECK-NEXT: memref.store %false, %[[DIRTY]][%c0]
// CHECK: scf.for %[[I:.*]] =
// CHECK:   %[[MANY:.*]] = arith.cmpi sge, %{{.*}}, %c512
// CHECK:   %[[LONG:.*]] = arith.andi %[[MANY]], %[[TOGETHER]]
// CHECK:   scf.if %{{.*}} {
// CHECK:     func.call @dp_meet(%[[TEAM]])
// CHECK:   arith.ceildivui %{{.*}}, %[[THREADS]]
// CHECK:   %[[WHOLE:.*]] = arith.select %[[FIRSTS]],
// CHECK:   arith.select %[[LONG]], %{{.*}}, %[[WHOLE]]
// CHECK:   %[[LAST:.*]] = arith.subi %{{.*}}, %c4 : index
// CHECK:   scf.for %[[START:.*]] = %{{.*}} to %{{.*}} step %c4 {
// CHECK:     %[[FIRST:.*]] = arith.minsi %[[START]], %{{.*}} : index
// CHECK:     scf.if %{{.*}} {
// CHECK-NOT:   vector.maskedload
// CHECK:       scf.if %{{.*}} -> (vector<4xf64>) {
// CHECK:         vector.load
// CHECK:       } else {
// CHECK:         vector.gather
// CHECK:       vector.load
// CHECK:       vector.broadcast %{{.*}} : f64 to vector<4xf64>
// CHECK:       vector.store
// CHECK:     } else {
// CHECK:       vector.maskedload
// CHECK:       vector.maskedstore
dp.program @rows {
  %N = dp.size "N"
  %M = dp.size "M"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = dp.input "x"[%N, %M] : !dp.array<2 x f64>
  %w = dp.input "w"[%N] : !dp.array<1 x f64>
  %D = dp.table "D" table never {
    %i = dp.iterate %c0 to %N
    %j = dp.iterate %c0 to %M
    dp.yield %i, %j : index, index
  } {schedule = [array<i64: 1, 0, 0>]} : !dp.array<2 x f64>
  %out = dp.table "out" output never { dp.yield } : !dp.array<0 x f64>
  dp.equation %D {
  ^bb0(%i: index, %j: index):
    %top = arith.cmpi eq, %i, %c0 : index
    %v = dp.read %x[%i, %j] : !dp.array<2 x f64>
    %left = arith.cmpi eq, %j, %c0 : index
    %edge = arith.ori %top, %left : i1
    %d = scf.if %edge -> f64 {
      scf.yield %v : f64
    } else {
      %before = arith.subi %i, %c1 : index
      %beside = arith.subi %j, %c1 : index
      %up = dp.read %D[%before, %beside] : !dp.array<2 x f64>
      %f = dp.read %w[%i] : !dp.array<1 x f64>
      %p = arith.mulf %up, %f : f64
      %s = arith.addf %p, %v : f64
      scf.yield %s : f64
    }
    dp.yield %d : f64
  } : !dp.array<2 x f64>
  dp.equation %out {
    %v = dp.read %D[%c0, %c0] : !dp.array<2 x f64>
    dp.yield %v : f64
  } : !dp.array<0 x f64>
}
