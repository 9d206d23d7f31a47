// RUN: dp-opt %s --dp-carry-maxima | FileCheck %s

// The maximum over all cells of D, so far: of each column, then along the last
// row. What is over a triangle, or asked where it is, stays as it is.
// CHECK-LABEL: dp.program @local
// CHECK:      %[[D:.*]] = dp.table "D" table max
// CHECK:      %[[FAR:.*]] = dp.table "score.1.run1.0" node max {
// CHECK:        dp.iterate %[[C0:.*]] to %[[N:.*]] "i"
// CHECK:        dp.iterate %{{.*}} to %[[M:.*]] "j"
// CHECK:      dp.equation %[[FAR]] {
// CHECK-NEXT: ^bb0(%[[I:.*]]: index, %[[J:.*]]: index):
// CHECK-NEXT:   dp.choose max reg #dp.hard {
// CHECK:          %[[BEFORE:.*]] = arith.subi %[[I]], %{{.*}} : index
// CHECK:          dp.contains %[[FAR]][%[[BEFORE]], %[[J]]]
// CHECK:          dp.read %[[FAR]][%[[BEFORE]], %[[J]]]
// CHECK:        dp.arm "cell" {
// CHECK-NEXT:     dp.read %[[D]][%[[I]], %[[J]]]
// CHECK:      %[[ROW:.*]] = dp.table "score.1.run1.1" node max {
// CHECK:        %[[LAST:.*]] = arith.subi %[[N]], %{{.*}} : index
// CHECK:        dp.iterate %[[LAST]] to %[[N]] "i"
// CHECK:        dp.iterate %{{.*}} to %[[M]] "j"
// CHECK:      dp.equation %[[ROW]] {
// CHECK:          dp.read %[[ROW]][%{{.*}}, %{{.*}}]
// CHECK:          dp.read %[[FAR]][%{{.*}}, %{{.*}}]
// CHECK:      dp.equation %{{.*}} {
// CHECK-NEXT:   dp.choose max reg #dp.hard {
// CHECK:        dp.arm "empty"
// CHECK:        dp.contains %[[ROW]]
// CHECK-NEXT:   dp.where
// CHECK-NEXT:   dp.read %[[ROW]]
// CHECK-NOT:  run
dp.program @local reg #dp.hard {
  %N = dp.size "N"
  %M = dp.size "M"
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f64
  %D = dp.table "D" table max {
    %i = dp.iterate %c0 to %N "i"
    %j = dp.iterate %c0 to %M "j"
    dp.yield %i, %j : index, index
  } : !dp.array<2 x f64>
  %score = dp.table "score" output max { dp.yield } : !dp.array<0 x f64>
  %node = dp.table "score.1" node max with %score : !dp.array<0 x f64> { dp.yield } : !dp.array<0 x f64>
  %which = dp.table "score.1.stat0" node never with %score : !dp.array<0 x f64> { dp.yield } : !dp.array<0 x index>
  %row = dp.table "score.1.stat1" node never with %score : !dp.array<0 x f64> { dp.yield } : !dp.array<0 x index>
  %column = dp.table "score.1.stat2" node never with %score : !dp.array<0 x f64> { dp.yield } : !dp.array<0 x index>
  dp.equation %D {
  ^bb0(%i: index, %j: index):
    dp.yield %zero : f64
  } : !dp.array<2 x f64>
  dp.equation %node, %which, %row, %column {
    %v:4 = dp.choose max reg #dp.hard {
      dp.arm "empty" {
        dp.yield %zero : f64
      }
      dp.arm "cell" {
        %i = dp.iterate %c0 to %N "i"
        %j = dp.iterate %c0 to %M "j"
        %d = dp.read %D[%i, %j] : !dp.array<2 x f64>
        dp.yield %d : f64
      }
    } : f64, index, index, index
    dp.yield %v#0, %v#1, %v#2, %v#3 : f64, index, index, index
  } : !dp.array<0 x f64>, !dp.array<0 x index>, !dp.array<0 x index>, !dp.array<0 x index>
  dp.equation %score {
    %v = dp.read %node[] : !dp.array<0 x f64>
    dp.yield %v : f64
  } : !dp.array<0 x f64>
}

// CHECK-LABEL: dp.program @triangle
// CHECK-NOT: run
dp.program @triangle reg #dp.hard {
  %N = dp.size "N"
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f64
  %D = dp.table "D" table max {
    %i = dp.iterate %c0 to %N "i"
    %j = dp.iterate %i to %N "j"
    dp.yield %i, %j : index, index
  } : !dp.array<2 x f64>
  %best = dp.table "best" output max { dp.yield } : !dp.array<0 x f64>
  dp.equation %D {
  ^bb0(%i: index, %j: index):
    dp.yield %zero : f64
  } : !dp.array<2 x f64>
  dp.equation %best {
    %v = dp.choose max reg #dp.hard {
      dp.arm {
        %i = dp.iterate %c0 to %N "i"
        %j = dp.iterate %i to %N "j"
        %d = dp.read %D[%i, %j] : !dp.array<2 x f64>
        dp.yield %d : f64
      }
    } : f64
    dp.yield %v : f64
  } : !dp.array<0 x f64>
}

// CHECK-LABEL: dp.program @place
// CHECK-NOT: run
dp.program @place reg #dp.hard {
  %N = dp.size "N"
  %M = dp.size "M"
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f64
  %D = dp.table "D" table max {
    %i = dp.iterate %c0 to %N "i"
    %j = dp.iterate %c0 to %M "j"
    dp.yield %i, %j : index, index
  } : !dp.array<2 x f64>
  %best = dp.table "best" output max { dp.yield } : !dp.array<0 x f64>
  %which = dp.table "which" node never with %best : !dp.array<0 x f64> { dp.yield } : !dp.array<0 x index>
  %row = dp.table "row" node never with %best : !dp.array<0 x f64> { dp.yield } : !dp.array<0 x index>
  %column = dp.table "column" node never with %best : !dp.array<0 x f64> { dp.yield } : !dp.array<0 x index>
  %out = dp.table "out" output never { dp.yield } : !dp.array<0 x f64>
  dp.equation %D {
  ^bb0(%i: index, %j: index):
    dp.yield %zero : f64
  } : !dp.array<2 x f64>
  dp.equation %best, %which, %row, %column {
    %v:4 = dp.choose max reg #dp.hard {
      dp.arm {
        %i = dp.iterate %c0 to %N "i"
        %j = dp.iterate %c0 to %M "j"
        %d = dp.read %D[%i, %j] : !dp.array<2 x f64>
        dp.yield %d : f64
      }
    } : f64, index, index, index
    dp.yield %v#0, %v#1, %v#2, %v#3 : f64, index, index, index
  } : !dp.array<0 x f64>, !dp.array<0 x index>, !dp.array<0 x index>, !dp.array<0 x index>
  dp.equation %out {
    %i = dp.read %row[] : !dp.array<0 x index>
    %j = arith.constant 0 : index
    %d = dp.read %D[%i, %j] : !dp.array<2 x f64>
    dp.yield %d : f64
  } : !dp.array<0 x f64>
}
