//===- CheckJson.cpp - dpc check --json -----------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/CheckJson.h"
#include "compiler/frontend/AstWalk.h"
#include "compiler/reference/Sizes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace danskin;
using namespace danskin::ast;
using llvm::StringRef;

namespace {
class ProgramWriter {
public:
  ProgramWriter(const Program &program, StringRef text,
                llvm::json::OStream &json)
      : program(program), text(text), json(json) {}

  void writeSizes() {
    const char *relations[] = {"", "== ", ">= ", "<= "};
    std::vector<std::string> free = reference::getFreeSizes(program);
    json.attributeArray("sizes", [&] {
      for (const auto &size : program.sizes)
        json.object([&] {
          json.attribute("name", size->name);
          if (size->bound)
            json.attribute("constraint", relations[size->constraint] +
                                             quote(size->bound->range));
          json.attribute("argument", llvm::is_contained(free, size->name));
        });
    });
  }

  void writeInputs() {
    const char *elements[] = {"float", "int", "dag"};
    json.attributeArray("inputs", [&] {
      for (const auto &input : program.inputs)
        json.object([&] {
          json.attribute("name", input->name);
          json.attribute("element", elements[input->element]);
          json.attributeArray("shape", [&] {
            for (const ExprPtr &extent : input->extents)
              json.value(quote(extent->range));
          });
          if (input->values)
            json.attribute("values", quote(input->values->range));
          json.attribute("shared", input->shared);
        });
    });
  }

  void writeLets() {
    json.attributeArray("lets", [&] {
      for (const auto &let : program.lets)
        json.object([&] {
          json.attribute("name", let->name);
          writeIndices(let->binders);
          writeReads(*let->body);
        });
    });
  }

  void writeTables() {
    json.attributeArray("tables", [&] {
      for (const auto &table : program.tables)
        json.object([&] {
          json.attribute("name", table->name);
          writeIndices(table->binders);
          json.attributeArray("equations", [&] {
            for (const Equation *equation : table->equations)
              json.object([&] {
                writeChoices(*equation->body);
                writeReads(*equation->body);
              });
          });
        });
    });
  }

  void writeOutputs() {
    json.attributeArray("outputs", [&] {
      for (const auto &output : program.outputs)
        json.object([&] {
          json.attribute("name", output->name);
          writeIndices(output->binders);
          writeChoices(*output->body);
          writeReads(*output->body);
        });
    });
  }

private:
  std::string quote(Range range) {
    return text.slice(range.begin, range.end).str();
  }

  void writeIndices(const Binders &binders) {
    json.attributeArray("indices", [&] {
      for (const auto &binder : binders)
        json.object([&] {
          json.attribute("name", binder->name);
          if (binder->values)
            json.attribute("range", quote(binder->values->range));
        });
    });
  }

  /// Those of which a path has rows, in the order of the text.
  void writeChoices(const Expr &body) {
    json.attributeArray("choices", [&] {
      walk(body, [&](const Expr &expr) {
        auto *choice = llvm::dyn_cast<ChoiceExpr>(&expr);
        if (choice && choice->op != ChoiceExpr::Sum)
          json.array([&] {
            for (const Alternative &alternative : choice->alternatives)
              json.object([&] {
                json.attribute("label", alternative.label);
                writeIndices(alternative.binders);
              });
          });
      });
    });
  }

  /// What it reads, each once, in the order of the text.
  void writeReads(const Expr &body) {
    std::vector<std::vector<std::string>> reads;
    auto add = [&](std::vector<std::string> words) {
      if (!llvm::is_contained(reads, words))
        reads.push_back(std::move(words));
    };
    walk(body, [&](const Expr &expr) {
      if (auto *read = llvm::dyn_cast<ReadExpr>(&expr)) {
        std::vector<std::string> words = {read->name};
        for (const ExprPtr &index : read->indices)
          words.push_back(quote(index->range));
        add(std::move(words));
      } else if (auto *source = llvm::dyn_cast<SourceExpr>(&expr)) {
        add({source->graphName, quote(source->edge->range)});
      } else if (auto *name = llvm::dyn_cast<VarExpr>(&expr)) {
        if (llvm::isa<InputDecl, LetDecl>(name->decl))
          add({name->name});
      }
    });
    json.attributeArray("reads", [&] {
      for (const std::vector<std::string> &words : reads)
        json.object([&] {
          json.attribute("name", words.front());
          json.attributeArray("indices", [&] {
            for (StringRef word : llvm::drop_begin(words))
              json.value(word);
          });
        });
    });
  }

  const Program &program;
  StringRef text;
  llvm::json::OStream &json;
};
} // namespace

void danskin::writeProgramJson(const Program &program, StringRef text,
                               llvm::ArrayRef<std::string> entries,
                               const ProgramReport &report,
                               llvm::json::OStream &json) {
  ProgramWriter writer(program, text, json);
  json.object([&] {
    json.attribute("name", program.name);
    json.attribute("regularizer", program.reg ? program.reg->name : "hard");
    json.attributeArray("entries", [&] {
      for (const std::string &entry : entries)
        json.value(entry);
    });
    writer.writeSizes();
    writer.writeInputs();
    writer.writeLets();
    writer.writeTables();
    writer.writeOutputs();
    json.attribute("class", toString(report.programClass));
    json.attributeArray("schedule", [&] {
      for (StringRef line : llvm::split(report.scheduleText, '\n'))
        if (!line.empty())
          json.value(line);
    });
    json.attribute("width", report.width.toString(report.sizes));
    json.attribute("cost", report.cost.toString(report.sizes));
    json.attribute("memory", report.memory.toString(report.sizes));
  });
}
