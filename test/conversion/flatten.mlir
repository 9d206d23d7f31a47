// RUN: dp-opt %s --dp-flatten-branches | FileCheck %s

// A branch that computes is computed on both sides; one that loads or stores is
// left, for the condition may be what keeps that inside.

// CHECK-LABEL: func.func @branches(
// CHECK: %[[P:.*]] = arith.cmpf one
// CHECK-NEXT: %[[A:.*]] = arith.mulf
// CHECK-NEXT: %[[R:.*]] = arith.select %[[P]], %[[A]], %{{.*}} : f64
// CHECK-NEXT: scf.if %[[P]] -> (f64) {
// CHECK-NEXT:   memref.load
// CHECK: scf.if %[[P]] {
// CHECK-NEXT:   memref.store
func.func @branches(%w: memref<?xf64>, %x: f64, %i: index) -> f64 {
  %zero = arith.constant 0.0 : f64
  %present = arith.cmpf one, %x, %zero : f64
  %a = scf.if %present -> f64 {
    %p = arith.mulf %x, %x : f64
    scf.yield %p : f64
  } else {
    scf.yield %zero : f64
  }
  %b = scf.if %present -> f64 {
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
