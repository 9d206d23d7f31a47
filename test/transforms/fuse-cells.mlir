// RUN: dp-opt %s --dp-fuse-cells | FileCheck %s

// A cost that only its own cell reads goes with it; so does what only copies the
// cell. What is read elsewhere, or over another domain, stays alone.
// CHECK-LABEL: dp.program @line
// CHECK:     %[[D:.*]] = dp.table "D" table never {
// CHECK:     dp.table "cost" let never with %[[D]]
// CHECK:     dp.table "shared" let never {
// CHECK:     dp.table "short" let never {
// CHECK:     dp.table "copy" output never with %[[D]]
// The first cell is read as the cell it is.
// CHECK:     dp.equation %[[D]] {
// CHECK-NEXT: ^bb0(%[[I:.*]]: index):
// CHECK:      dp.where
// CHECK-NEXT: dp.read %{{.*}}[%[[I]]]
dp.program @line {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %x = dp.input "x"[%N] : !dp.array<1 x f64>
  %cost = dp.table "cost" let never {
    %i = dp.iterate %c0 to %N "p"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %D = dp.table "D" table never {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %shared = dp.table "shared" let never {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %short = dp.table "short" let never {
    %i = dp.iterate %c1 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %copy = dp.table "copy" output never {
    %i = dp.iterate %c0 to %N
    dp.yield %i : index
  } : !dp.array<1 x f64>
  dp.equation %cost, %shared {
  ^bb0(%i: index):
    %v = dp.read %x[%i] : !dp.array<1 x f64>
    dp.yield %v, %v : f64, f64
  } : !dp.array<1 x f64>, !dp.array<1 x f64>
  dp.equation %short {
  ^bb0(%i: index):
    %v = dp.read %x[%i] : !dp.array<1 x f64>
    dp.yield %v : f64
  } : !dp.array<1 x f64>
  dp.equation %D {
  ^bb0(%i: index):
    %first = arith.cmpi eq, %i, %c0 : index
    dp.where %first
    %c = dp.read %cost[%c0] : !dp.array<1 x f64>
    dp.yield %c : f64
  } : !dp.array<1 x f64>
  dp.equation %D otherwise {
  ^bb0(%i: index):
    %before = arith.subi %i, %c1 : index
    %d = dp.read %D[%before] : !dp.array<1 x f64>
    %s = dp.read %shared[%before] : !dp.array<1 x f64>
    %t = dp.read %short[%i] : !dp.array<1 x f64>
    %c = dp.read %cost[%i] : !dp.array<1 x f64>
    %a = arith.addf %d, %s : f64
    %b = arith.addf %a, %t : f64
    %e = arith.addf %b, %c : f64
    dp.yield %e : f64
  } : !dp.array<1 x f64>
  dp.equation %copy {
  ^bb0(%i: index):
    %v = dp.read %D[%i] : !dp.array<1 x f64>
    dp.yield %v : f64
  } : !dp.array<1 x f64>
}

// What reads the other's cells by way of a scatter too must wait for them all.
// CHECK-LABEL: dp.program @histogram
// CHECK:     dp.table "grad" output never {
dp.program @histogram {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %y = dp.input "y"[%N] in {
  ^bb0(%i: index):
    dp.yield %c0, %N : index, index
  } : !dp.array<1 x index>
  %reader = dp.table "reader" let never {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %adj = dp.table "adj" table never {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %counts = dp.table "counts" table never {
    %i = dp.iterate %c0 to %N
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %grad = dp.table "grad" output never {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  dp.equation %adj {
  ^bb0(%i: index):
    %one = arith.constant 1.0 : f64
    dp.yield %one : f64
  } : !dp.array<1 x f64>
  dp.scatter %counts over %reader {
  ^bb0(%i: index):
    %j = dp.read %y[%i] : !dp.array<1 x index>
    %a = dp.read %adj[%i] : !dp.array<1 x f64>
    dp.yield %j, %a : index, f64
  } : !dp.array<1 x f64>, !dp.array<1 x f64>
  dp.equation %grad {
  ^bb0(%i: index):
    %c = dp.read %counts[%i] : !dp.array<1 x f64>
    %a = dp.read %adj[%i] : !dp.array<1 x f64>
    %b = arith.addf %c, %a : f64
    dp.yield %b : f64
  } : !dp.array<1 x f64>
}
