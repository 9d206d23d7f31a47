// RUN: dp-opt %s --convert-dp-to-scf=float-type=f32 --canonicalize --cse | FileCheck %s

// One loop over the sum of the indices, one along the wavefront, the other
// index pinned; tables in f64 though the caller's arrays are f32.

// CHECK-LABEL: func.func @grid_value_f32_run(
// CHECK-SAME: %[[N:.*]]: index, %[[M:.*]]: index, %{{.*}}: memref<?x?xf32, strided<[?, ?]>>, %{{.*}}: memref<f32, strided<[]>>, %{{.*}}: memref<?xi8>) -> i32
// CHECK: memref.view {{.*}} : memref<?xi8> to memref<?xf64>
// CHECK: scf.for %[[T:.*]] =
// CHECK: scf.for %[[I:.*]] =
// CHECK-NEXT: %[[J:.*]] = arith.subi %[[T]], %[[I]] : index
// CHECK-NEXT: memref.load %{{.*}}[%[[I]], %[[J]]]
// CHECK-NEXT: arith.extf
// CHECK: arith.truncf {{.*}} : f64 to f32
// CHECK-NEXT: memref.store {{.*}} : memref<f32, strided<[]>>

// CHECK-LABEL: func.func @grid_value_f32_workspace(
// CHECK-SAME: index, %{{.*}}: index) -> i64
// CHECK-LABEL: func.func @grid_value_f32_extents(
// CHECK-LABEL: func.func @grid_value_f32_validate(
dp.program @grid {
  %N = dp.size "N"
  %M = dp.size "M"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = dp.input "x"[%N, %M] : !dp.array<2 x f64>
  %D = dp.table "D" table never {
    %i = dp.iterate %c0 to %N
    %j = dp.iterate %c0 to %M
    dp.yield %i, %j : index, index
  } {schedule = [array<i64: 1, 1, 0>]} : !dp.array<2 x f64>
  %out = dp.table "out" output never { dp.yield } : !dp.array<0 x f64>
  dp.equation %D {
  ^bb0(%i: index, %j: index):
    %v = dp.read %x[%i, %j] : !dp.array<2 x f64>
    dp.yield %v : f64
  } : !dp.array<2 x f64>
  dp.equation %out {
    %v = dp.read %D[%c0, %c0] : !dp.array<2 x f64>
    dp.yield %v : f64
  } : !dp.array<0 x f64>
}
