//===- AstPrinter.cpp - the tree as text ------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Frontend.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace danskin;
using namespace danskin::ast;

namespace {

/// One node a line, children indented below it. Names are followed by what
/// they were resolved to, expressions by their type where it is int.
class Printer {
public:
  explicit Printer(llvm::raw_ostream &os) : os(os) {}
  void print(const File &file);

private:
  /// Indents what is printed while it lives.
  struct Indent {
    explicit Indent(Printer &printer) : printer(printer) { ++printer.depth; }
    ~Indent() { --printer.depth; }
    Printer &printer;
  };

  llvm::raw_ostream &line() { return os.indent(2 * depth); }
  void print(const Program &program);
  void print(const InputDecl &input);
  void print(const Equation &equation);
  void print(const Binders &binders);
  void print(const Binder &binder);
  void print(const RegRef &reg);
  void print(const Expr &expr);
  void print(const Cond &cond);
  void printLeaf(const Expr &expr);
  void printChildren(const Expr &expr);
  void printChoice(const ChoiceExpr &choice);
  /// A line `title`, and `child` below it.
  template <typename Child> void under(llvm::StringRef title, Child &child) {
    line() << title << '\n';
    Indent indent(*this);
    print(child);
  }

  llvm::raw_ostream &os;
  unsigned depth = 0;
};

} // namespace

static const char *word(const Decl *decl) {
  static const char *const words[] = {"size", "input", "let", "table",
                                      "binder"};
  return decl ? words[decl->kind] : "unresolved";
}

static const char *word(CallExpr::Function function) {
  static const char *const words[] = {"exp",  "log",  "sqrt", "abs",
                                      "tanh", "fmax", "fmin", "clamp"};
  return words[function];
}

static const char *word(BinaryExpr::Op op) {
  static const char *const words[] = {"+", "-", "*", "/", "^"};
  return words[op];
}

static const char *word(CompareCond::Op op) {
  static const char *const words[] = {"==", "!=", "<", "<=", ">", ">="};
  return words[op];
}

static const char *word(SizeDecl::Constraint constraint) {
  static const char *const words[] = {"", " ==", " >=", " <="};
  return words[constraint];
}

static const char *word(ChoiceExpr::Op op) {
  static const char *const words[] = {"max", "min", "sum"};
  return words[op];
}

//===----------------------------------------------------------------------===//
// Items
//===----------------------------------------------------------------------===//

void Printer::print(const File &file) {
  line() << "file edition " << file.edition << '\n';
  Indent indent(*this);
  for (const auto &program : file.programs)
    print(*program);
}

void Printer::print(const Program &program) {
  line() << "program " << program.name << '\n';
  Indent indent(*this);
  if (program.reg)
    print(*program.reg);
  for (const auto &size : program.sizes) {
    line() << "size " << size->name << word(size->constraint) << '\n';
    Indent bound(*this);
    if (size->bound)
      print(*size->bound);
  }
  for (const auto &input : program.inputs)
    print(*input);
  for (const auto &let : program.lets) {
    line() << "let " << let->name << '\n';
    Indent body(*this);
    print(let->binders);
    print(*let->body);
  }
  for (const auto &table : program.tables) {
    line() << "table " << table->name << '\n';
    Indent domain(*this);
    print(table->binders);
    if (table->where)
      under("where", *table->where);
  }
  for (const auto &equation : program.equations)
    print(*equation);
  for (const auto &output : program.outputs) {
    line() << "output " << output->name << '\n';
    Indent body(*this);
    print(output->binders);
    print(*output->body);
  }
}

void Printer::print(const InputDecl &input) {
  static const char *const elements[] = {"float", "int", "dag"};
  line() << (input.shared ? "shared input " : "input ") << input.name << ' '
         << elements[input.element] << '\n';
  Indent indent(*this);
  for (unsigned i = 0; i < input.rank(); ++i) {
    line() << "extent";
    if (input.indices[i])
      os << ' ' << input.indices[i]->name;
    os << '\n';
    Indent extent(*this);
    print(*input.extents[i]);
  }
  if (!input.values)
    return;
  line() << "values " << (input.values->inclusive ? "..=" : "..") << '\n';
  Indent range(*this);
  print(*input.values->lower);
  print(*input.values->upper);
}

void Printer::print(const Equation &equation) {
  line() << "equation " << equation.tableName << " #" << equation.ordinal
         << (equation.otherwise ? " otherwise" : "") << '\n';
  Indent indent(*this);
  for (const Pattern &pattern : equation.patterns) {
    if (pattern.variable)
      line() << "variable " << pattern.variable->name << '\n';
    else
      under("value", *pattern.value);
  }
  if (equation.when)
    under("when", *equation.when);
  print(*equation.body);
}

void Printer::print(const Binders &binders) {
  for (const auto &binder : binders)
    print(*binder);
}

void Printer::print(const Binder &binder) {
  line() << "for " << binder.name << ' ';
  const IndexRange &values = *binder.values;
  Indent indent(*this);
  if (values.isEdges()) {
    os << "edges of " << values.graphName << '\n';
    print(*values.vertex);
    return;
  }
  os << (values.inclusive ? "..=" : "..") << '\n';
  print(*values.lower);
  print(*values.upper);
}

void Printer::print(const RegRef &reg) {
  line() << "reg " << reg.name << '\n';
  Indent indent(*this);
  for (const ExprPtr &argument : reg.arguments)
    print(*argument);
  if (reg.gamma)
    under("gamma", *reg.gamma);
}

//===----------------------------------------------------------------------===//
// Expressions and conditions
//===----------------------------------------------------------------------===//

void Printer::printLeaf(const Expr &expr) {
  if (auto *number = llvm::dyn_cast<NumberExpr>(&expr)) {
    os << "number ";
    if (number->isInteger)
      os << number->integer;
    else
      os << llvm::format("%.17g", number->value);
  } else if (llvm::isa<NoneExpr>(expr)) {
    os << "none";
  } else if (auto *var = llvm::dyn_cast<VarExpr>(&expr)) {
    os << word(var->decl) << ' ' << var->name;
  } else if (auto *read = llvm::dyn_cast<ReadExpr>(&expr)) {
    os << "read " << word(read->decl) << ' ' << read->name
       << (read->optional ? " ?" : "");
  } else if (auto *source = llvm::dyn_cast<SourceExpr>(&expr)) {
    os << "source " << source->graphName;
  } else if (auto *call = llvm::dyn_cast<CallExpr>(&expr)) {
    os << "call " << word(call->function);
  } else if (auto *binary = llvm::dyn_cast<BinaryExpr>(&expr)) {
    os << "binary " << word(binary->op)
       << (binary->op == BinaryExpr::Div && binary->inIndex ? " floor" : "");
  } else if (auto *choice = llvm::dyn_cast<ChoiceExpr>(&expr)) {
    os << word(choice->op);
  } else {
    os << (llvm::isa<NegateExpr>(expr) ? "negate" : "if");
  }
}

void Printer::print(const Expr &expr) {
  line();
  printLeaf(expr);
  os << (expr.type == Type::Int ? " : int\n" : "\n");
  Indent indent(*this);
  printChildren(expr);
}

void Printer::printChildren(const Expr &expr) {
  if (auto *read = llvm::dyn_cast<ReadExpr>(&expr)) {
    for (const ExprPtr &index : read->indices)
      print(*index);
    if (read->otherwise)
      under("else", *read->otherwise);
  } else if (auto *source = llvm::dyn_cast<SourceExpr>(&expr)) {
    print(*source->edge);
  } else if (auto *call = llvm::dyn_cast<CallExpr>(&expr)) {
    for (const ExprPtr &argument : call->arguments)
      print(*argument);
  } else if (auto *negate = llvm::dyn_cast<NegateExpr>(&expr)) {
    print(*negate->operand);
  } else if (auto *binary = llvm::dyn_cast<BinaryExpr>(&expr)) {
    print(*binary->lhs);
    print(*binary->rhs);
  } else if (auto *conditional = llvm::dyn_cast<IfExpr>(&expr)) {
    print(*conditional->condition);
    under("then", *conditional->thenValue);
    under("else", *conditional->elseValue);
  } else if (auto *choice = llvm::dyn_cast<ChoiceExpr>(&expr)) {
    printChoice(*choice);
  }
}

void Printer::printChoice(const ChoiceExpr &choice) {
  if (choice.reg)
    print(*choice.reg);
  for (const Alternative &alternative : choice.alternatives) {
    line() << "alternative";
    if (!alternative.label.empty())
      os << ' ' << alternative.label;
    os << '\n';
    Indent indent(*this);
    print(alternative.binders);
    if (alternative.guard)
      under("guard", *alternative.guard);
    print(*alternative.body);
  }
}

void Printer::print(const Cond &cond) {
  if (auto *compare = llvm::dyn_cast<CompareCond>(&cond)) {
    line() << "compare " << word(compare->op) << '\n';
    Indent indent(*this);
    print(*compare->lhs);
    print(*compare->rhs);
  } else if (auto *negation = llvm::dyn_cast<NotCond>(&cond)) {
    under("not", *negation->operand);
  } else {
    auto &logic = llvm::cast<LogicCond>(cond);
    line() << (logic.kind == Cond::And ? "and" : "or") << '\n';
    Indent indent(*this);
    print(*logic.lhs);
    print(*logic.rhs);
  }
}

void danskin::printAst(const File &file, llvm::raw_ostream &os) {
  Printer(os).print(file);
}
