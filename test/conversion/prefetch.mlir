// RUN: dp-opt %s --dp-prefetch-inputs=ahead=3 | FileCheck %s

// Of what the loop over time does not write, the element that the cell of the
// same index wants three times later; once for each memory.

// CHECK-LABEL: func.func @wavefront(
// CHECK-SAME:    %[[X:[a-z0-9]*]]: memref<?x?xf32>, %[[Y:[a-z0-9]*]]: memref<?xf32>
// CHECK:       scf.for %[[T:.*]] =
// CHECK:         scf.for %[[I:.*]] =
// CHECK-NEXT:      %[[AHEAD:.*]] = arith.constant 3
// CHECK-NEXT:      %[[LATER:.*]] = arith.addi %[[T]], %[[AHEAD]]
// CHECK-NEXT:      %[[J:.*]] = arith.subi %[[LATER]], %[[I]]
// CHECK-NEXT:      memref.prefetch %[[X]][%[[I]], %[[J]]], read
// CHECK-NOT:       memref.prefetch
func.func @wavefront(%x: memref<?x?xf32>, %y: memref<?xf32>, %w: memref<?xf32>,
                     %n: index) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  scf.for %t = %zero to %n step %one {
    scf.for %i = %zero to %n step %one {
      %j = arith.subi %t, %i : index
      %a = memref.load %x[%i, %j] : memref<?x?xf32>
      %next = arith.addi %j, %one : index
      %b = memref.load %x[%i, %next] : memref<?x?xf32>
      %c = memref.load %y[%i] : memref<?xf32>
      %d = memref.load %w[%j] : memref<?xf32>
      %ab = arith.addf %a, %b : f32
      %cd = arith.addf %c, %d : f32
      %s = arith.addf %ab, %cd : f32
      memref.store %s, %w[%j] : memref<?xf32>
    } {dp.cells}
  }
  return
}
