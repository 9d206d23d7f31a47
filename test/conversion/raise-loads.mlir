// RUN: dp-opt %s --dp-raise-loads | FileCheck %s

// A load goes up over the writing of another memory, not over that of its own,
// nor over a call that might write anything.

func.func private @unknown()

// CHECK-LABEL: func.func @loads(
// CHECK-SAME:    %[[X:.*]]: memref<?xf32>, %[[Y:.*]]: memref<?xf32>, %[[I:.*]]: index
// CHECK-NEXT:  %[[ONE:.*]] = arith.constant 1
// CHECK-NEXT:  %[[NEXT:.*]] = arith.addi %[[I]], %[[ONE]]
// CHECK-NEXT:  memref.load %[[X]][%[[NEXT]]]
// CHECK-NEXT:  memref.load %[[Y]][%[[I]]]
// CHECK:       memref.store %{{.*}}, %[[Y]]
// CHECK-NEXT:  memref.load %[[Y]][%[[NEXT]]]
// CHECK:       call @unknown
// CHECK-NEXT:  memref.load %[[X]][%[[I]]]
func.func @loads(%x: memref<?xf32>, %y: memref<?xf32>, %i: index) -> f32 {
  %a = memref.load %y[%i] : memref<?xf32>
  %b = arith.mulf %a, %a : f32
  memref.store %b, %y[%i] : memref<?xf32>
  %one = arith.constant 1 : index
  %next = arith.addi %i, %one : index
  %c = memref.load %x[%next] : memref<?xf32>
  %d = memref.load %y[%next] : memref<?xf32>
  call @unknown() : () -> ()
  %e = memref.load %x[%i] : memref<?xf32>
  %s = arith.addf %c, %d : f32
  %r = arith.addf %s, %e : f32
  return %r : f32
}
