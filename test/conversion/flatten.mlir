// RUN: dp-opt %s --dp-flatten-branches | FileCheck %s

// A branch on a number is computed on both sides; one on an index may be what
// keeps a load inside, and one that stores is left.

// CHECK-LABEL: func.func @branches(
// CHECK-NOT: scf.if
// CHECK: %[[P:.*]] = arith.cmpf one
// CHECK-NEXT: %[[A:.*]] = memref.load
// CHECK-NEXT: %[[B:.*]] = arith.mulf %[[A]]
// CHECK-NEXT: %[[R:.*]] = arith.select %[[P]], %[[B]], %{{.*}} : f64
// CHECK: %[[I:.*]] = arith.cmpi
// CHECK-NEXT: scf.if %[[I]] -> (f64) {
// CHECK-NEXT:   memref.load
// CHECK: scf.if %[[P]] {
// CHECK-NEXT:   memref.store
func.func @branches(%w: memref<?xf64>, %x: f64, %i: index, %n: index) -> f64 {
  %zero = arith.constant 0.0 : f64
  %present = arith.cmpf one, %x, %zero : f64
  %a = scf.if %present -> f64 {
    %v = memref.load %w[%i] : memref<?xf64>
    %p = arith.mulf %v, %x : f64
    scf.yield %p : f64
  } else {
    scf.yield %zero : f64
  }
  %inside = arith.cmpi ult, %i, %n : index
  %b = scf.if %inside -> f64 {
    %v = memref.load %w[%i] : memref<?xf64>
    scf.yield %v : f64
  } else {
    scf.yield %zero : f64
  }
  scf.if %present {
    memref.store %a, %w[%i] : memref<?xf64>
  }
  %sum = arith.addf %a, %b : f64
  return %sum : f64
}
