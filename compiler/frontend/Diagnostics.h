//===- Diagnostics.h - errors and warnings of the compiler ------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One engine for the whole compiler. The front end reports at byte ranges of a
// source it has added; passes, which only know (file, line, column), report at
// a Location. Diagnostics are collected and printed at the end, as text in
// clang's manner or as JSON, one object a line.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_FRONTEND_DIAGNOSTICS_H
#define DANSKIN_FRONTEND_DIAGNOSTICS_H

#include "compiler/frontend/Ast.h"
#include "llvm/ADT/StringRef.h"
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace danskin {

enum class Severity { Error, Warning };

/// A place in a file. Lines and columns count from 1, columns in bytes; line 0
/// means the file as a whole. The end is exclusive, and optional (0).
struct Location {
  std::string file;
  unsigned line = 0, column = 0;
  unsigned endLine = 0, endColumn = 0;
};

/// Replace the text at `where` (empty: insert before it) by `text`.
struct FixIt {
  Location where;
  std::string text;
};

/// More to say about a diagnostic, perhaps about another place.
struct Note {
  std::string message;
  Location where; ///< line 0: about the diagnostic's own place
};

struct Diagnostic {
  Severity severity = Severity::Error;
  std::string code; ///< "E0301"
  std::string message;
  Location where;
  std::vector<Note> notes;
  std::vector<std::string> helps;
  std::vector<FixIt> fixIts;

  Diagnostic &note(std::string message) {
    notes.push_back({std::move(message), {}});
    return *this;
  }
  Diagnostic &note(Location at, std::string message) {
    notes.push_back({std::move(message), std::move(at)});
    return *this;
  }
  Diagnostic &help(std::string message) {
    helps.push_back(std::move(message));
    return *this;
  }
  Diagnostic &fixIt(Location at, std::string text) {
    fixIts.push_back({std::move(at), std::move(text)});
    return *this;
  }
};

/// A source text with its table of lines.
class Source {
public:
  Source(std::string name, std::string text);
  llvm::StringRef name() const { return fileName; }
  llvm::StringRef text() const { return content; }
  Location locate(ast::Range range) const;
  /// Line `number` without its line break; empty where there is none.
  llvm::StringRef line(unsigned number) const;

private:
  std::pair<unsigned, unsigned> position(uint32_t offset) const;
  std::string fileName, content;
  std::vector<uint32_t> lineStarts;
};

class Diagnostics {
public:
  /// Keeps the text, so that excerpts of it can be shown. Adding a name again
  /// replaces the text.
  const Source &addSource(llvm::StringRef name, llvm::StringRef text);
  const Source *findSource(llvm::StringRef name) const;
  /// The place of a byte range of an added source; without such a source, the
  /// file as a whole.
  Location locate(llvm::StringRef file, ast::Range range) const;

  /// The reference stays valid: notes, helps and fix-its are added to it.
  Diagnostic &error(llvm::StringRef code, Location where, std::string message);
  Diagnostic &warning(llvm::StringRef code, Location where,
                      std::string message);

  bool hasErrors() const { return errors != 0; }
  unsigned errorCount() const { return errors; }
  const std::deque<Diagnostic> &all() const { return collected; }
  void clear();

  /// `-Werror`: from now on warnings are errors.
  bool warningsAreErrors = false;
  /// Errors printed as text before the rest is only counted; 0: no limit.
  unsigned errorLimit = 20;

  void print(llvm::raw_ostream &os) const;
  /// `--diagnostics-format=json`.
  void printJson(llvm::raw_ostream &os) const;

private:
  Diagnostic &add(Severity severity, llvm::StringRef code, Location where,
                  std::string message);
  /// Those of one file by place, files in the order they first occur.
  std::vector<const Diagnostic *> sorted() const;
  void printText(const Diagnostic &diagnostic, llvm::raw_ostream &os) const;
  void printExcerpt(const Location &where, llvm::raw_ostream &os) const;

  std::map<std::string, Source, std::less<>> sources;
  std::deque<Diagnostic> collected;
  unsigned errors = 0;
};

/// The candidate nearest to `name` by edit distance, where one is near enough
/// to be what was meant; empty otherwise.
llvm::StringRef nearestName(llvm::StringRef name,
                            const std::vector<llvm::StringRef> &candidates);

} // namespace danskin

#endif // DANSKIN_FRONTEND_DIAGNOSTICS_H
