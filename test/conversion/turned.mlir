// RUN: dp-opt %s --convert-dp-to-scf=float-type=f64 --canonicalize --cse | FileCheck %s
// RUN: dp-opt %s --convert-dp-to-scf=float-type=f64 --canonicalize --cse --dp-vectorize-cells=width=4 --canonicalize --cse | FileCheck %s --check-prefix=ONE
// RUN: dp-opt %s --convert-dp-to-scf=float-type=f64 --canonicalize --cse --dp-vectorize-cells=width=1 --canonicalize --cse | FileCheck %s --check-prefix=SINGLE

// Adjacent cells s read elements of w that lie a row apart, in a sum that is a
// node with a further index a: vectors of cells have a kernel with a copy of w
// in which s comes last.

// CHECK-LABEL: func.func @steps_value_f64_run(
// CHECK-LABEL: func.func @steps_value_f64_turned(
// CHECK:      scf.for %[[A:.*]] =
// CHECK-NEXT:   scf.for %[[T:.*]] =
// CHECK-NEXT:     scf.for %[[S:.*]] =
// CHECK-NEXT:       %[[W:.*]] = memref.load %{{.*}}[%[[S]], %[[A]], %[[T]]]
// CHECK:            %[[PLACE:.*]] = arith.addi %{{.*}}, %[[S]] : index
// CHECK-NEXT:       memref.store %[[W]], %{{.*}}[%[[PLACE]]]
// CHECK-NEXT:     } {dp.fill}

// ONE-LABEL: func.func @steps_value_f64_run(
// ONE-NOT: func.func @steps_value_f64_turned(
// ONE: func.func @steps_value_f64_one(
// ONE-NOT: func.func @steps_value_f64_turned(
// SINGLE-NOT: func.func @steps_value_f64_turned(
dp.program @steps {
  %K = dp.size "K"
  %S = dp.size "S"
  %A = dp.size "A"
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %one = arith.constant 1.0 : f64
  %w = dp.input "w"[%S, %A, %S] : !dp.array<3 x f64>
  %V = dp.table "V" table never {
    %k = dp.iterate %c0 to %K "k"
    %s = dp.iterate %c0 to %S "s"
    dp.yield %k, %s : index, index
  } {schedule = [array<i64: 1, 0, 0>]} : !dp.array<2 x f64>
  %node = dp.table "V.1" node never with %V : !dp.array<2 x f64> {
    %k = dp.iterate %c0 to %K "k"
    %s = dp.iterate %c0 to %S "s"
    %a = dp.iterate %c0 to %A "a"
    dp.yield %k, %s, %a : index, index, index
  } : !dp.array<3 x f64>
  %out = dp.table "out" output never {
    %s = dp.iterate %c0 to %S "s"
    dp.yield %s : index
  } : !dp.array<1 x f64>
  dp.equation %node {
  ^bb0(%k: index, %s: index, %a: index):
    %v = dp.sum {
      dp.arm {
        %t = dp.iterate %c0 to %S "t"
        %from = arith.subi %k, %c1 : index
        %inside = dp.contains %V[%from, %t] : !dp.array<2 x f64>
        dp.where %inside
        %p = dp.read %w[%s, %a, %t] : !dp.array<3 x f64>
        %x = dp.read %V[%from, %t] : !dp.array<2 x f64>
        %y = arith.mulf %p, %x : f64
        dp.yield %y : f64
      }
    }
    dp.yield %v : f64
  } : !dp.array<3 x f64>
  dp.equation %V {
  ^bb0(%k: index, %s: index):
    %v = dp.sum {
      dp.arm {
        %a = dp.iterate %c0 to %A "a"
        %x = dp.read %node[%k, %s, %a] : !dp.array<3 x f64>
        %y = arith.addf %x, %one : f64
        dp.yield %y : f64
      }
    }
    dp.yield %v : f64
  } : !dp.array<2 x f64>
  dp.equation %out {
  ^bb0(%s: index):
    %k = arith.subi %K, %c1 : index
    %v = dp.read %V[%k, %s] : !dp.array<2 x f64>
    dp.yield %v : f64
  } : !dp.array<1 x f64>
}
