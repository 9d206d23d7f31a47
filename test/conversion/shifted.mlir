// RUN: dp-opt %s --dp-vectorize-cells=width=4 --canonicalize --cse | FileCheck %s

// Cells of a diagonal, and what they read of others, which lie diagonal by
// diagonal.

// Lane i is in round i + k: all have as many, so none waits, and what they read
// lies side by side.

// CHECK-LABEL: func.func @equal_one(
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %c16
// CHECK: scf.for %[[K:.*]] = %c0 to %[[LENGTH:.*]] step %c1 iter_args
// CHECK-NOT: vector.gather
// CHECK:   %[[ROW:.*]] = arith.muli %[[K]], %{{.*}} : index
// CHECK:   %[[PLACE:.*]] = arith.addi %[[ROW]], %{{.*}} : index
// CHECK:   vector.load %{{.*}}[%[[PLACE]]] : memref<?xf64>, vector<16xf64>
// CHECK-NOT: arith.select
// CHECK:   scf.yield
func.func @equal_run(%n: index, %d: index, %workspace: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 0 : i32
  %zero = arith.constant 0.0 : f64
  %all = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %j = arith.addi %i, %d : index
    %sum = scf.for %k = %i to %j step %c1 iter_args(%s = %zero) -> (f64) {
      %diagonal = arith.subi %k, %i : index
      %row = arith.muli %diagonal, %n : index
      %place = arith.addi %row, %i : index
      %term = memref.load %all[%place] : memref<?xf64>
      %next = arith.addf %s, %term : f64
      %more = math.exp %next : f64
      scf.yield %more : f64
    }
    %last = arith.muli %d, %n : index
    %mine = arith.addi %last, %i : index
    memref.store %sum, %all[%mine] : memref<?xf64>
  } {dp.cells}
  return %status : i32
}

// Ranges that begin apart and end together: the first lane's is the longest,
// and others wait at the end.

// CHECK-LABEL: func.func @begin_one(
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %c16
// CHECK: %[[MOST:.*]] = arith.subi %{{.*}}, %{{.*}} : index
// CHECK: scf.for %[[K:.*]] = %c0 to %[[MOST]] step %c1 iter_args
// CHECK:   %[[OPEN:.*]] = arith.cmpi slt, %{{.*}} : vector<16xindex>
// CHECK-NOT: vector.gather
// CHECK:   vector.maskedload %{{.*}}[%{{.*}}], %{{.*}} : memref<?xf64>, vector<16xi1>
// CHECK:   arith.select
func.func @begin_run(%n: index, %d: index, %workspace: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 0 : i32
  %zero = arith.constant 0.0 : f64
  %all = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %j = arith.addi %i, %d : index
    %sum = scf.for %k = %j to %n step %c1 iter_args(%s = %zero) -> (f64) {
      %diagonal = arith.subi %k, %i : index
      %row = arith.muli %diagonal, %n : index
      %place = arith.addi %row, %i : index
      %term = memref.load %all[%place] : memref<?xf64>
      %next = arith.addf %s, %term : f64
      scf.yield %next : f64
    }
    %last = arith.muli %d, %n : index
    %mine = arith.addi %last, %i : index
    memref.store %sum, %all[%mine] : memref<?xf64>
  } {dp.cells}
  return %status : i32
}

// Ranges that begin together and end apart: rounds are counted to the end of
// each lane's, of which the last lane's is the longest.

// CHECK-LABEL: func.func @end_one(
// CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %c16
// CHECK: %[[MOST:.*]] = arith.addi %{{.*}}, %c15 : index
// CHECK: scf.for %[[K:.*]] = %c0 to %[[MOST]] step %c1 iter_args
// CHECK:   %[[STARTED:.*]] = arith.cmpi sge, %{{.*}} : vector<16xindex>
// CHECK-NOT: vector.gather
// CHECK:   vector.maskedload %{{.*}}[%{{.*}}], %{{.*}} : memref<?xf64>, vector<16xi1>
// CHECK:   arith.select
func.func @end_run(%n: index, %d: index, %workspace: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 0 : i32
  %zero = arith.constant 0.0 : f64
  %all = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %sum = scf.for %k = %c0 to %i step %c1 iter_args(%s = %zero) -> (f64) {
      %diagonal = arith.subi %i, %k : index
      %row = arith.muli %diagonal, %n : index
      %place = arith.addi %row, %k : index
      %term = memref.load %all[%place] : memref<?xf64>
      %next = arith.addf %s, %term : f64
      scf.yield %next : f64
    }
    %last = arith.muli %d, %n : index
    %mine = arith.addi %last, %i : index
    memref.store %sum, %all[%mine] : memref<?xf64>
  } {dp.cells}
  return %status : i32
}

// Rows that lie side by side are read together, by lanes in the same round.

// CHECK-LABEL: func.func @rows_one(
// CHECK: vector.reduction <maxsi>
// CHECK: scf.for %[[K:.*]] = %{{.*}} to %{{.*}} step %c1 iter_args
// CHECK-NOT: vector.gather
// CHECK:   vector.maskedload
func.func @rows_run(%n: index, %d: index, %workspace: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 0 : i32
  %zero = arith.constant 0.0 : f64
  %all = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %sum = scf.for %k = %c0 to %i step %c1 iter_args(%s = %zero) -> (f64) {
      %row = arith.muli %k, %n : index
      %place = arith.addi %row, %i : index
      %term = memref.load %all[%place] : memref<?xf64>
      %next = arith.addf %s, %term : f64
      scf.yield %next : f64
    }
    %last = arith.muli %d, %n : index
    %mine = arith.addi %last, %i : index
    memref.store %sum, %all[%mine] : memref<?xf64>
  } {dp.cells}
  return %status : i32
}
