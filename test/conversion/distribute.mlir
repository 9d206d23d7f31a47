// RUN: dp-opt %s --dp-distribute-cells | FileCheck %s

// Threads take their shares of a marked loop. Between what all wrote and who
// reads it there is a barrier, also around the end of a loop.

// CHECK-LABEL: func.func @rows_value_f64_run(
// CHECK: %[[T:.*]] = arith.index_cast %{{.*}} : i32 to index
// CHECK: %[[THREADS:.*]] = arith.index_cast %{{.*}} : i32 to index
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[T]], %{{.*}} : index
// CHECK: scf.for %[[I:.*]] =
// CHECK:   %[[FROM:.*]] = arith.addi %{{.*}}, %[[T]] : index
// CHECK-NOT: nvvm.barrier0
// CHECK:   scf.for %{{.*}} = %[[FROM]] to %{{.*}} step %[[THREADS]] {
// CHECK:     memref.store
// CHECK:   } {dp.cells}
// CHECK-NEXT: nvvm.barrier0
// CHECK-NEXT: }
// CHECK: memref.load
// CHECK: scf.if %[[FIRST]] {
// CHECK-NEXT: memref.store
// CHECK-NEXT: }
// CHECK-NEXT: nvvm.barrier0
// CHECK-NEXT: return
func.func @rows_value_f64_run(%n: index, %m: index, %out: memref<f64>, %w: memref<?xf64>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c1 to %n step %c1 {
    %before = arith.subi %i, %c1 : index
    scf.for %j = %c0 to %m step %c1 {
      %place = arith.muli %before, %m : index
      %from = arith.addi %place, %j : index
      %x = memref.load %w[%from] : memref<?xf64>
      %next = arith.addi %from, %m : index
      memref.store %x, %w[%next] : memref<?xf64>
    } {dp.cells}
  }
  %last = memref.load %w[%c0] : memref<?xf64>
  memref.store %last, %out[] : memref<f64>
  return
}

// Two loops of which the inner one's bounds do not depend on the outer are one.
// If they do, a warp takes an iteration of the outer loop.

// CHECK-LABEL: func.func @square_value_f64_run(
// CHECK: %[[T:.*]] = arith.index_cast
// CHECK: %[[THREADS:.*]] = arith.index_cast
// CHECK: %[[TOTAL:.*]] = arith.muli
// CHECK: %[[FROM:.*]] = arith.addi %{{.*}}, %[[T]] : index
// CHECK: scf.for %[[K:.*]] = %[[FROM]] to %[[TOTAL]] step %[[THREADS]] {
// CHECK:   arith.divui %[[K]], %{{.*}} : index
// CHECK:   arith.remui %[[K]], %{{.*}} : index
// CHECK:   memref.store
// CHECK: nvvm.barrier0
// CHECK: %[[SIZE:.*]] = arith.minui %{{.*}}, %[[THREADS]] : index
// CHECK: %[[WARP:.*]] = arith.divui %[[T]], %[[SIZE]] : index
// CHECK: %[[LANE:.*]] = arith.remui %[[T]], %[[SIZE]] : index
// CHECK: arith.addi %{{.*}}, %[[WARP]] : index
// CHECK: scf.for
// CHECK:   arith.addi %{{.*}}, %[[LANE]] : index
// CHECK:   scf.for %{{.*}} step %[[SIZE]] {
func.func @square_value_f64_run(%n: index, %w: memref<?xf64>, %x: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %n step %c1 {
      %place = arith.muli %i, %n : index
      %at = arith.addi %place, %j : index
      memref.store %x, %w[%at] : memref<?xf64>
    } {dp.fill}
  } {dp.fill}
  scf.for %i = %c0 to %n step %c1 {
    scf.for %j = %c0 to %i step %c1 {
      %place = arith.muli %i, %n : index
      %at = arith.addi %place, %j : index
      memref.store %x, %w[%at] : memref<?xf64>
    } {dp.cells}
  } {dp.cells}
  return
}

// Additions to one place are one thread's, in their order; what else is written
// in turn is the first thread's.

// CHECK-LABEL: func.func @sums_value_f64_run(
// CHECK: %[[T:.*]] = arith.index_cast
// CHECK: %[[THREADS:.*]] = arith.index_cast
// CHECK: %[[FIRST:.*]] = arith.cmpi eq, %[[T]],
// CHECK: scf.for
// CHECK-NEXT: %[[PLACE:.*]] = memref.load
// CHECK-NEXT: %[[LAST:.*]] = arith.subi %[[THREADS]], %{{.*}} : index
// CHECK-NEXT: %[[OWNER:.*]] = arith.andi %[[PLACE]], %[[LAST]] : index
// CHECK-NEXT: %[[MINE:.*]] = arith.cmpi eq, %[[OWNER]], %[[T]] : index
// CHECK-NEXT: scf.if %[[MINE]] {
// CHECK:        arith.mulf
// CHECK:        memref.load
// CHECK-NEXT:   arith.addf
// CHECK-NEXT:   memref.store {{.*}} : memref<?xf64>
// CHECK-NEXT: }
// CHECK: nvvm.barrier0
// CHECK-NEXT: scf.if %[[FIRST]] {
// CHECK-NEXT:   scf.for
// CHECK:          memref.load
// CHECK:          memref.store
// CHECK: nvvm.barrier0
// CHECK-NEXT: return
func.func @sums_value_f64_run(%n: index, %to: memref<?xindex>, %w: memref<?xf64>, %x: f64) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %place = memref.load %to[%i] : memref<?xindex>
    %y = arith.mulf %x, %x : f64
    %before = memref.load %w[%place] : memref<?xf64>
    %after = arith.addf %before, %y : f64
    memref.store %after, %w[%place] {dp.add} : memref<?xf64>
  }
  scf.for %i = %c1 to %n step %c1 {
    %left = arith.subi %i, %c1 : index
    %before = memref.load %w[%left] : memref<?xf64>
    memref.store %before, %w[%i] : memref<?xf64>
  }
  return
}

// A sum over everything is added up in parts, which all threads then add up.

// CHECK-LABEL: func.func @total_value_f64_run(
// CHECK: %[[T:.*]] = arith.index_cast
// CHECK: %[[THREADS:.*]] = arith.index_cast
// CHECK: %[[FROM:.*]] = arith.addi %{{.*}}, %[[T]] : index
// CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f32
// CHECK: %[[PART:.*]] = scf.for %{{.*}} = %[[FROM]] to %{{.*}} step %[[THREADS]] iter_args(%{{.*}} = %[[ZERO]]) -> (f32) {
// CHECK:   scf.for %{{.*}} iter_args
// CHECK: %[[PARTS:.*]] = memref.get_global @dp.parts : memref<256xf64, 3>
// CHECK: %[[WIDE:.*]] = arith.extf %[[PART]] : f32 to f64
// CHECK: nvvm.barrier0
// CHECK: memref.store %[[WIDE]], %[[PARTS]][%[[T]]]
// CHECK: nvvm.barrier0
// CHECK: %[[SUM:.*]] = scf.for %{{.*}} to %[[THREADS]]
// CHECK: %[[NARROW:.*]] = arith.truncf %[[SUM]] : f64 to f32
// CHECK: %[[TOTAL:.*]] = arith.addf %arg2, %[[NARROW]] : f32
// CHECK: return %[[TOTAL]] : f32
func.func @total_value_f64_run(%n: index, %w: memref<?x?xf32>, %x: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%outer = %x) -> f32 {
    %row = scf.for %j = %c0 to %i step %c1 iter_args(%inner = %outer) -> f32 {
      %v = memref.load %w[%i, %j] : memref<?x?xf32>
      %next = arith.addf %inner, %v : f32
      scf.yield %next : f32
    }
    scf.yield %row : f32
  }
  return %sum : f32
}

// Not where the number is looked at on the way.

// CHECK-LABEL: func.func @running_value_f64_run(
// CHECK-NOT: nvvm.barrier0
// CHECK: return
func.func @running_value_f64_run(%n: index, %w: memref<?xf32>, %x: f32) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%before = %x) -> f32 {
    %v = memref.load %w[%i] : memref<?xf32>
    %p = arith.mulf %v, %before : f32
    %next = arith.addf %before, %p : f32
    scf.yield %next : f32
  }
  return %sum : f32
}

// All threads have the verdict of any.

// CHECK-LABEL: func.func @sums_value_f64_validate(
// CHECK: %[[T:.*]] = arith.index_cast
// CHECK: arith.addi %{{.*}}, %[[T]] : index
// CHECK: %[[MINE:.*]] = scf.for
// CHECK: %[[WRONG:.*]] = arith.cmpi ne, %[[MINE]], %{{.*}} : i64
// CHECK: %[[VOTE:.*]] = arith.extui %[[WRONG]] : i1 to i32
// CHECK: %[[ANY:.*]] = llvm.call_intrinsic "llvm.nvvm.barrier0.or"(%[[VOTE]])
// CHECK: %[[VERDICT:.*]] = arith.extui %[[ANY]] : i32 to i64
// CHECK: return %[[VERDICT]] : i64
func.func @sums_value_f64_validate(%n: index, %to: memref<?xi64>) -> i64 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %fine = arith.constant 0 : i64
  %verdict = scf.for %i = %c0 to %n step %c1 iter_args(%before = %fine) -> i64 {
    %value = memref.load %to[%i] : memref<?xi64>
    %next = arith.ori %before, %value : i64
    scf.yield %next : i64
  }
  return %verdict : i64
}
