//===- Describe.h - what a program looks like to its callers ------*- C++
//-*-===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef DANSKIN_PIPELINE_DESCRIBE_H
#define DANSKIN_PIPELINE_DESCRIBE_H

#include "compiler/target/Interface.h"
#include "dialects/dp/Dp.h"

namespace danskin {

/// The interface of the entry that `program` answers, for one element type.
/// Expects a program at a stage where its inputs and outputs are final. `text`
/// is the source, for the declarations that messages quote.
EntryInterface describeEntry(mlir::dp::ProgramOp program, llvm::StringRef dtype,
                             llvm::StringRef text);

} // namespace danskin

#endif // DANSKIN_PIPELINE_DESCRIBE_H
