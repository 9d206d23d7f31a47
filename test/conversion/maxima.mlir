// RUN: dp-opt %s --dp-name-maxima --canonicalize | FileCheck %s

// CHECK-LABEL: func.func @maxima(
// CHECK-SAME:    %[[A:.*]]: f32, %[[B:.*]]: f32)
// CHECK-NEXT:  %[[MAX:.*]] = llvm.intr.maximum(%[[A]], %[[B]])
// CHECK-NEXT:  %[[MIN:.*]] = llvm.intr.minimum(%[[MAX]], %[[B]])
// CHECK-NEXT:  return %[[MIN]]
func.func @maxima(%a: f32, %b: f32) -> f32 {
  %nan = arith.constant 0x7FC00000 : f32
  %none = arith.cmpf uno, %a, %b : f32
  %greater = arith.cmpf ogt, %a, %b : f32
  %either = arith.select %greater, %a, %b : f32
  %max = arith.select %none, %nan, %either : f32
  %none2 = arith.cmpf uno, %max, %b : f32
  %less = arith.cmpf olt, %max, %b : f32
  %either2 = arith.select %less, %max, %b : f32
  %min = arith.select %none2, %nan, %either2 : f32
  return %min : f32
}

// Of doubles there is no such instruction, and the first of two equal numbers is something else.

// CHECK-LABEL: func.func @others(
// CHECK-NOT: llvm.intr.maximum
func.func @others(%a: f32, %b: f32, %c: f64, %d: f64) -> (f32, f64) {
  %nan = arith.constant 0x7FC00000 : f32
  %none = arith.cmpf uno, %a, %b : f32
  %greater = arith.cmpf oge, %a, %b : f32
  %either = arith.select %greater, %a, %b : f32
  %max = arith.select %none, %nan, %either : f32
  %nan2 = arith.constant 0x7FF8000000000000 : f64
  %none2 = arith.cmpf uno, %c, %d : f64
  %greater2 = arith.cmpf ogt, %c, %d : f64
  %either2 = arith.select %greater2, %c, %d : f64
  %max2 = arith.select %none2, %nan2, %either2 : f64
  return %max, %max2 : f32, f64
}

// An infinity stands for what is absent, turned around too.

// CHECK-LABEL: func.func @absent(
// CHECK-SAME:    %[[X:.*]]: f32)
// CHECK-NEXT:  %[[N:.*]] = arith.negf %[[X]]
// CHECK-NEXT:  return %[[X]], %[[N]]
func.func @absent(%x: f32) -> (f32, f32) {
  %high = arith.constant 0x7F800000 : f32
  %low = arith.constant 0xFF800000 : f32
  %present = arith.cmpf une, %x, %high : f32
  %same = arith.select %present, %x, %high : f32
  %minus = arith.negf %x : f32
  %turned = arith.select %present, %minus, %low : f32
  return %same, %turned : f32, f32
}

// Not where something else stands for it.

// CHECK-LABEL: func.func @other_way(
// CHECK: arith.select
func.func @other_way(%x: f32) -> f32 {
  %high = arith.constant 0x7F800000 : f32
  %present = arith.cmpf une, %x, %high : f32
  %minus = arith.negf %x : f32
  %kept = arith.select %present, %minus, %high : f32
  return %kept : f32
}
