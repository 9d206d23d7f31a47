// RUN: dp-opt %s --dp-simplify-presence | FileCheck %s

// An expression is present with what it reads that may be absent; the rest is
// not even read.
// CHECK-LABEL: dp.program @sum
// CHECK:      dp.equation
// CHECK-NEXT: ^bb0(%[[I:.*]]: index):
// CHECK-NEXT:   dp.choose max
// CHECK-NEXT:     dp.arm {
// CHECK-NEXT:       %[[T:.*]] = dp.read %[[TABLE:.*]][%[[I]]]
// CHECK-NEXT:       %[[P:.*]] = dp.present %[[T]]
// CHECK-NEXT:       dp.where %[[P]]
// CHECK-NEXT:       dp.yield
// CHECK:          dp.arm {
// CHECK-NOT:        dp.where
// CHECK:            dp.yield
// Above -inf is more than present.
// CHECK:          dp.arm {
// CHECK:            arith.addf
// CHECK:            dp.present %{{.*}} above
dp.program @sum {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %x = dp.input "x"[%N] : !dp.array<1 x f64>
  %one = arith.constant 1.0 : f64
  %T = dp.table "T" table max {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %U = dp.table "U" table never {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %y = dp.table "y" output max {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  dp.equation %y {
  ^bb0(%i: index):
    %v = dp.choose max {
      dp.arm {
        %t = dp.read %T[%i] : !dp.array<1 x f64>
        %u = dp.read %U[%i] : !dp.array<1 x f64>
        %w = dp.read %x[%i] : !dp.array<1 x f64>
        %a = arith.addf %t, %u : f64
        %b = arith.mulf %a, %w : f64
        %p = dp.present %b
        dp.where %p
        dp.yield %one : f64
      }
      dp.arm {
        %u = dp.read %U[%i] : !dp.array<1 x f64>
        %p = dp.present %u
        dp.where %p
        dp.yield %one : f64
      }
      dp.arm {
        %t = dp.read %T[%i] : !dp.array<1 x f64>
        %a = arith.addf %t, %one : f64
        %p = dp.present %a above
        dp.where %p
        dp.yield %one : f64
      }
    } : f64
    dp.yield %v : f64
  } : !dp.array<1 x f64>
}

// The place of a winner tells its weight: its score is not read.
// CHECK-LABEL: dp.program @place
// CHECK:      dp.sum
// CHECK:        dp.arm {
// CHECK-NOT:      dp.present
// CHECK:          %[[ARM:.*]] = dp.read %{{.*}}[%{{.*}}] : <1 x index>
// CHECK-NEXT:     arith.constant
// CHECK-NEXT:     dp.weight #dp.hard arm 0 of %{{.*}} at() with(%[[ARM]] : index)
// CHECK:        dp.arm {
// CHECK:          dp.present %{{.*}} above
// CHECK:          dp.weight #dp.entropy
dp.program @place {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %x = dp.input "x"[%N] : !dp.array<1 x f64>
  %winner = dp.table "winner" node never {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x index>
  %total = dp.table "total" node never {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  %y = dp.table "y" output never {
    %i = dp.iterate %c0 to %N "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  dp.equation %y {
  ^bb0(%i: index):
    %v = dp.sum {
      dp.arm {
        %w = dp.read %x[%i] : !dp.array<1 x f64>
        %p = dp.present %w above
        dp.where %p
        %a = dp.read %winner[%i] : !dp.array<1 x index>
        %q = dp.weight #dp.hard arm 0 of %w at() with(%a : index)
        dp.yield %q : f64
      }
      dp.arm {
        %w = dp.read %x[%i] : !dp.array<1 x f64>
        %p = dp.present %w above
        dp.where %p
        %t = dp.read %total[%i] : !dp.array<1 x f64>
        %q = dp.weight #dp.entropy arm 0 of %w at() with(%t : f64)
        dp.yield %q : f64
      }
    }
    dp.yield %v : f64
  } : !dp.array<1 x f64>
}
