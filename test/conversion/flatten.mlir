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

// A table of the workspace ends with an element for the threads that want none.

// CHECK-LABEL: func.func @table(
// CHECK-SAME:    %[[W:.*]]: memref<?xi8>, %[[P:.*]]: i1, %[[I:.*]]: index, %[[N:.*]]: index)
// CHECK:       %[[T:.*]] = memref.view %[[W]]
// CHECK:       %[[LAST:.*]] = arith.subi %[[N]], %{{.*}}
// CHECK-NEXT:  %[[AT:.*]] = arith.select %[[P]], %[[I]], %[[LAST]]
// CHECK-NEXT:  %[[V:.*]] = memref.load %[[T]][%[[AT]]]
// CHECK-NEXT:  arith.select %[[P]], %[[V]]
func.func @table(%w: memref<?xi8>, %p: i1, %i: index, %n: index) -> f32 {
  %zero = arith.constant 0.0 : f32
  %begin = arith.constant 0 : index
  %t = memref.view %w[%begin][%n] : memref<?xi8> to memref<?xf32>
  %r = scf.if %p -> f32 {
    %v = memref.load %t[%i] : memref<?xf32>
    scf.yield %v : f32
  } else {
    scf.yield %zero : f32
  }
  return %r : f32
}
