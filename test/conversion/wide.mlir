// RUN: dp-opt %s --dp-vectorize-cells=width=4 --canonicalize --cse | FileCheck %s

// Rounds of the inner loop are short, so four vectors of cells are computed at
// once where sixteen are left and the array's elements lie side by side. If one
// notes something rare, single vectors compute all cells, else those that are
// left.

// CHECK-LABEL: func.func @sums_one(
// CHECK: %[[NOTE:.*]] = memref.alloca() : memref<i1>
// CHECK: %[[COUNT:.*]] = arith.subi %[[UPPER:.*]], %[[LOWER:.*]] : index
// CHECK: %[[MANY:.*]] = arith.cmpi sge, %[[COUNT]], %c16
// CHECK: %[[ADJACENT:.*]] = arith.cmpi eq, %{{.*}}, %c1
// CHECK: %[[BOTH:.*]] = arith.andi %[[MANY]], %[[ADJACENT]]
// CHECK: %[[NEXT:.*]] = scf.if %[[BOTH]] -> (index) {
// CHECK:   memref.store %false, %[[NOTE]]
// CHECK:   %[[END:.*]] = arith.subi %[[UPPER]], %{{.*}}
// CHECK:   scf.for %{{.*}} = %[[LOWER]] to %[[END]] step %c16
// CHECK-NOT: vector.gather
// CHECK:     scf.for
// CHECK:       vector.load %{{.*}} : memref<?xf64>, vector<16xf64>
// CHECK:     %[[RARE:.*]] = arith.cmpf olt
// CHECK:     %[[ANY:.*]] = vector.reduction <or>, %[[RARE]] : vector<16xi1>
// CHECK:     %[[OLD:.*]] = memref.load %[[NOTE]]
// CHECK:     %[[NEW:.*]] = arith.ori %[[OLD]], %[[ANY]]
// CHECK:     memref.store %[[NEW]], %[[NOTE]]
// CHECK-NOT: math.exp
// CHECK:     vector.store
// CHECK:   %[[LEFT:.*]] = memref.load %[[NOTE]]
// CHECK:   %[[GO:.*]] = arith.select %[[LEFT]], %[[LOWER]], %[[END]]
// CHECK:   scf.yield %[[GO]]
// CHECK: } else {
// CHECK:   scf.yield %[[LOWER]]
// CHECK: scf.for %{{.*}} = %[[NEXT]] to %[[UPPER]] step %c4
// CHECK:   math.exp %{{.*}} : vector<4xf64>
// CHECK-NOT: vector<16xf64>

func.func @sums_run(%n: index, %x: memref<?x?xf64, strided<[?, ?]>>,
                    %workspace: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 0 : i32
  %zero = arith.constant 0.0 : f64
  %sums = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
      %term = memref.load %x[%k, %i] : memref<?x?xf64, strided<[?, ?]>>
      %next = arith.addf %s, %term : f64
      scf.yield %next : f64
    }
    %small = arith.cmpf olt, %sum, %zero : f64
    %result = scf.if %small -> (f64) {
      %again = math.exp %sum : f64
      scf.yield %again : f64
    } else {
      scf.yield %sum : f64
    } {dp.cold}
    memref.store %result, %sums[%i] : memref<?xf64>
  } {dp.cells}
  return %status : i32
}

// Where a guard has several answers among sixteen cells, single vectors compute
// these.

// CHECK-LABEL: func.func @guarded_one(
// CHECK: scf.for %[[FIRST:.*]] = %{{.*}} to %[[UPPER:.*]] step %c16
// CHECK:   %[[END:.*]] = arith.addi %[[FIRST]], %c16
// CHECK:   %[[FITS:.*]] = arith.cmpi sle, %[[END]], %[[UPPER]]
// CHECK:   %[[INSIDE:.*]] = arith.andi %[[FITS]], %{{.*}} : i1
// CHECK:   %[[ADJACENT:.*]] = arith.cmpi eq, %{{.*}}, %c1
// CHECK:   %[[BOTH:.*]] = arith.andi %[[INSIDE]], %[[ADJACENT]]
// CHECK:   scf.if %[[BOTH]] {
// CHECK:     vector.load %{{.*}} : memref<?xf64>, vector<16xf64>
// CHECK:   %[[REST:.*]] = arith.xori %[[BOTH]], %true
// CHECK:   scf.if %[[REST]] {
// CHECK:     %[[STOP:.*]] = arith.minsi %[[END]], %[[UPPER]]
// CHECK:     scf.for %{{.*}} = %[[FIRST]] to %[[STOP]] step %c4
// CHECK-NOT: vector<16xf64>
func.func @guarded_run(%n: index, %x: memref<?x?xf64, strided<[?, ?]>>,
                       %workspace: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 0 : i32
  %zero = arith.constant 0.0 : f64
  %sums = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %later = arith.cmpi sgt, %i, %c0 : index
    %sum = scf.for %k = %c0 to %n step %c1 iter_args(%s = %zero) -> (f64) {
      %term = memref.load %x[%k, %i] : memref<?x?xf64, strided<[?, ?]>>
      %next = arith.addf %s, %term : f64
      scf.yield %next : f64
    }
    %result = arith.select %later, %sum, %zero : f64
    memref.store %result, %sums[%i] : memref<?xf64>
  } {dp.cells}
  return %status : i32
}
