/*===- lanes.c - which kernels compute several instances ----------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"

/* Lanes take a workspace each; beyond this, for all threads together, they wait
 * for one another's. */
#define MOST_BYTES (INT64_C(2) << 30)

/* Two alone are faster than lanes that are mostly empty, and cells side by side
 * in one instance faster than the same cell of as many. */
int dp_prefers_one(const dp_lanes *lanes, int64_t count, const int64_t *sizes) {
  return count < 3 || (lanes->cells && lanes->cells(sizes) >= count);
}

/* Would no group of instances take lanes? Then each is a task of its own. */
static int is_alone(const dp_plan *plan, const dp_lanes *lanes) {
  int64_t count = plan->batch < lanes->lanes ? plan->batch : lanes->lanes;
  return !plan->is_ragged && dp_prefers_one(lanes, count, plan->sizes);
}

/* Results depend on the processor alone: where there is a kernel for one
 * instance, the first that it can run is taken whatever the batch. */
void dp_choose_lanes(dp_plan *plan) {
  plan->lanes = NULL;
  plan->width = 1;
  int64_t bytes = plan->kernel + plan->ints + plan->parts;
  int64_t threads = dp_processors(plan->call->max_threads);
  for (int32_t i = 0; i < plan->entry->num_lanes; ++i) {
    const dp_lanes *lanes = &plan->entry->lanes[i];
    int64_t tasks = plan->batch / lanes->lanes + 1;
    int64_t slots = threads < tasks ? threads : tasks;
    int is_wide = lanes->run && !is_alone(plan, lanes) &&
                  bytes <= MOST_BYTES / lanes->lanes / slots;
    if (lanes->isa > dp_host_isa() || (!is_wide && !lanes->one))
      continue;
    plan->lanes = lanes;
    plan->width = is_wide ? lanes->lanes : 1;
    return;
  }
}
