//===- Tensor.h - dense arrays of the reference -----------------*- C++ -*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Row-major arrays of double or int64 that own their elements.
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_REFERENCE_TENSOR_H
#define DANSKIN_REFERENCE_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include <cassert>
#include <cstdint>
#include <string>
#include <vector>

namespace danskin::reference {

using Shape = std::vector<int64_t>;

/// The number of elements of an array of this shape.
int64_t countElements(llvm::ArrayRef<int64_t> shape);

/// `(3, 4)`, as messages say it.
std::string toString(llvm::ArrayRef<int64_t> shape);

/// The row-major place of an element; every index must be within `shape`.
inline int64_t flatten(llvm::ArrayRef<int64_t> index,
                       llvm::ArrayRef<int64_t> shape) {
  assert(index.size() == shape.size() && "one index a dimension");
  int64_t flat = 0;
  for (size_t d = 0; d < shape.size(); ++d)
    flat = flat * shape[d] + index[d];
  return flat;
}

/// Moves `index` to the next element in row-major order; false after the last.
bool nextIndex(llvm::MutableArrayRef<int64_t> index,
               llvm::ArrayRef<int64_t> shape);

template <class Element> struct Array {
  Shape shape;
  std::vector<Element> data;

  Array() : data(1) {} // of rank 0
  explicit Array(Shape shape, Element fill = Element())
      : shape(std::move(shape)), data(countElements(this->shape), fill) {}
  Element &at(llvm::ArrayRef<int64_t> index) {
    return data[flatten(index, shape)];
  }
  const Element &at(llvm::ArrayRef<int64_t> index) const {
    return data[flatten(index, shape)];
  }
};

using Tensor = Array<double>;
using IntTensor = Array<int64_t>;

} // namespace danskin::reference

#endif // DANSKIN_REFERENCE_TENSOR_H
