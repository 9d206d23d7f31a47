// RUN: dp-opt %s --dp-wrap-entry-points | FileCheck %s

// CHECK-LABEL: func.func @p_value_f64_run(
// CHECK-SAME: %[[SIZES:.*]]: !llvm.ptr, %[[ARRAYS:.*]]: !llvm.ptr, %[[STRIDES:.*]]: !llvm.ptr, %[[WORK:.*]]: !llvm.ptr) -> i32
// CHECK: llvm.getelementptr %[[SIZES]][0]
// CHECK: llvm.getelementptr %[[ARRAYS]][0]
// CHECK: llvm.getelementptr %[[STRIDES]][0]
// CHECK: call @p_value_f64_run.body
// CHECK-LABEL: func.func private @p_value_f64_run.body(
// CHECK-SAME: llvm.linkage = #llvm.linkage<internal>
func.func @p_value_f64_run(%n: index, %x: memref<?xf64, strided<[?]>>, %w: memref<?xi8>) -> i32 {
  %c0 = arith.constant 0 : i32
  return %c0 : i32
}

// CHECK-LABEL: func.func @p_value_f64_workspace(
// CHECK-SAME: %{{.*}}: !llvm.ptr) -> i64
func.func @p_value_f64_workspace(%n: index) -> i64 {
  %c0 = arith.constant 0 : i64
  return %c0 : i64
}
