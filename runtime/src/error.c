/*===- error.c - messages in the caller's buffer ------------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(const dp_call *call, const char *format, va_list arguments) {
  if (!call->error || call->error_bytes <= 0)
    return;
  size_t room = (size_t)call->error_bytes;
  size_t used = strlen(call->error);
  if (used < room)
    vsnprintf(call->error + used, room - used, format, arguments);
}

void dp_note(const dp_plan *plan, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append(plan->call, format, arguments);
  va_end(arguments);
}

int dp_fail_done(const dp_plan *plan, int code) {
  dp_note(plan, " [R%02d]", code);
  return code;
}

int dp_fail(const dp_plan *plan, int code, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  append(plan->call, format, arguments);
  va_end(arguments);
  return dp_fail_done(plan, code);
}
