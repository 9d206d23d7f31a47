// RUN: dp-opt %s --pass-pipeline='builtin.module(dp.program(dp-isolate-reductions,dp-lay-out-paths,dp-eliminate-dead-tables))' \
// RUN:   | FileCheck %s

// Tables have the numbers of the text, those that nothing needs too, and rows
// have room for their indices; lets have none. Outputs come after tables.

// CHECK: dp.program @unread attributes {path_binders = 1 : i64, path_rank = 2 : i64}
// CHECK-NOT: dp.table "Z"
// CHECK: dp.table "D" table
// CHECK: path_number = 1 : i64
// CHECK: dp.table "out" output
// CHECK: path_number = 2 : i64
dp.program @unread {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %x = dp.input "x"[%N] : !dp.array<1 x f64>
  %Z = dp.table "Z" table max {
    %i = dp.iterate %c0 to %N
    %j = dp.iterate %c0 to %N
    dp.yield %i, %j : index, index
  } : !dp.array<2 x f64>
  %D = dp.table "D" table max {
    %i = dp.iterate %c0 to %N
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %out = dp.table "out" output max { dp.yield } : !dp.array<0 x f64>
  dp.equation %Z {
  ^bb0(%i: index, %j: index):
    %value = dp.read %x[%j] : !dp.array<1 x f64>
    dp.yield %value : f64
  } : !dp.array<2 x f64>
  dp.equation %D {
  ^bb0(%i: index):
    %value = dp.read %x[%i] : !dp.array<1 x f64>
    dp.yield %value : f64
  } : !dp.array<1 x f64>
  dp.equation %out {
    %best = dp.choose max reg #dp.hard {
      dp.arm {
        %i = dp.iterate %c0 to %N
        %value = dp.read %D[%i] : !dp.array<1 x f64>
        dp.yield %value : f64
      }
    } : f64
    dp.yield %best : f64
  } : !dp.array<0 x f64>
}
