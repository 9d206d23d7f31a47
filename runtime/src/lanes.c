/*===- lanes.c - which kernels compute several instances ----------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"
#ifdef __x86_64__
#include <cpuid.h>
#endif

/* Lanes take a workspace each; beyond this, for all threads together, they wait
 * for one another's. */
#define MOST_BYTES (INT64_C(2) << 30)

#ifdef __x86_64__
static uint64_t enabled_state(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (uint64_t)high << 32 | low;
}

static int has_all(uint32_t flags, uint32_t wanted) {
  return (flags & wanted) == wanted;
}

/* x86-64-v3 and v4, as compilers name them; the system must keep the registers.
 */
static int find_isa(void) {
  uint32_t a, b, c, d, extended;
  if (!__get_cpuid(0x80000001, &a, &b, &extended, &d) ||
      !__get_cpuid(1, &a, &b, &c, &d) ||
      !has_all(c, bit_FMA | bit_MOVBE | bit_OSXSAVE | bit_AVX | bit_F16C) ||
      !has_all(extended, bit_LZCNT))
    return DP_ISA_ANY;
  uint64_t state = enabled_state();
  if ((state & 0x6) != 0x6 || !__get_cpuid_count(7, 0, &a, &b, &c, &d) ||
      !has_all(b, bit_BMI | bit_AVX2 | bit_BMI2))
    return DP_ISA_ANY;
  if ((state & 0xe6) != 0xe6 ||
      !has_all(b, bit_AVX512F | bit_AVX512DQ | bit_AVX512CD | bit_AVX512BW |
                      bit_AVX512VL))
    return DP_ISA_AVX2;
  return DP_ISA_AVX512;
}
#else
static int find_isa(void) { return DP_ISA_ANY; }
#endif

static int has_isa(int32_t isa) {
  static int found; /* 1 + what find_isa says; 0: not asked yet */
  int known = __atomic_load_n(&found, __ATOMIC_RELAXED);
  if (!known) {
    known = 1 + find_isa();
    __atomic_store_n(&found, known, __ATOMIC_RELAXED);
  }
  return isa < known;
}

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
    if (!has_isa(lanes->isa) || (!is_wide && !lanes->one))
      continue;
    plan->lanes = lanes;
    plan->width = is_wide ? lanes->lanes : 1;
    return;
  }
}
