//===- Gather.cpp - from a cell to the reads that reach it ----------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/transforms/Gather.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace danskin;

SmallVector<dp::IterateOp> ReadSite::getIterates() const {
  SmallVector<dp::IterateOp> iterates;
  if (dp::ArmOp op = arm)
    llvm::append_range(iterates, op.getBody().front().getOps<dp::IterateOp>());
  return iterates;
}

//===----------------------------------------------------------------------===//
// Inverting
//===----------------------------------------------------------------------===//

struct Gather::Solver {
  Gather &gather;
  const ReadSite &site;
  AffineSpace &space = gather.space;
  Conjunction known = {};  ///< all that holds between reader and cell
  Conjunction ranges = {}; ///< of it, what readers run over
  std::vector<LinearForm> equations = {}; ///< cell index minus read index
  std::vector<unsigned> columns = {};
  Polyhedron relation = sets::universe(0);
  std::vector<bool> resolved = {};
  std::vector<bool> looped = {}; ///< depends on a loop

  bool run() {
    if (!build())
      return false;
    relation = space.getPolyhedron(known, columns);
    sets::recoverEqualities(relation);
    while (true) {
      if (load() || pin())
        continue;
      if (!unusedEquationsAreTests())
        return false;
      std::optional<unsigned> next = nextReader();
      if (!next)
        return !rangesAreTests();
      if (!loop(*next))
        return false;
    }
  }

  /// Collects the relation; false where an index is not affine.
  bool build() {
    dp::EquationOp equation = site.equation;
    dp::TableOp reader = site.reader;
    std::vector<LinearForm> cell;
    for (Value argument : equation.getBody().getArguments())
      cell.push_back(addReader(argument));
    SmallVector<dp::IterateOp> iterates = site.getIterates();
    for (dp::IterateOp iterate : iterates)
      addReader(iterate.getIndex());

    addAtoms(space.getAssumptions(), known);
    addAtoms(space.getDomain(reader, cell), ranges);
    for (auto where : equation.getBody().front().getOps<dp::WhereOp>())
      addAtoms(space.getCondition(where.getCondition()), known);
    for (dp::IterateOp iterate : iterates)
      addAtoms(space.getRange(space.getForm(iterate.getIndex()),
                              iterate.getLower(), iterate.getUpper()),
               ranges);
    known.insert(known.end(), ranges.begin(), ranges.end());
    if (dp::ArmOp arm = site.arm)
      for (auto where : arm.getBody().front().getOps<dp::WhereOp>())
        addAtoms(space.getCondition(where.getCondition()), known);

    dp::ReadOp read = site.read;
    for (auto [axis, index] : llvm::enumerate(read.getIndices())) {
      std::optional<LinearForm> form = space.getLinear(index);
      if (!form)
        return false;
      unsigned y = space.addIndex("y" + std::to_string(axis));
      gather.cellVariables.push_back(y);
      LinearForm equation = LinearForm::variable(y) - *form;
      equations.push_back(equation);
      known.push_back({equation, true});
    }
    columns = space.getMentioned(known);
    for (auto [value, id] : gather.readers)
      if (!llvm::is_contained(columns, id))
        columns.push_back(id);
    resolved.assign(space.getNumVariables(), false);
    looped.assign(space.getNumVariables(), false);
    for (unsigned id = 0; id < space.getNumSizes(); ++id)
      resolved[id] = true;
    for (unsigned id : gather.cellVariables)
      resolved[id] = true;
    return true;
  }

  LinearForm addReader(Value value) {
    LinearForm form = space.getForm(value);
    gather.readers.push_back({value, *form.asVariable()});
    return form;
  }

  bool isResolved(const LinearForm &form) const {
    return llvm::all_of(form.getTerms(),
                        [&](auto term) { return resolved[term.first]; });
  }
  bool isLooped(const LinearForm &form) const {
    return llvm::any_of(form.getTerms(),
                        [&](auto term) { return looped[term.first]; });
  }

  /// Takes a quotient or an element of data whose operands are all known.
  bool load() {
    for (unsigned id : columns) {
      const Variable &variable = space.getVariable(id);
      bool isFunction = variable.kind == Variable::Quotient ||
                        variable.kind == Variable::Data ||
                        variable.kind == Variable::Source;
      if (resolved[id] || !isFunction ||
          !llvm::all_of(variable.operands, [&](const LinearForm &operand) {
            return isResolved(operand);
          }))
        continue;
      resolved[id] = true;
      looped[id] =
          llvm::any_of(variable.operands, [&](const LinearForm &operand) {
            return isLooped(operand);
          });
      gather.steps.push_back({GatherStep::Load, id, LinearForm(), 1, {}, {}});
      return true;
    }
    return false;
  }

  LinearForm toForm(const AffineForm &row) const {
    LinearForm form(row.back());
    for (auto [column, id] : llvm::enumerate(columns))
      if (row[column])
        form = form + LinearForm::variable(id) * row[column];
    return form;
  }

  /// Solves an equality with one unknown left. A function of unknowns may be
  /// solved for too (`i / 2` of a cell), its operands are then bounded by it.
  /// Those of the read come first: where a guard fixes an index too, the reader
  /// of the own cell has to be known as such.
  bool pin() {
    for (LinearForm equation : equations)
      if (pin(equation))
        return true;
    for (unsigned e = 0; e < relation.getNumEqualities(); ++e)
      if (pin(toForm(sets::equality(relation, e))))
        return true;
    return false;
  }

  bool pin(const LinearForm &form) {
    std::optional<unsigned> unknown;
    for (auto [id, coefficient] : form.getTerms()) {
      if (resolved[id])
        continue;
      if (unknown)
        return false;
      unknown = id;
    }
    if (!unknown || space.getVariable(*unknown).kind == Variable::Data ||
        space.getVariable(*unknown).kind == Variable::Source)
      return false;
    int64_t coefficient = form.getCoefficient(*unknown);
    LinearForm rest = form - LinearForm::variable(*unknown) * coefficient;
    gather.steps.push_back({GatherStep::Pin,
                            *unknown,
                            coefficient > 0 ? -rest : rest,
                            std::abs(coefficient),
                            {},
                            {}});
    resolved[*unknown] = true;
    looped[*unknown] = isLooped(rest);
    if (space.getVariable(*unknown).kind == Variable::Quotient)
      gather.quotients.push_back(*unknown);
    markUsed(form);
    return true;
  }

  /// An equation of the read that this equality (a multiple of) is needs no
  /// test.
  void markUsed(const LinearForm &form) {
    llvm::erase_if(equations, [&](const LinearForm &equation) {
      return equation == form || equation == -form;
    });
  }

  bool isLoopedData(unsigned id) const {
    const Variable &variable = space.getVariable(id);
    return looped[id] && (variable.kind == Variable::Data ||
                          variable.kind == Variable::Source);
  }

  /// Is there a reader that the cell gives while its range is data of what a
  /// loop runs over? (The edge of a weight, whose vertex is looked for.)
  bool rangesAreTests() const {
    auto isGiven = [&](unsigned id) {
      return llvm::any_of(gather.readers,
                          [&](auto reader) { return reader.second == id; }) &&
             !llvm::any_of(gather.steps, [&](const GatherStep &step) {
               return step.kind == GatherStep::Loop && step.variable == id;
             });
    };
    return llvm::any_of(ranges, [&](const Constraint &atom) {
      const auto &terms = atom.form.getTerms();
      return llvm::any_of(terms,
                          [&](auto t) { return isLoopedData(t.first); }) &&
             llvm::any_of(terms, [&](auto t) { return isGiven(t.first); });
    });
  }

  /// An equation whose variables are all known is a test. On a cell that is
  /// cheap; on what a loop runs over it makes the loop a filter.
  bool unusedEquationsAreTests() {
    bool filters = false;
    llvm::erase_if(equations, [&](const LinearForm &equation) {
      if (!isResolved(equation))
        return false;
      filters |= llvm::any_of(equation.getTerms(), [&](auto term) {
        return isLoopedData(term.first);
      });
      gather.tests.push_back(equation);
      return true;
    });
    return !filters;
  }

  std::optional<unsigned> nextReader() const {
    for (auto [value, id] : gather.readers)
      if (!resolved[id])
        return id;
    return std::nullopt;
  }

  /// Bounds `id` by what is known, the other unknowns projected out.
  bool loop(unsigned id) {
    std::vector<unsigned> others;
    unsigned column = 0;
    for (auto [c, other] : llvm::enumerate(columns)) {
      if (other == id)
        column = c;
      else if (!resolved[other])
        others.push_back(c);
    }
    Polyhedron shadow = sets::eliminate(relation, others).set;
    GatherStep step = {GatherStep::Loop, id, LinearForm(), 1, {}, {}};
    auto bound = [&](const AffineForm &row, int64_t sign) {
      int64_t coefficient = sign * row[column];
      if (!coefficient)
        return;
      LinearForm form = toForm(row) * sign;
      LinearForm rest = form - LinearForm::variable(id) * coefficient;
      if (coefficient > 0) // id >= -rest / coefficient
        step.lower.push_back({-rest, coefficient});
      else
        step.upper.push_back({rest, -coefficient});
    };
    sets::dropRedundant(shadow);
    for (unsigned i = 0; i < shadow.getNumInequalities(); ++i)
      bound(sets::inequality(shadow, i), 1);
    for (unsigned i = 0; i < shadow.getNumEqualities(); ++i)
      for (int64_t sign : {1, -1})
        bound(sets::equality(shadow, i), sign);
    if (step.lower.empty() || step.upper.empty())
      return false;
    resolved[id] = looped[id] = true;
    gather.steps.push_back(std::move(step));
    return true;
  }
};

std::optional<Gather> Gather::invert(dp::ProgramOp program,
                                     const ReadSite &site) {
  Gather gather(program);
  if (!Solver{gather, site}.run())
    return std::nullopt;
  return gather;
}

//===----------------------------------------------------------------------===//
// Emitting
//===----------------------------------------------------------------------===//

namespace {
class StepEmitter {
public:
  StepEmitter(OpBuilder &builder, Location loc, const AffineSpace &space)
      : builder(builder), loc(loc), space(space),
        values(space.getNumVariables()) {
    for (unsigned id = 0; id < space.getNumSizes(); ++id)
      values[id] = space.getVariable(id).value;
  }

  void set(unsigned id, Value value) { values[id] = value; }
  Value get(unsigned id) const { return values[id]; }

  void emit(const GatherStep &step) {
    switch (step.kind) {
    case GatherStep::Pin:
      values[step.variable] = emitPin(step);
      return;
    case GatherStep::Load:
      values[step.variable] = emitLoad(space.getVariable(step.variable));
      return;
    case GatherStep::Loop:
      values[step.variable] = emitLoop(step);
      return;
    }
  }

  void emitTest(const LinearForm &form) { emitZero(toExpr(form)); }

  void emitQuotientTest(unsigned id) {
    const Variable &variable = space.getVariable(id);
    AffineExpr quotient =
        toExpr(variable.operands[0]).floorDiv(variable.divisor);
    emitZero(quotient - toExpr(LinearForm::variable(id)));
  }

private:
  /// The form over `operands`, which it extends.
  AffineExpr toExpr(const LinearForm &form) {
    AffineExpr expr = builder.getAffineConstantExpr(form.getConstant());
    for (auto [id, coefficient] : form.getTerms()) {
      auto position = llvm::find(operands, values[id]) - operands.begin();
      if (position == static_cast<ptrdiff_t>(operands.size()))
        operands.push_back(values[id]);
      expr = expr + builder.getAffineDimExpr(position) * coefficient;
    }
    return expr;
  }

  AffineMap finish(ArrayRef<AffineExpr> results) {
    return AffineMap::get(operands.size(), 0, results, builder.getContext());
  }

  Value emitApply(AffineExpr expr) {
    Value result;
    if (auto constant = dyn_cast<AffineConstantExpr>(expr))
      result = builder.create<arith::ConstantIndexOp>(loc, constant.getValue());
    else if (auto dim = dyn_cast<AffineDimExpr>(expr))
      result = operands[dim.getPosition()];
    else
      result =
          builder.create<affine::AffineApplyOp>(loc, finish(expr), operands);
    operands.clear();
    return result;
  }

  void emitZero(AffineExpr expr) {
    Value value = emitApply(expr);
    Value zero = builder.create<arith::ConstantIndexOp>(loc, 0);
    builder.create<dp::WhereOp>(
        loc, builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, value,
                                           zero));
  }

  Value emitPin(const GatherStep &step) {
    if (step.divisor > 1)
      emitZero(toExpr(step.form) % step.divisor);
    AffineExpr expr = toExpr(step.form);
    return emitApply(step.divisor > 1 ? expr.floorDiv(step.divisor) : expr);
  }

  Value emitLoad(const Variable &variable) {
    if (variable.kind == Variable::Quotient)
      return emitApply(toExpr(variable.operands[0]).floorDiv(variable.divisor));
    SmallVector<Value> indices;
    for (const LinearForm &operand : variable.operands) {
      AffineExpr expr = toExpr(operand);
      indices.push_back(emitApply(expr));
    }
    if (auto source = dyn_cast<dp::SourceOp>(variable.op)) {
      guardExtents(source.getSources(), indices[0]);
      return builder.create<dp::SourceOp>(loc, source.getSources(), indices[0],
                                          indices[1]);
    }
    Value array = cast<dp::ReadOp>(variable.op).getArray();
    guardExtents(array, indices);
    return builder.create<dp::ReadOp>(loc, array, indices);
  }

  /// A reader reads the data in bounds; what is no reader must not read at all.
  void guardExtents(Value array, ValueRange indices) {
    auto input = array.getDefiningOp<dp::InputOp>();
    Value zero = builder.create<arith::ConstantIndexOp>(loc, 0);
    for (auto [index, extent] : llvm::zip(indices, input.getExtents())) {
      builder.create<dp::WhereOp>(
          loc, builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::sge,
                                             index, zero));
      builder.create<dp::WhereOp>(
          loc, builder.create<arith::CmpIOp>(loc, arith::CmpIPredicate::slt,
                                             index, extent));
    }
  }

  Value emitLoop(const GatherStep &step) {
    SmallVector<AffineExpr> lower, upper;
    for (const auto &[form, divisor] : step.lower)
      lower.push_back(toExpr(form).ceilDiv(divisor));
    Value from = emitExtreme<affine::AffineMaxOp>(lower);
    for (const auto &[form, divisor] : step.upper)
      upper.push_back(toExpr(form).floorDiv(divisor) + 1);
    Value to = emitExtreme<affine::AffineMinOp>(upper);
    return builder.create<dp::IterateOp>(
        loc, from, to,
        builder.getStringAttr(space.getVariable(step.variable).name));
  }

  template <typename Op> Value emitExtreme(ArrayRef<AffineExpr> exprs) {
    if (exprs.size() == 1)
      return emitApply(exprs.front());
    Value result = builder.create<Op>(loc, finish(exprs), operands);
    operands.clear();
    return result;
  }

  OpBuilder &builder;
  Location loc;
  const AffineSpace &space;
  std::vector<Value> values;
  SmallVector<Value> operands;
};
} // namespace

void Gather::emit(OpBuilder &builder, Location loc, ValueRange cell,
                  IRMapping &mapping) const {
  StepEmitter emitter(builder, loc, space);
  for (auto [id, value] : llvm::zip_equal(cellVariables, cell))
    emitter.set(id, value);
  for (const GatherStep &step : steps)
    emitter.emit(step);
  for (const LinearForm &test : tests)
    emitter.emitTest(test);
  for (unsigned id : quotients)
    emitter.emitQuotientTest(id);
  for (auto [value, id] : readers)
    mapping.map(value, emitter.get(id));
}
