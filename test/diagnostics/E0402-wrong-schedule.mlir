// A schedule is proved whoever set it; the one that is found replaces it.
// RUN: not dp-opt --pass-pipeline='builtin.module(dp.program(dp-verify-schedule))' %s 2>&1 | FileCheck %s
// RUN: dp-opt --pass-pipeline='builtin.module(dp.program(dp-assign-schedule,dp-verify-schedule))' %s | FileCheck %s --check-prefix=FOUND
// RUN: dp-opt --pass-pipeline='builtin.module(dp.program(dp-assign-schedule{row-major=true},dp-verify-schedule))' %s | FileCheck %s --check-prefix=ROWS
dp.program @prefix {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  // FOUND: dp.table "D"
  // FOUND: schedule = [array<i64: 1, 1, 0>]
  // ROWS: dp.table "D"
  // ROWS: schedule = [array<i64: 1, 0, 0>, array<i64: 0, 1, 0>]
  %D = dp.table "D" table max {
    %i = dp.iterate %c0 to %N "i"
    %j = dp.iterate %c0 to %N "j"
    dp.yield %i, %j : index, index
  } {schedule = [array<i64: 1, 0, 0>]} : !dp.array<2 x f64>
  dp.equation %D {
  ^bb0(%i: index, %j: index):
    %one = arith.constant 1 : index
    %v = dp.choose max reg #dp.hard {
      dp.arm "left" {
        %k = arith.subi %j, %one : index
        %in = dp.contains %D[%i, %k] {optional} : !dp.array<2 x f64>
        dp.where %in
        // CHECK: [[#@LINE+2]]:{{[0-9]+}}: error: the schedule does not run `D[0, 0]` before `D[0, 1]`, which reads it [E0402]
        // CHECK: note: for example when N = 2
        %score = dp.read %D[%i, %k] : !dp.array<2 x f64>
        dp.yield %score : f64
      }
      dp.arm "up" {
        %h = arith.subi %i, %one : index
        %in = dp.contains %D[%h, %j] {optional} : !dp.array<2 x f64>
        dp.where %in
        %score = dp.read %D[%h, %j] : !dp.array<2 x f64>
        dp.yield %score : f64
      }
    } : f64
    dp.yield %v : f64
  } : !dp.array<2 x f64>
}
