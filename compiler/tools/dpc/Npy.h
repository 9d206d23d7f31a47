//===- Npy.h - arrays in files of numpy -------------------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The `.npy` format, versions 1 to 3: a magic, a Python dictionary as text, and
// the elements.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_TOOLS_DPC_NPY_H
#define DANSKIN_TOOLS_DPC_NPY_H

#include "compiler/reference/Tensor.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <variant>

namespace danskin {

/// An array as it was read: f4 and f8 widened to double, bools and all integers
/// that fit to int64, in row-major order.
struct NpyArray {
  std::variant<reference::Tensor, reference::IntTensor> array;
  bool isSingle = false; ///< the file has f4

  bool isFloat() const { return array.index() == 0; }
  const reference::Shape &getShape() const;
};

/// Reads f4, f8, i1 to i8, u1 to u8 and bool, of either byte order, C and
/// Fortran order.
llvm::Expected<NpyArray> readNpy(llvm::StringRef path);
/// `bytes` is the content of the file called `path`.
llvm::Expected<NpyArray> parseNpy(llvm::StringRef bytes, llvm::StringRef path);

/// Writes f8, or f4 if `isSingle`.
llvm::Error writeNpy(llvm::StringRef path, const reference::Tensor &tensor,
                     bool isSingle);
/// Writes i8.
llvm::Error writeNpy(llvm::StringRef path, const reference::IntTensor &tensor);

} // namespace danskin

#endif // DANSKIN_TOOLS_DPC_NPY_H
