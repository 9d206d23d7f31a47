// The front end refuses indices that are not affine; programs made otherwise
// meet the proof.
// RUN: not dp-opt --pass-pipeline='builtin.module(dp.program(dp-verify-domains))' %s 2>&1 | FileCheck %s
dp.program @p {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %square = arith.muli %N, %N : index
  // CHECK: error: the range of `i` is unbounded: a bound is not affine in sizes, indices and ranged integers [E0307]
  %D = dp.table "D" output never {
    %i = dp.iterate %c0 to %square "i"
    dp.yield %i : index
  } : !dp.array<1 x f64>
  dp.equation %D {
  ^bb0(%i: index):
    %zero = arith.constant 0.0 : f64
    dp.yield %zero : f64
  } : !dp.array<1 x f64>
}
