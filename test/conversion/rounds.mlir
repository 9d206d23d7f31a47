// RUN: dp-opt %s --dp-vectorize-cells=width=4 --canonicalize --cse | FileCheck %s

// A maximum: each lane has one of its rounds, halves are compared in the end, and
// the loop goes on with what fills no vector.

// CHECK-LABEL: func.func @maximum_run(
// CHECK: %[[ENOUGH:.*]] = arith.cmpi sge, %[[N:.*]], %c4
// CHECK: %[[BOTH:.*]]:2 = scf.if %[[ENOUGH]]
// CHECK:   scf.for %[[I:.*]] = %c0 to %{{.*}} step %c4 iter_args(%[[MOST:.*]] = %{{.*}}) -> (vector<4xf32>)
// CHECK:     %[[X:.*]] = vector.load %{{.*}}[%[[I]]] : memref<?xf32>, vector<4xf32>
// CHECK:     %[[ABOVE:.*]] = arith.cmpf ogt, %[[X]], %[[MOST]]
// CHECK:     arith.select %[[ABOVE]], %[[X]], %[[MOST]]
// CHECK:   vector.extract_strided_slice %{{.*}} {offsets = [2], sizes = [2]
// CHECK:   vector.extract %{{.*}}[0] : f32
// CHECK: } else {
// CHECK-NEXT: scf.yield %c0, %{{.*}} : index, f32
// CHECK: scf.for %{{.*}} = %[[BOTH]]#0 to %[[N]] step %c1 iter_args(%{{.*}} = %[[BOTH]]#1)
func.func @maximum_run(%n: index, %workspace: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 0 : i32
  %none = arith.constant 0xFF800000 : f32
  %x = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf32>
  %best = scf.for %i = %c0 to %n step %c1 iter_args(%most = %none) -> (f32) {
    %term = memref.load %x[%i] : memref<?xf32>
    %above = arith.cmpf ogt, %term, %most : f32
    %next = arith.select %above, %term, %most : f32
    scf.yield %next : f32
  }
  memref.store %best, %x[%c0] : memref<?xf32>
  return %status : i32
}

// A sum keeps its order: lanes compute terms, of which one after the other is
// added. What is added under a condition is -0 where it does not hold.

// CHECK-LABEL: func.func @sum_run(
// CHECK: scf.for %{{.*}} step %c4 iter_args(%[[SUM:.*]] = %{{.*}}) -> (f32)
// CHECK:   math.exp %{{.*}} : vector<4xf32>
// CHECK:   %[[TERMS:.*]] = arith.select %{{.*}}, %{{.*}}, %{{.*}} : vector<4xi1>, vector<4xf32>
// CHECK:   %[[T0:.*]] = vector.extract %[[TERMS]][0]
// CHECK:   %[[S0:.*]] = arith.addf %[[SUM]], %[[T0]] : f32
// CHECK:   %[[T1:.*]] = vector.extract %[[TERMS]][1]
// CHECK:   arith.addf %[[S0]], %[[T1]] : f32
func.func @sum_run(%n: index, %workspace: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 0 : i32
  %zero = arith.constant 0.0 : f32
  %x = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf32>
  %all = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %zero) -> (f32) {
    %number = memref.load %x[%i] : memref<?xf32>
    %counts = arith.cmpf olt, %number, %zero : f32
    %next = scf.if %counts -> (f32) {
      %term = math.exp %number : f32
      %more = arith.addf %sum, %term : f32
      scf.yield %more : f32
    } else {
      scf.yield %sum : f32
    }
    scf.yield %next : f32
  }
  memref.store %all, %x[%c0] : memref<?xf32>
  return %status : i32
}

// Where rounds do little by themselves there is nothing to win, and what asks
// for the result of the round before stays as it is.

// CHECK-LABEL: func.func @plain_run(
// CHECK-NOT: vector
// CHECK: return
func.func @plain_run(%n: index, %workspace: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 0 : i32
  %zero = arith.constant 0.0 : f32
  %x = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf32>
  %all:2 = scf.for %i = %c0 to %n step %c1 iter_args(%sum = %zero, %chain = %zero) -> (f32, f32) {
    %term = memref.load %x[%i] : memref<?xf32>
    %next = arith.addf %sum, %term : f32
    %small = arith.cmpf olt, %chain, %zero : f32
    %longer = scf.if %small -> (f32) {
      %power = math.exp %chain : f32
      scf.yield %power : f32
    } else {
      scf.yield %chain : f32
    }
    scf.yield %next, %longer : f32, f32
  }
  memref.store %all#0, %x[%c0] : memref<?xf32>
  memref.store %all#1, %x[%c1] : memref<?xf32>
  return %status : i32
}
