//===- DpGen.cpp - declarations and equations -----------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/DpGen.h"
#include "compiler/frontend/DpGenImpl.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace danskin;
using namespace danskin::dpgen;

//===----------------------------------------------------------------------===//
// Locations and names
//===----------------------------------------------------------------------===//

Locations::Locations(StringRef text, StringRef filename, MLIRContext &context)
    : text(text), filename(StringAttr::get(&context, filename)) {
  lineStarts.push_back(0);
  for (auto [offset, c] : llvm::enumerate(text))
    if (c == '\n')
      lineStarts.push_back(offset + 1);
}

Location Locations::get(ast::Range range) const {
  auto next = llvm::upper_bound(lineStarts, range.begin);
  unsigned line = next - lineStarts.begin();
  return FileLineColLoc::get(filename, line,
                             range.begin - lineStarts[line - 1] + 1);
}

StringRef Locations::getText(ast::Range range) const {
  return text.slice(range.begin, range.end);
}

dp::RegularizerAttrInterface dpgen::getRegularizer(StringRef name,
                                                   MLIRContext *context) {
  if (name == "hard")
    return dp::HardAttr::get(context);
  if (name == "entropy")
    return dp::EntropyAttr::get(context);
  if (name == "l2")
    return dp::L2Attr::get(context);
  return {};
}

//===----------------------------------------------------------------------===//
// Declarations
//===----------------------------------------------------------------------===//

namespace {
class ProgramGenerator {
public:
  ProgramGenerator(const ast::Program &program, const Locations &locations,
                   const llvm::StringMap<int64_t> &fixed, OpBuilder &builder)
      : program(program), locations(locations), fixed(fixed), builder(builder),
        expressions(builder, locations, program.reg ? &*program.reg : nullptr) {
  }

  void run() {
    Location loc = locations.get(program.range);
    dp::RegularizerAttrInterface reg;
    if (program.reg)
      reg = getRegularizer(program.reg->name, builder.getContext());
    auto op = builder.create<dp::ProgramOp>(loc, program.name, reg, nullptr);
    builder.createBlock(&op.getBody());
    for (const auto &size : program.sizes)
      emitSize(*size);
    for (const auto &size : program.sizes)
      if (size->constraint != ast::SizeDecl::None)
        emitConstraint(*size);
    for (const auto &input : program.inputs)
      emitInput(*input);
    builder.create<dp::InputOp>(loc, arrayType(0, builder.getF64Type()),
                                "gamma", ValueRange(), /*shared=*/false,
                                /*gamma=*/true, builder.getF64FloatAttr(1.0),
                                nullptr);
    for (const auto &let : program.lets)
      expressions.define(let.get(),
                         emitTable(let->name, dp::TableRole::Let, let->range,
                                   let->binders, nullptr));
    for (const auto &table : program.tables)
      expressions.define(table.get(),
                         emitTable(table->name, dp::TableRole::Table,
                                   table->range, table->binders,
                                   table->where.get()));
    emitEquations();
    dpgen::inferAbsence(op);
  }

private:
  dp::ArrayType arrayType(unsigned rank, Type element) {
    return dp::ArrayType::get(builder.getContext(), rank, element);
  }

  void emitSize(const ast::SizeDecl &size) {
    auto value = fixed.find(size.name);
    expressions.define(&size,
                       builder.create<dp::SizeOp>(
                           locations.get(size.range), size.name,
                           value == fixed.end()
                               ? IntegerAttr()
                               : builder.getI64IntegerAttr(value->second)));
  }

  void emitConstraint(const ast::SizeDecl &size) {
    Location loc = locations.get(size.range);
    auto predicate =
        size.constraint == ast::SizeDecl::Eq   ? arith::CmpIPredicate::eq
        : size.constraint == ast::SizeDecl::Ge ? arith::CmpIPredicate::sge
                                               : arith::CmpIPredicate::sle;
    Value condition =
        builder.create<arith::CmpIOp>(loc, predicate, expressions.lookup(&size),
                                      expressions.emitIndex(*size.bound));
    ast::Range whole = {size.range.begin, size.bound->range.end};
    builder.create<dp::AssumeOp>(loc, condition, locations.getText(whole));
  }

  dp::InputOp createInput(const ast::InputDecl &input, const Twine &name,
                          Type element, ValueRange extents, StringRef graph) {
    return builder.create<dp::InputOp>(
        locations.get(input.range), arrayType(extents.size(), element),
        name.str(), extents, input.shared, /*gamma=*/false, nullptr,
        graph.empty() ? StringAttr() : builder.getStringAttr(graph));
  }

  /// Gives an integer input the range `[lower, upper)` that `bounds` emits from
  /// an element's indices.
  template <typename Bounds> void emitValues(dp::InputOp input, Bounds bounds) {
    OpBuilder::InsertionGuard guard(builder);
    Location loc = input.getLoc();
    unsigned rank = input.getExtents().size();
    Block *block = builder.createBlock(
        &input.getValues(), {}, SmallVector<Type>(rank, builder.getIndexType()),
        SmallVector<Location>(rank, loc));
    auto [lower, upper] = bounds(block->getArguments());
    builder.create<dp::YieldOp>(loc, ValueRange{lower, upper});
  }

  void emitInput(const ast::InputDecl &input) {
    if (input.element == ast::InputDecl::Dag)
      return emitGraph(input);
    SmallVector<Value> extents;
    for (const ast::ExprPtr &extent : input.extents)
      extents.push_back(expressions.emitIndex(*extent));
    bool isInt = input.element == ast::InputDecl::Int;
    auto op = createInput(input, input.name,
                          isInt ? Type(builder.getIndexType())
                                : Type(builder.getF64Type()),
                          extents, "");
    expressions.define(&input, op.getResult());
    if (!isInt || !input.values)
      return;
    emitValues(op, [&](ValueRange indices) {
      for (auto [binder, index] : llvm::zip(input.indices, indices))
        if (binder)
          expressions.define(binder.get(), index);
      return expressions.emitRange(*input.values);
    });
  }

  /// CSR of incoming edges: two integer inputs.
  void emitGraph(const ast::InputDecl &graph) {
    Location loc = locations.get(graph.range);
    Value vertices = expressions.emitIndex(*graph.extents[0]);
    Value edges = expressions.emitIndex(*graph.extents[1]);
    Type index = builder.getIndexType();
    auto plusOne = [&](Value value) -> Value {
      Value one = expressions.constantIndex(loc, 1);
      return builder.create<arith::AddIOp>(loc, value, one);
    };
    auto indptr = createInput(graph, Twine(graph.name) + ".indptr", index,
                              plusOne(vertices), graph.name);
    emitValues(indptr, [&](ValueRange) {
      return std::pair(expressions.constantIndex(loc, 0), plusOne(edges));
    });
    auto sources = createInput(graph, Twine(graph.name) + ".src", index, edges,
                               graph.name);
    emitValues(sources, [&](ValueRange) {
      return std::pair(expressions.constantIndex(loc, 0), vertices);
    });
    expressions.defineGraph(&graph, indptr.getResult(), sources.getResult());
  }

  Value emitTable(StringRef name, dp::TableRole role, ast::Range range,
                  const ast::Binders &binders, const ast::Cond *where) {
    Location loc = locations.get(range);
    auto table = builder.create<dp::TableOp>(
        loc, arrayType(binders.size(), builder.getF64Type()), name, role,
        dp::Absence::Explicit, Value(), nullptr);
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&table.getDomain());
    SmallVector<Value> indices;
    for (const auto &binder : binders) {
      expressions.emitBinder(*binder);
      indices.push_back(expressions.lookup(binder.get()));
    }
    if (where)
      builder.create<dp::WhereOp>(locations.get(where->range),
                                  expressions.emitCond(*where));
    builder.create<dp::YieldOp>(loc, indices);
    return table.getResult();
  }

  //===--------------------------------------------------------------------===//
  // Equations
  //===--------------------------------------------------------------------===//

  /// Opens an equation of `table`; its block's arguments are named after what
  /// the spec calls the indices.
  Block *beginEquation(Location loc, Value table, ArrayRef<StringRef> names,
                       bool otherwise, std::optional<int64_t> ordinal) {
    auto equation = builder.create<dp::EquationOp>(
        loc, table, otherwise,
        ordinal ? builder.getI64IntegerAttr(*ordinal) : IntegerAttr());
    SmallVector<Location> locs;
    for (StringRef name : names)
      locs.push_back(NameLoc::get(builder.getStringAttr(name), loc));
    return builder.createBlock(
        &equation.getBody(), {},
        SmallVector<Type>(names.size(), builder.getIndexType()), locs);
  }

  void emitDefinition(Value table, ast::Range range,
                      const ast::Binders &binders, const ast::Expr &body) {
    OpBuilder::InsertionGuard guard(builder);
    SmallVector<StringRef> names;
    for (const auto &binder : binders)
      names.push_back(binder->name);
    Location loc = locations.get(range);
    Block *block = beginEquation(loc, table, names, false, std::nullopt);
    for (auto [binder, index] : llvm::zip(binders, block->getArguments()))
      expressions.define(binder.get(), index);
    builder.create<dp::YieldOp>(loc, expressions.emitBody(body));
  }

  void emitEquation(const ast::Equation &equation) {
    OpBuilder::InsertionGuard guard(builder);
    SmallVector<StringRef> names;
    for (auto [pattern, binder] :
         llvm::zip(equation.patterns, equation.table->binders))
      names.push_back(pattern.variable ? pattern.variable->name : binder->name);
    Location loc = locations.get(equation.range);
    Block *block = beginEquation(loc, expressions.lookup(equation.table), names,
                                 equation.otherwise, equation.ordinal);
    for (auto [pattern, index] :
         llvm::zip(equation.patterns, block->getArguments()))
      if (pattern.variable)
        expressions.define(pattern.variable.get(), index);
    for (auto [pattern, index] :
         llvm::zip(equation.patterns, block->getArguments())) {
      if (!pattern.value)
        continue;
      Location at = locations.get(pattern.range);
      Value equal =
          builder.create<arith::CmpIOp>(at, arith::CmpIPredicate::eq, index,
                                        expressions.emitIndex(*pattern.value));
      builder.create<dp::WhereOp>(at, equal);
    }
    if (equation.when)
      builder.create<dp::WhereOp>(locations.get(equation.when->range),
                                  expressions.emitCond(*equation.when));
    builder.create<dp::YieldOp>(loc, expressions.emitBody(*equation.body));
  }

  void emitEquations() {
    for (const auto &let : program.lets)
      emitDefinition(expressions.lookup(let.get()), let->range, let->binders,
                     *let->body);
    for (const auto &equation : program.equations)
      emitEquation(*equation);
    for (const auto &output : program.outputs) {
      Value table = emitTable(output->name, dp::TableRole::Output,
                              output->range, output->binders, nullptr);
      emitDefinition(table, output->range, output->binders, *output->body);
    }
  }

  const ast::Program &program;
  const Locations &locations;
  const llvm::StringMap<int64_t> &fixed;
  OpBuilder &builder;
  Expressions expressions;
};
} // namespace

OwningOpRef<ModuleOp> danskin::generateDp(const ast::Program &program,
                                          StringRef text, StringRef filename,
                                          const llvm::StringMap<int64_t> &fixed,
                                          MLIRContext &context) {
  Locations locations(text, filename, context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(locations.get(program.range));
  OpBuilder builder = OpBuilder::atBlockEnd(module->getBody());
  ProgramGenerator(program, locations, fixed, builder).run();
  return module;
}
