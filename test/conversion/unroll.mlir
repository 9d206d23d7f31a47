// RUN: dp-opt %s --dp-unroll-reductions=factor=2 | FileCheck %s

// A reduction within a cell takes two rounds at once, in order, and what is left
// one by one; one that is in no cell stays.

// CHECK-LABEL: func.func @sums(
// CHECK:       scf.for
// CHECK:         %[[PAIRS:.*]] = scf.for {{.*}} iter_args(%[[S:.*]] = %{{.*}}) -> (f32) {
// CHECK:           %[[A:.*]] = memref.load
// CHECK:           %[[T:.*]] = arith.addf %[[S]], %[[A]]
// CHECK:           %[[B:.*]] = memref.load
// CHECK:           %[[U:.*]] = arith.addf %[[T]], %[[B]]
// CHECK:           scf.yield %[[U]]
// CHECK:         %[[SUM:.*]] = scf.for {{.*}} iter_args(%{{.*}} = %[[PAIRS]]) -> (f32) {
// CHECK:           memref.load
// CHECK-NOT:       memref.load
// CHECK:           scf.yield
// CHECK:         memref.store %[[SUM]]
// CHECK:       {dp.cells}
// CHECK:       scf.for
// CHECK:         memref.load
// CHECK-NOT:     memref.load
// CHECK:         return
func.func @sums(%x: memref<?xf32>, %y: memref<?xf32>, %n: index) -> f32 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %none = arith.constant 0.0 : f32
  scf.for %i = %zero to %n step %one {
    %sum = scf.for %k = %zero to %n step %one iter_args(%s = %none) -> (f32) {
      %v = memref.load %x[%k] : memref<?xf32>
      %t = arith.addf %s, %v : f32
      scf.yield %t : f32
    }
    memref.store %sum, %y[%i] : memref<?xf32>
  } {dp.cells}
  %all = scf.for %k = %zero to %n step %one iter_args(%s = %none) -> (f32) {
    %v = memref.load %y[%k] : memref<?xf32>
    %t = arith.addf %s, %v : f32
    scf.yield %t : f32
  }
  return %all : f32
}
