//===- Validate.cpp - are integer inputs what they promise? ---------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One verdict is carried through all loops: 0, or 1 + the faulty input. Once it
// is above 0 nothing more is read, so the first fault is the one reported.
//
//===----------------------------------------------------------------------===//

#include "compiler/conversion/Run.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace danskin::conversion;

namespace {
class Validator {
public:
  Validator(Env &env, Value fault)
      : env(env), loc(env.getLoc()), fault(fault) {}

  using Body = llvm::function_ref<Value(OpBuilder &, Value verdict)>;
  using LoopBody =
      llvm::function_ref<Value(OpBuilder &, Value index, Value verdict)>;

  Value emitRanges(OpBuilder &b, dp::InputOp input, int64_t place,
                   Value verdict);
  Value emitGraph(OpBuilder &b, dp::InputOp indptr, dp::InputOp sources,
                  int64_t place, Value verdict);

private:
  Value constant(OpBuilder &b, int64_t value) {
    return constantIndex(b, loc, value);
  }
  Value emitLoop(OpBuilder &b, Value from, Value to, Value verdict,
                 LoopBody body);
  /// `body` if nothing was wrong so far.
  Value emitIfFine(OpBuilder &b, Value verdict, Body body);
  /// Is `value` in `[lower, upper)`? If not: the fault and the new verdict.
  Value emitElement(OpBuilder &b, int64_t place, ValueRange indices,
                    Value value, Value lower, Value upper, Value verdict);
  Value emitDims(OpBuilder &b, dp::InputOp input, int64_t place,
                 SmallVector<Value> &indices, Value verdict);

  Env &env;
  Location loc;
  Value fault;
};
} // namespace

Value Validator::emitLoop(OpBuilder &b, Value from, Value to, Value verdict,
                          LoopBody body) {
  auto loop = b.create<scf::ForOp>(
      loc, from, to, constant(b, 1), ValueRange(verdict),
      [&](OpBuilder &inner, Location, Value index, ValueRange carried) {
        Value next =
            emitIfFine(inner, carried[0], [&](OpBuilder &then, Value before) {
              return body(then, index, before);
            });
        inner.create<scf::YieldOp>(loc, next);
      });
  return loop.getResult(0);
}

Value Validator::emitIfFine(OpBuilder &b, Value verdict, Body body) {
  Value zero = b.create<arith::ConstantIntOp>(loc, 0, 64);
  Value fine =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, verdict, zero);
  auto branch = b.create<scf::IfOp>(
      loc, fine,
      [&](OpBuilder &inner, Location) {
        inner.create<scf::YieldOp>(loc, body(inner, verdict));
      },
      [&](OpBuilder &inner, Location) {
        inner.create<scf::YieldOp>(loc, verdict);
      });
  return branch.getResult(0);
}

Value Validator::emitElement(OpBuilder &b, int64_t place, ValueRange indices,
                             Value value, Value lower, Value upper,
                             Value verdict) {
  Value below =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt, value, lower);
  Value above =
      b.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge, value, upper);
  Value wrong = b.create<arith::OrIOp>(loc, below, above);
  auto branch = b.create<scf::IfOp>(
      loc, wrong,
      [&](OpBuilder &inner, Location) {
        SmallVector<Value> report(indices);
        report.append({value, lower, upper});
        for (auto [i, part] : llvm::enumerate(report)) {
          Value wide =
              inner.create<arith::IndexCastOp>(loc, inner.getI64Type(), part);
          inner.create<memref::StoreOp>(loc, wide, fault, constant(inner, i));
        }
        Value guilty = inner.create<arith::ConstantIntOp>(loc, place + 1, 64);
        inner.create<scf::YieldOp>(loc, guilty);
      },
      [&](OpBuilder &inner, Location) {
        inner.create<scf::YieldOp>(loc, verdict);
      });
  return branch.getResult(0);
}

Value Validator::emitDims(OpBuilder &b, dp::InputOp input, int64_t place,
                          SmallVector<Value> &indices, Value verdict) {
  if (indices.size() == input.getExtents().size()) {
    IRMapping scope;
    Block &range = input.getValues().front();
    for (auto [argument, index] :
         llvm::zip_equal(range.getArguments(), indices))
      scope.map(argument, index);
    Value lower = env.emit(b, range.back().getOperand(0), scope);
    Value upper = env.emit(b, range.back().getOperand(1), scope);
    Value value = env.loadIndex(b, input.getResult(), indices);
    return emitElement(b, place, indices, value, lower, upper, verdict);
  }
  Value extent = env.getParameter(input.getExtents()[indices.size()]);
  return emitLoop(b, constant(b, 0), extent, verdict,
                  [&](OpBuilder &inner, Value index, Value before) {
                    indices.push_back(index);
                    Value next = emitDims(inner, input, place, indices, before);
                    indices.pop_back();
                    return next;
                  });
}

Value Validator::emitRanges(OpBuilder &b, dp::InputOp input, int64_t place,
                            Value verdict) {
  return emitIfFine(b, verdict, [&](OpBuilder &inner, Value before) {
    SmallVector<Value> indices;
    return emitDims(inner, input, place, indices, before);
  });
}

/// Offsets start at 0, never fall and end at E; the sources of the edges into v
/// are below v.
Value Validator::emitGraph(OpBuilder &b, dp::InputOp indptr,
                           dp::InputOp sources, int64_t place, Value verdict) {
  Value edges = env.getParameter(sources.getExtents()[0]);
  Value offsets = env.getParameter(indptr.getExtents()[0]);
  Value zero = constant(b, 0), one = constant(b, 1);
  Value limit = b.create<arith::AddIOp>(loc, edges, one);
  verdict = emitIfFine(b, verdict, [&](OpBuilder &inner, Value before) {
    Value first = env.loadIndex(inner, indptr.getResult(), zero);
    return emitElement(inner, place, zero, first, zero, one, before);
  });
  verdict = emitLoop(
      b, one, offsets, verdict, [&](OpBuilder &inner, Value v, Value before) {
        Value previous = inner.create<arith::SubIOp>(loc, v, one);
        Value lower = env.loadIndex(inner, indptr.getResult(), previous);
        Value value = env.loadIndex(inner, indptr.getResult(), v);
        return emitElement(inner, place, v, value, lower, limit, before);
      });
  Value vertices = b.create<arith::SubIOp>(loc, offsets, one);
  verdict = emitIfFine(b, verdict, [&](OpBuilder &inner, Value before) {
    Value last = env.loadIndex(inner, indptr.getResult(), vertices);
    return emitElement(inner, place, vertices, last, edges, limit, before);
  });
  return emitLoop(
      b, zero, vertices, verdict, [&](OpBuilder &inner, Value v, Value before) {
        Value next = inner.create<arith::AddIOp>(loc, v, one);
        Value from = env.loadIndex(inner, indptr.getResult(), v);
        Value to = env.loadIndex(inner, indptr.getResult(), next);
        return emitLoop(
            inner, from, to, before,
            [&](OpBuilder &deep, Value e, Value inside) {
              Value source = env.loadIndex(deep, sources.getResult(), e);
              return emitElement(deep, place + 1, e, source, zero, v, inside);
            });
      });
}

void danskin::conversion::emitValidate(Plan &plan, func::FuncOp function) {
  Env env(plan.program, plan.forms, function);
  Block &entry = function.getBody().front();
  OpBuilder b = OpBuilder::atBlockEnd(&entry);
  Validator validator(env, entry.getArguments().back());
  Value verdict = b.create<arith::ConstantIntOp>(env.getLoc(), 0, 64);
  Block &body = plan.program.getBody().front();
  SmallVector<dp::InputOp> inputs(body.getOps<dp::InputOp>());
  for (size_t place = 0; place < inputs.size(); ++place) {
    dp::InputOp input = inputs[place];
    if (input.getGraph()) {
      // The offsets and, next to them, the sources.
      verdict =
          validator.emitGraph(b, input, inputs[place + 1], place, verdict);
      ++place;
    } else if (!input.getValues().empty()) {
      verdict = validator.emitRanges(b, input, place, verdict);
    }
  }
  b.create<func::ReturnOp>(env.getLoc(), verdict);
}
