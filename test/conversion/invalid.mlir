// RUN: dp-opt %s --convert-dp-to-scf --split-input-file --verify-diagnostics

dp.program @unbounded {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %y = dp.input "y"[] : !dp.array<0 x index>
  // expected-error@+1 {{has no bounds that the sizes give for index 0}}
  %T = dp.table "T" output never {
    %upper = dp.read %y[] : !dp.array<0 x index>
    %i = dp.iterate %c0 to %upper
    dp.yield %i : index
  } : !dp.array<1 x f64>
  dp.equation %T {
  ^bb0(%i: index):
    %v = arith.constant 0.0 : f64
    dp.yield %v : f64
  } : !dp.array<1 x f64>
}

// -----

dp.program @rows {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{expects a schedule row to have a coefficient an index, then a constant}}
  %T = dp.table "T" output never {
    %i = dp.iterate %c0 to %N
    dp.yield %i : index
  } {schedule = [array<i64: 1>]} : !dp.array<1 x f64>
  dp.equation %T {
  ^bb0(%i: index):
    %v = arith.constant 0.0 : f64
    dp.yield %v : f64
  } : !dp.array<1 x f64>
}
