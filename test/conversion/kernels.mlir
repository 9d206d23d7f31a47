// RUN: dp-opt %s --convert-dp-to-scf="float-type=f32 for-threads" --dp-wrap-kernels=index-bits=32 --canonicalize --cse | FileCheck %s

// What the host asks: the workspace, of sizes in memory.

// CHECK-LABEL: func.func @walk_value_f32_device(%{{.*}}: !llvm.ptr) -> i64

// Terms of an output without a batch axis, added up in the order of the batch.

// CHECK-LABEL: func.func @walk_value_f32_sums(
// CHECK: scf.for
// CHECK:   scf.for %{{.*}} iter_args(%{{.*}} = %{{.*}}) -> (f64)
// CHECK:     memref.load
// CHECK:     arith.addf %{{.*}} : f64
// CHECK:   memref.store

// A block takes every so-manyth instance: its size, padded or of its own; is it
// one that fits and that the program demands, and are its ints in range?

// CHECK-LABEL: func.func @walk_value_f32_kernel(
// CHECK-SAME: %{{.*}}: !llvm.ptr {llvm.align = 8 : i64, llvm.byval = !llvm.array<{{[0-9]+}} x i64>})
// CHECK-DAG: nvvm.read.ptx.sreg.ctaid.x
// CHECK-DAG: nvvm.read.ptx.sreg.nctaid.x
// CHECK: llvm.insertvalue {{.*}} : !llvm.struct<(ptr, ptr, i32, array<1 x i32>, array<1 x i32>)>
// CHECK: scf.for %[[B:.*]] = %{{.*}} to %{{.*}} step %{{.*}} {
// CHECK:   arith.cmpi ule
// CHECK:   %[[FITS:.*]] = scf.if
// CHECK:     func.call @walk_value_f32_holds
// CHECK:     func.call @walk_value_f32_shapes
// CHECK:     func.call @walk_value_f32_workspace
// CHECK:   %[[FINE:.*]] = scf.if %[[FITS]]
// CHECK:     func.call @walk_value_f32_validate

// Beyond its extents all is 0, or everywhere NaN where it is not to be run.

// CHECK:   arith.select %[[FINE]], %cst{{.*}}, %cst{{.*}} : f32
// CHECK:   scf.for
// CHECK:     scf.if
// CHECK:       memref.store
// CHECK:   } {dp.fill}
// CHECK:   scf.if %[[FINE]] -> (i32) {
// CHECK:     func.call @walk_value_f32_run
// CHECK:   memref.store %{{.*}}, %{{.*}}[%[[B]]] : memref<?xi32>
dp.program @walk {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %positive = arith.cmpi sge, %N, %c1 : index
  dp.assume %positive "N >= 1"
  %w = dp.input "w"[%N] : !dp.array<1 x f64>
  %V = dp.table "V" output never {
    %i = dp.iterate %c0 to %N
    dp.yield %i : index
  } : !dp.array<1 x f64>
  dp.equation %V {
  ^bb0(%i: index):
    %x = dp.read %w[%i] : !dp.array<1 x f64>
    dp.yield %x : f64
  } : !dp.array<1 x f64>
}
