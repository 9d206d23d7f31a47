//===- Diagnostics.cpp - errors and warnings of the compiler ----*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/frontend/Diagnostics.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <algorithm>
#include <tuple>

using namespace danskin;
using llvm::StringRef;

//===----------------------------------------------------------------------===//
// Source
//===----------------------------------------------------------------------===//

Source::Source(std::string name, std::string text)
    : fileName(std::move(name)), content(std::move(text)), lineStarts{0} {
  for (size_t at = content.find('\n'); at != std::string::npos;
       at = content.find('\n', at + 1))
    lineStarts.push_back(static_cast<uint32_t>(at + 1));
}

std::pair<unsigned, unsigned> Source::position(uint32_t offset) const {
  offset = std::min(offset, static_cast<uint32_t>(content.size()));
  auto after = std::upper_bound(lineStarts.begin(), lineStarts.end(), offset);
  unsigned line = static_cast<unsigned>(after - lineStarts.begin());
  return {line, offset - lineStarts[line - 1] + 1};
}

Location Source::locate(ast::Range range) const {
  auto [line, column] = position(range.begin);
  auto [endLine, endColumn] = position(std::max(range.begin, range.end));
  return {fileName, line, column, endLine, endColumn};
}

StringRef Source::line(unsigned number) const {
  if (number == 0 || number > lineStarts.size())
    return "";
  StringRef rest = StringRef(content).substr(lineStarts[number - 1]);
  return rest.take_until([](char c) { return c == '\n'; }).rtrim('\r');
}

//===----------------------------------------------------------------------===//
// Collecting
//===----------------------------------------------------------------------===//

const Source &Diagnostics::addSource(StringRef name, StringRef text) {
  auto entry =
      sources.insert_or_assign(name.str(), Source(name.str(), text.str()));
  return entry.first->second;
}

const Source *Diagnostics::findSource(StringRef name) const {
  auto found = sources.find(name.str());
  return found == sources.end() ? nullptr : &found->second;
}

Location Diagnostics::locate(StringRef file, ast::Range range) const {
  if (const Source *source = findSource(file))
    return source->locate(range);
  Location whole;
  whole.file = file.str();
  return whole;
}

Diagnostic &Diagnostics::add(Severity severity, StringRef code, Location where,
                             std::string message) {
  if (severity == Severity::Warning && warningsAreErrors)
    severity = Severity::Error;
  if (severity == Severity::Error)
    ++errors;
  Diagnostic diagnostic;
  diagnostic.severity = severity;
  diagnostic.code = code.str();
  diagnostic.message = std::move(message);
  diagnostic.where = std::move(where);
  collected.push_back(std::move(diagnostic));
  return collected.back();
}

Diagnostic &Diagnostics::error(StringRef code, Location where,
                               std::string message) {
  return add(Severity::Error, code, std::move(where), std::move(message));
}

Diagnostic &Diagnostics::warning(StringRef code, Location where,
                                 std::string message) {
  return add(Severity::Warning, code, std::move(where), std::move(message));
}

std::vector<const Diagnostic *> Diagnostics::sorted() const {
  std::map<llvm::StringRef, size_t> order;
  std::vector<const Diagnostic *> result;
  for (const Diagnostic &diagnostic : collected) {
    order.try_emplace(diagnostic.where.file, order.size());
    result.push_back(&diagnostic);
  }
  auto place = [&](const Diagnostic *d) {
    return std::make_tuple(order[d->where.file], d->where.line,
                           d->where.column);
  };
  std::stable_sort(result.begin(), result.end(),
                   [&](auto *a, auto *b) { return place(a) < place(b); });
  return result;
}

void Diagnostics::clear() {
  collected.clear();
  errors = 0;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

static const char *word(Severity severity) {
  return severity == Severity::Error ? "error" : "warning";
}

static void printPlace(const Location &where, llvm::raw_ostream &os) {
  os << where.file;
  if (where.line)
    os << ':' << where.line << ':' << where.column;
  os << ": ";
}

/// Bytes that would garble a terminal, or that are not UTF-8, become `?`.
static std::string printable(StringRef text) {
  std::string clean = llvm::json::fixUTF8(text);
  for (char &c : clean)
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t')
      c = '?';
  return clean;
}

/// Blanks as wide as `text`: one a character, tabs kept.
static std::string blanks(StringRef text) {
  std::string result;
  for (unsigned char c : text)
    if ((c & 0xC0) != 0x80)
      result += c == '\t' ? '\t' : ' ';
  return result;
}

void Diagnostics::printExcerpt(const Location &where,
                               llvm::raw_ostream &os) const {
  const Source *source = findSource(where.file);
  if (!source || where.line == 0)
    return;
  StringRef line = source->line(where.line);
  size_t from =
      std::min<size_t>(where.column ? where.column - 1 : 0, line.size());
  size_t to = where.endLine == where.line && where.endColumn > where.column
                  ? where.endColumn - 1
              : where.endLine > where.line ? line.size()
                                           : from + 1;
  // Of a very long line only the surroundings are shown.
  constexpr size_t before = 60, width = 120;
  if (line.size() > width && from > before) {
    line = line.drop_front(from - before);
    to -= from - before;
    from = before;
  }
  line = line.take_front(width);
  to = std::max(std::min(to, line.size()), from + 1);
  std::string head = printable(line.take_front(from));
  std::string marked = printable(line.slice(from, to));
  os << "   | " << head << marked
     << printable(line.drop_front(std::min(to, line.size()))) << "\n   | "
     << blanks(head) << '^';
  size_t marks = blanks(marked).size();
  os << std::string(marks > 1 ? marks - 1 : 0, '~') << '\n';
}

void Diagnostics::printText(const Diagnostic &diagnostic,
                            llvm::raw_ostream &os) const {
  printPlace(diagnostic.where, os);
  os << word(diagnostic.severity) << ": " << diagnostic.message << " ["
     << diagnostic.code << "]\n";
  printExcerpt(diagnostic.where, os);
  for (const Note &note : diagnostic.notes)
    if (note.where.line == 0)
      os << "   = " << note.message << '\n';
  for (const std::string &help : diagnostic.helps)
    os << "   = help: " << help << '\n';
  for (const Note &note : diagnostic.notes) {
    if (note.where.line == 0)
      continue;
    printPlace(note.where, os);
    os << "note: " << note.message << '\n';
    printExcerpt(note.where, os);
  }
}

void Diagnostics::print(llvm::raw_ostream &os) const {
  unsigned shown = 0, held = 0;
  for (const Diagnostic *entry : sorted()) {
    const Diagnostic &diagnostic = *entry;
    bool isError = diagnostic.severity == Severity::Error;
    if (isError && errorLimit && shown >= errorLimit) {
      ++held;
      continue;
    }
    shown += isError;
    printText(diagnostic, os);
  }
  if (held)
    os << "error: too many errors: " << held << " more not shown\n";
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

static llvm::json::Object jsonPlace(const Location &where) {
  llvm::json::Object object{{"file", llvm::json::fixUTF8(where.file)},
                            {"line", where.line},
                            {"column", where.column}};
  if (where.endLine) {
    object["endLine"] = where.endLine;
    object["endColumn"] = where.endColumn;
  }
  return object;
}

void Diagnostics::printJson(llvm::raw_ostream &os) const {
  for (const Diagnostic *entry : sorted()) {
    const Diagnostic &diagnostic = *entry;
    llvm::json::Object object = jsonPlace(diagnostic.where);
    object["severity"] = word(diagnostic.severity);
    object["code"] = diagnostic.code;
    object["message"] = llvm::json::fixUTF8(diagnostic.message);
    llvm::json::Array notes, helps, fixIts;
    for (const Note &note : diagnostic.notes) {
      llvm::json::Object part;
      if (note.where.line)
        part = jsonPlace(note.where);
      part["message"] = llvm::json::fixUTF8(note.message);
      notes.push_back(std::move(part));
    }
    for (const std::string &help : diagnostic.helps)
      helps.push_back(llvm::json::fixUTF8(help));
    for (const FixIt &fixIt : diagnostic.fixIts) {
      llvm::json::Object part = jsonPlace(fixIt.where);
      part["text"] = llvm::json::fixUTF8(fixIt.text);
      fixIts.push_back(std::move(part));
    }
    object["notes"] = std::move(notes);
    object["helps"] = std::move(helps);
    object["fixIts"] = std::move(fixIts);
    os << llvm::json::Value(std::move(object)) << '\n';
  }
}

//===----------------------------------------------------------------------===//
// Suggestions
//===----------------------------------------------------------------------===//

StringRef danskin::nearestName(StringRef name,
                               const std::vector<StringRef> &candidates) {
  // A third of the letters may differ; of a one-letter name only the case.
  unsigned best = static_cast<unsigned>(name.size()) / 3 + (name.size() > 1);
  StringRef nearest;
  for (StringRef candidate : candidates) {
    if (candidate.equals_insensitive(name))
      return candidate;
    unsigned distance = name.edit_distance(candidate, true, best);
    if (distance <= best &&
        distance < std::max(name.size(), candidate.size()) &&
        (nearest.empty() || distance < best)) {
      best = distance;
      nearest = candidate;
    }
  }
  return nearest;
}
