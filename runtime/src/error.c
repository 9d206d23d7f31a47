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

dp_subject dp_array_subject(const dp_plan *plan, int32_t index) {
  const dp_entry *entry = plan->entry;
  if (index < entry->num_inputs) {
    const dp_input *input = &entry->inputs[index];
    dp_subject subject = {"input", input->name, "", input->declaration};
    return subject;
  }
  const dp_output *output = &entry->outputs[index - entry->num_inputs];
  dp_subject subject = {"output", output->name, "like ", NULL};
  if (output->follows >= 0)
    subject.declaration = entry->inputs[output->follows].declaration;
  return subject;
}

dp_subject dp_size_subject(const dp_plan *plan, int32_t k) {
  dp_subject subject = {"size", plan->entry->sizes[k].name, "", NULL};
  return subject;
}

dp_subject dp_length_subject(const dp_plan *plan, int32_t k) {
  dp_subject subject = {"length of", plan->entry->sizes[k].name, "", NULL};
  return subject;
}

void dp_begin_at(const dp_plan *plan, const dp_subject *subject) {
  dp_note(plan, "%s `%s`: ", subject->what, subject->name);
}

int dp_end_at(const dp_plan *plan, const dp_subject *subject, int code) {
  if (subject->declaration && subject->declaration[0])
    dp_note(plan, " (%s%s)", subject->relation, subject->declaration);
  return dp_fail_done(plan, code);
}

int dp_fail_at(const dp_plan *plan, const dp_subject *subject, int code,
               const char *format, ...) {
  va_list arguments;
  dp_begin_at(plan, subject);
  va_start(arguments, format);
  append(plan->call, format, arguments);
  va_end(arguments);
  return dp_end_at(plan, subject, code);
}
