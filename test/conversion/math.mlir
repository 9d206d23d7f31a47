// RUN: dp-opt %s --convert-dp-to-scf | FileCheck %s

// Functions are the runtime's; a maximum is a comparison whose ties go to the
// first operand; a square root stays an instruction.

// CHECK: func.func private @dp_exp_f64(f64) -> f64
// CHECK-LABEL: func.func @f_value_f64_run(
// CHECK: %[[X:.*]] = memref.load
// CHECK: %[[E:.*]] = call @dp_exp_f64(%[[X]])
// CHECK: %[[S:.*]] = math.sqrt %[[X]]
// CHECK: arith.cmpf ogt, %[[S]], %[[E]]
// CHECK: arith.cmpf uno, %[[S]], %[[S]]
// CHECK: arith.select %{{.*}}, %[[S]], %[[E]]
// CHECK-NOT: fastmath
dp.program @f {
  %x = dp.input "x"[] : !dp.array<0 x f64>
  %out = dp.table "out" output never { dp.yield } : !dp.array<0 x f64>
  dp.equation %out {
    %v = dp.read %x[] : !dp.array<0 x f64>
    %e = math.exp %v : f64
    %s = math.sqrt %v : f64
    %m = arith.maximumf %e, %s : f64
    dp.yield %m : f64
  } : !dp.array<0 x f64>
}
