// RUN: dp-opt %s --dp-vectorize-cells=width=4 --canonicalize --cse | FileCheck %s

// Along a diagonal one index grows and the other falls. Whether an array of the
// caller lies side by side is asked for the way its lanes go; masks take no
// elements from the last lane to the first.

// CHECK-LABEL: func.func @diagonal_one(
// CHECK: %{{.*}}, %{{.*}}, %{{.*}}, %[[STRIDE:.*]] = memref.extract_strided_metadata
// CHECK-DAG: %[[FALLS:.*]] = arith.cmpi eq, %{{.*}}, %c-1 : index
// CHECK: scf.if %[[FALLS]] -> (vector<4xf64>) {
// CHECK:   %[[LAST:.*]] = arith.subi %{{.*}}, %c3
// CHECK:   %[[LOADED:.*]] = vector.load %{{.*}}[%[[LAST]]]
// CHECK:   vector.shuffle %[[LOADED]], %[[LOADED]] [3, 2, 1, 0]
// CHECK: } else {
// CHECK:   vector.gather
// CHECK: vector.gather %{{.*}}, %{{.*}}, %{{.*}} : memref<?xf64>, vector<4xindex>, vector<4xi1>
func.func @diagonal_run(%n: index, %d: index,
                        %x: memref<?xf64, strided<[?]>>,
                        %workspace: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %status = arith.constant 0 : i32
  %all = memref.view %workspace[%c0][%n] : memref<?xi8> to memref<?xf64>
  scf.for %i = %c0 to %n step %c1 {
    %j = arith.subi %d, %i : index
    %number = memref.load %x[%j] : memref<?xf64, strided<[?]>>
    memref.store %number, %all[%i] : memref<?xf64>
  } {dp.cells}
  return %status : i32
}
