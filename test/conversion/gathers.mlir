// RUN: dp-opt %s --dp-lower-to-llvm | FileCheck %s

// A load a lane, at the base and that lane's distance.
// CHECK-LABEL: llvm.func @whole(
// CHECK-NOT:  llvm.alloca
// CHECK-NOT:  llvm.select
// CHECK-COUNT-2: llvm.load %{{.*}} : !llvm.ptr -> f32
// CHECK-NOT:  masked
// CHECK:      llvm.return
func.func @whole(%memory: memref<?xf32>, %at: index, %offsets: vector<2xindex>) -> vector<2xf32> {
  %all = arith.constant dense<true> : vector<2xi1>
  %none = arith.constant dense<0.0> : vector<2xf32>
  %r = vector.gather %memory[%at] [%offsets], %all, %none : memref<?xf32>, vector<2xindex>, vector<2xi1>, vector<2xf32> into vector<2xf32>
  return %r : vector<2xf32>
}

// Where lanes lie equally far apart, nothing is taken out of a vector.
// CHECK-LABEL: llvm.func @equal(
// CHECK-NOT:  llvm.extractelement
// CHECK:      %[[FIRST:.*]] = llvm.getelementptr
// CHECK:      %[[SECOND:.*]] = llvm.getelementptr %[[FIRST]][%[[STEP:.*]]] :
// CHECK:      %[[THIRD:.*]] = llvm.getelementptr %[[SECOND]][%[[STEP]]] :
// CHECK-NOT:  llvm.extractelement
// CHECK:      llvm.load %[[FIRST]]
// CHECK:      llvm.load %[[SECOND]]
// CHECK:      llvm.load %[[THIRD]]
// CHECK:      llvm.return
func.func @equal(%memory: memref<?xf32>, %at: index, %step: index) -> vector<3xf32> {
  %all = arith.constant dense<true> : vector<3xi1>
  %none = arith.constant dense<0.0> : vector<3xf32>
  %lanes = arith.constant dense<[0, 1, 2]> : vector<3xindex>
  %steps = vector.broadcast %step : index to vector<3xindex>
  %offsets = arith.muli %steps, %lanes : vector<3xindex>
  %r = vector.gather %memory[%at] [%offsets], %all, %none : memref<?xf32>, vector<3xindex>, vector<3xi1>, vector<3xf32> into vector<3xf32>
  return %r : vector<3xf32>
}

// Lanes that are masked out load what is there in any case; stores have a place
// of their own for that. No branches.
// CHECK-LABEL: llvm.func @masked(
// CHECK-DAG:  %[[LOADS:.*]] = llvm.alloca %{{.*}} x f64 {{{.*}}dp.loads_nowhere
// CHECK-DAG:  %[[STORES:.*]] = llvm.alloca %{{.*}} x f64 {{{.*}}dp.stores_nowhere
// CHECK-NOT:  llvm.cond_br
// CHECK:      llvm.insertelement %[[LOADS]]
// CHECK:      %[[FROM:.*]] = llvm.select %[[MASK:.*]], %{{.*}}, %{{.*}} : vector<2xi1>, !llvm.vec<2 x ptr>
// CHECK-COUNT-2: llvm.load %{{.*}} : !llvm.ptr -> f32
// CHECK:      %[[GOT:.*]] = llvm.select %[[MASK]], %{{.*}}, %{{.*}} : vector<2xi1>, vector<2xf32>
// CHECK:      llvm.insertelement %[[STORES]]
// CHECK:      llvm.select %[[MASK]], %{{.*}}, %{{.*}} : vector<2xi1>, !llvm.vec<2 x ptr>
// CHECK-COUNT-2: llvm.store %{{.*}}, %{{.*}} : f32, !llvm.ptr
// CHECK-NOT:  llvm.cond_br
// CHECK:      llvm.return
func.func @masked(%from: memref<?xf32>, %to: memref<?xf32>, %at: index, %offsets: vector<2xindex>, %mask: vector<2xi1>) {
  %none = arith.constant dense<0.0> : vector<2xf32>
  %r = vector.gather %from[%at] [%offsets], %mask, %none : memref<?xf32>, vector<2xindex>, vector<2xi1>, vector<2xf32> into vector<2xf32>
  vector.scatter %to[%at] [%offsets], %mask, %r : memref<?xf32>, vector<2xindex>, vector<2xi1>, vector<2xf32>
  return
}
