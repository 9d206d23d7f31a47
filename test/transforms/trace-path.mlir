// RUN: dp-opt %s --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline='builtin.module(dp.program(dp-isolate-reductions,dp-lay-out-paths,dp-assign-schedule,dp-trace-path))' \
// RUN:   | FileCheck %s

// CHECK-LABEL: dp.program @hops
dp.program @hops reg #dp.hard {
  // CHECK: %[[N:.*]] = dp.size "N"
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %positive = arith.cmpi sge, %N, %c1 : index
  dp.assume %positive "N >= 1"
  %x = dp.input "x"[%N] : !dp.array<1 x f64>
  // CHECK: %[[T:.*]] = dp.table "T" table
  %T = dp.table "T" table max {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  // CHECK: %[[OUT:.*]] = dp.table "out" output
  %out = dp.table "out" output max {
    dp.yield
  } : !dp.array<0 x f64>
  // CHECK: %[[NODE:.*]] = dp.table "T.1" node
  // CHECK: %[[ARM:.*]] = dp.table "T.1.stat0" node
  // CHECK: %[[BINDER:.*]] = dp.table "T.1.stat1" node
  dp.equation %T ordinal 0 {
  ^bb0(%i: index):
    %first = arith.cmpi eq, %i, %c0 : index
    dp.where %first
    %v = dp.read %x[%i] : !dp.array<1 x f64>
    dp.yield %v : f64
  } : !dp.array<1 x f64>
  dp.equation %T otherwise ordinal 1 {
  ^bb0(%i: index):
    %v = dp.choose max reg #dp.hard {
      dp.arm "stop" {
        %s = dp.read %x[%i] : !dp.array<1 x f64>
        dp.yield %s : f64
      }
      dp.arm "from" {
        %k = dp.iterate %c0 to %i "k"
        %s = dp.read %T[%k] : !dp.array<1 x f64>
        dp.yield %s : f64
      }
    } {first = 6 : i64} : f64
    dp.yield %v : f64
  } : !dp.array<1 x f64>
  dp.equation %out {
    %last = arith.subi %N, %c1 : index
    %v = dp.read %T[%last] : !dp.array<1 x f64>
    dp.yield %v : f64
  } : !dp.array<0 x f64>
}
// CHECK: %[[ROWS:.*]] = dp.table "argmax" output never
// CHECK: %[[LENGTH:.*]] = dp.table "argmax.length" output never
// CHECK: %[[STACK:.*]] = dp.table "argmax.stack" node never
// CHECK: dp.traceback %[[ROWS]] length %[[LENGTH]] stack %[[STACK]] {

// An output starts a path where it is present.
// CHECK: dp.visit %[[OUT]] root {
// CHECK:   %[[V:.*]] = dp.read %[[T]]
// CHECK:   %[[P:.*]] = dp.present %[[V]]
// CHECK:   dp.where %[[P]]
// CHECK:   dp.descend %[[T]]

// An equation without a choice gives a row with arm -1 ...
// CHECK: dp.visit %[[T]] {
// CHECK-NEXT: ^bb0(%[[I:.*]]: index):
// CHECK:   dp.where
// CHECK:   %[[NOTHING:.*]] = arith.constant -1
// CHECK:   %[[NONE:.*]] = arith.constant -1
// CHECK:   dp.step %{{.*}}, %[[I]], %{{.*}}, %[[NONE]], %[[NOTHING]]
// CHECK-NEXT: dp.yield

// ... one with a choice leaves that to its node.
// CHECK: dp.visit %[[T]] {
// CHECK-NOT: dp.step
// CHECK:   dp.descend %[[NODE]]

// CHECK: dp.visit %[[NODE]] {
// CHECK:   dp.read %[[ARM]]
// CHECK:   dp.step
// CHECK-NEXT: dp.yield
// CHECK: dp.visit %[[NODE]] {
// CHECK-NEXT: ^bb0(%[[I:.*]]: index):
// CHECK:   %[[A:.*]] = dp.read %[[ARM]][%[[I]]]
// CHECK:   %[[WON:.*]] = arith.cmpi eq, %[[A]], %[[PLACE:.*]] :
// CHECK:   dp.where %[[WON]]
// CHECK:   %[[K:.*]] = dp.read %[[BINDER]][%[[I]]]
// The second arm of this choice, the eighth of the equation.
// CHECK:   %[[NUMBER:.*]] = arith.constant 7 : index
// CHECK:   dp.step %{{.*}}, %[[I]], %{{.*}}, %[[NUMBER]], %[[K]]
// CHECK:   dp.descend %[[T]][%[[K]]]

// -----

dp.program @discounted reg #dp.hard {
  %x = dp.input "x"[] : !dp.array<0 x f64>
  %T = dp.table "T" table max {
    dp.yield
  } : !dp.array<0 x f64>
  %out = dp.table "out" output max {
    dp.yield
  } : !dp.array<0 x f64>
  dp.equation %T {
    %v = dp.choose max reg #dp.hard {
      dp.arm {
        %s = dp.read %x[] : !dp.array<0 x f64>
        dp.yield %s : f64
      }
    } : f64
    dp.yield %v : f64
  } : !dp.array<0 x f64>
  dp.equation %out {
    %v = dp.read %T[] : !dp.array<0 x f64>
    // expected-error@+1 {{a path cannot go through what multiplies or transforms the cells it reads [E0507]}}
    %d = arith.mulf %v, %v : f64
    dp.yield %d : f64
  } : !dp.array<0 x f64>
}
