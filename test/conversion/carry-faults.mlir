// RUN: dp-opt %s --dp-carry-faults | FileCheck %s
// RUN: dp-opt %s --dp-carry-faults=cells-only | FileCheck %s --check-prefix=CELLS

// What a loop over cells meets is noted at the end of each cell; what is met
// elsewhere, before the notes are read.

// CHECK-LABEL: func.func @notes(
// CHECK:      %[[NONE:.*]] = arith.constant 0 : i32
// CHECK:      %[[FOR:.*]] = scf.for {{.*}} iter_args(%[[SUM:.*]] = %[[NONE]]) -> (i32) {
// CHECK:        %[[BAD:.*]] = arith.cmpf
// CHECK:        %[[IF:.*]]:2 = scf.if %{{.*}} -> (f32, i32) {
// CHECK:          %[[FAULT:.*]] = arith.extsi %[[BAD]] : i1 to i32
// CHECK:          %[[NOW:.*]] = arith.ori %[[SUM]], %[[FAULT]] : i32
// CHECK:          scf.yield %{{.*}}, %[[NOW]] : f32, i32
// CHECK:        } else {
// CHECK:          scf.yield %{{.*}}, %[[SUM]] : f32, i32
// CHECK:        scf.for
// CHECK:          %[[BAD2:.*]] = arith.cmpf
// CHECK:          %[[FAULT2:.*]] = arith.extsi %[[BAD2]]
// CHECK:          %[[ANY2:.*]] = arith.cmpi ne
// CHECK-NEXT:     scf.if %[[ANY2]] {
// CHECK:            memref.store {{.*}} {dp.fault}
// CHECK:          }
// CHECK-NEXT:   } {dp.cells}
// CHECK-NEXT:   scf.yield %[[IF]]#1 : i32
// CHECK:      %[[ANY:.*]] = arith.cmpi ne, %[[FOR]]
// CHECK-NEXT: scf.if %[[ANY]] {
// CHECK:        memref.store {{.*}} {dp.fault}
// CHECK:      }
// CHECK-NEXT: memref.load

// CELLS-LABEL: func.func @notes(
// CELLS:      scf.for
// CELLS-NOT:  iter_args
// CELLS:        scf.if %{{.*}} -> (f32) {
// CELLS:          scf.if
// CELLS:            memref.store
// CELLS:        scf.for
// CELLS:          arith.extsi
func.func @notes(%x: memref<?xf32>, %faults: memref<1xi8>, %n: index) -> i8 {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %most = arith.constant 8.0 : f32
  scf.for %t = %zero to %n step %one {
    %v = memref.load %x[%t] : memref<?xf32>
    %bad = arith.cmpf ogt, %v, %most : f32
    %odd = arith.cmpi eq, %t, %one : index
    %w = scf.if %odd -> f32 {
      scf.if %bad {
        %yes = arith.constant 1 : i8
        memref.store %yes, %faults[%zero] {dp.fault} : memref<1xi8>
      }
      scf.yield %v : f32
    } else {
      scf.yield %most : f32
    }
    scf.for %i = %zero to %n step %one {
      %u = memref.load %x[%i] : memref<?xf32>
      %worse = arith.cmpf ogt, %u, %w : f32
      scf.if %worse {
        %yes = arith.constant 1 : i8
        memref.store %yes, %faults[%zero] {dp.fault} : memref<1xi8>
      }
      memref.store %w, %x[%i] : memref<?xf32>
    } {dp.cells}
  }
  %code = memref.load %faults[%zero] : memref<1xi8>
  return %code : i8
}
