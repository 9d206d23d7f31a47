/*===- device.c - a call whose kernels run on a device ------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* The host looks at shapes alone and writes down for the kernel where
|* everything is; the kernel does for each instance what run.c does on the CPU.
|* The workspace: a status an instance, then the blocks', then the instances'
|* terms of sums.
|*
\*===----------------------------------------------------------------------===*/
#include "plan.h"
#include <string.h>

/* Blocks take instances in turn: more blocks than that keep no GPU busier,
 * fewer than MIN_BLOCKS leave parts of it idle. Between them workspace decides.
 */
enum { MAX_BLOCKS = 1056, MIN_BLOCKS = 132, SUM_BLOCKS = 264 };
enum { FEW_THREADS = 1 << 15, RESIDENT_THREADS = 2048 };
static const int64_t MUCH_WORKSPACE = (int64_t)4 << 30;

static int is_cuda(const dp_tensor *tensor) {
  return tensor->device.device_type == DP_CUDA ||
         tensor->device.device_type == DP_CUDA_MANAGED;
}

const dp_tensor *dp_find_gpu(const dp_entry *entry, const dp_call *call) {
  if (!entry->device || entry->device->emulator)
    return NULL;
  for (int32_t i = 0; i < entry->num_inputs; ++i)
    if (call->inputs[i] && is_cuda(call->inputs[i]))
      return call->inputs[i];
  return NULL;
}

/* An emulated device is wherever arrays are. */
void dp_choose_device(dp_plan *plan) {
  const dp_device_kernels *device = plan->entry->device;
  const dp_tensor *tensor = dp_find_gpu(plan->entry, plan->call);
  if (tensor)
    memcpy(&plan->place, &tensor->device, sizeof plan->place);
  if (tensor || (device && device->emulator))
    plan->device = device;
}

int dp_is_at_device(const dp_plan *plan, const dp_tensor *tensor) {
  if (plan->device && !plan->device->emulator)
    return is_cuda(tensor) && tensor->device.device_id == plan->place.device_id;
  return dp_is_at_cpu(tensor);
}

static int64_t bytes_of_numbers(const dp_plan *plan) {
  return dp_round_up((int64_t)plan->entry->num_inputs * 8);
}

static int64_t block_bytes(const dp_plan *plan) {
  return bytes_of_numbers(plan) + plan->kernel + plan->ints;
}

static int64_t count_blocks(const dp_plan *plan) {
  int64_t bytes = block_bytes(plan);
  int64_t blocks = bytes ? MUCH_WORKSPACE / bytes : MAX_BLOCKS;
  if (blocks < MIN_BLOCKS)
    blocks = MIN_BLOCKS;
  if (blocks > MAX_BLOCKS)
    blocks = MAX_BLOCKS;
  return plan->batch < blocks ? plan->batch : blocks;
}

static int64_t status_bytes(const dp_plan *plan) {
  return dp_round_up(plan->batch * 4);
}

/* Bytes of all terms of an output that is a sum; -1: too many. */
static int64_t term_bytes(const dp_plan *plan, const dp_array *array,
                          int32_t rank, const int64_t *shape) {
  int64_t count = dp_box_count(rank, shape), bytes;
  if (count < 0 || __builtin_mul_overflow(count, plan->batch, &bytes) ||
      __builtin_mul_overflow(bytes, (int64_t)array->bytes, &bytes) ||
      bytes > INT64_MAX - 63)
    return -1;
  return dp_round_up(bytes);
}

int dp_lay_out_device(dp_plan *plan) {
  int64_t total;
  int is_large =
      plan->batch > INT64_MAX / 64 ||
      __builtin_mul_overflow(block_bytes(plan), count_blocks(plan), &total) ||
      __builtin_add_overflow(total, status_bytes(plan), &total);
  const int64_t *shape = plan->output_shapes;
  for (int32_t o = 0; o < plan->entry->num_outputs && !is_large; ++o) {
    const dp_array *array = &plan->arrays[plan->entry->num_inputs + o];
    int32_t rank = plan->entry->outputs[o].rank;
    int64_t bytes = array->is_sum ? term_bytes(plan, array, rank, shape) : 0;
    is_large = bytes < 0 || __builtin_add_overflow(total, bytes, &total);
    shape += rank;
  }
  if (is_large || total > INT64_MAX - 63)
    return dp_fail(plan, DP_ERROR_WORKSPACE,
                   "the workspace exceeds 2^63 bytes");
  plan->workspace_bytes = total ? total + 63 : 0;
  return DP_OK;
}

/*===--- The kernels' argument --------------------------------------------===*/

static int64_t to_word(const void *pointer) {
  return (int64_t)(uintptr_t)pointer;
}

static int64_t *write_size(const dp_plan *plan, int32_t k, int64_t *words) {
  const dp_tensor *length = dp_find_lengths(plan, k);
  words[DP_SIZE_WORD_PADDED] = plan->sizes[k];
  words[DP_SIZE_WORD_LENGTHS] = 0;
  words[DP_SIZE_WORD_STEP] = 0;
  words[DP_SIZE_WORD_BITS] = 0;
  if (length) {
    words[DP_SIZE_WORD_LENGTHS] = to_word(dp_first_element(length));
    if (length->ndim == 1)
      words[DP_SIZE_WORD_STEP] = length->strides ? length->strides[0] : 1;
    words[DP_SIZE_WORD_BITS] = length->dtype.bits;
  }
  return words + DP_WORDS_SIZE;
}

static int64_t *write_all(int64_t *words, int32_t count,
                          const int64_t *numbers) {
  if (count)
    memcpy(words, numbers, (size_t)count * sizeof *words);
  return words + count;
}

/* Strides of a dense array; gives its number of elements. */
static int64_t write_dense(int64_t *words, int32_t rank, const int64_t *shape) {
  int64_t count = 1;
  for (int32_t axis = rank; axis-- > 0;) {
    words[axis] = count;
    count *= shape[axis];
  }
  return count;
}

static int64_t read_value(const dp_array *array) {
  int64_t value = 0;
  int32_t narrow;
  if (!array->is_i32) {
    memcpy(&value, array->data, (size_t)array->bytes);
    return value;
  }
  memcpy(&narrow, array->data, sizeof narrow);
  return narrow;
}

/* `widened`: where in a block's workspace there is room for ints as i64. */
static int64_t *write_input(const dp_plan *plan, int32_t i, int64_t *widened,
                            int64_t *words) {
  const dp_array *array = &plan->arrays[i];
  int32_t rank = plan->entry->inputs[i].rank;
  words[DP_ARRAY_WORD_DATA] = array->is_value ? 0 : to_word(array->data);
  words[DP_ARRAY_WORD_STRIDE] = array->batch_stride;
  words[DP_INPUT_WORD_IS_VALUE] = array->is_value;
  words[DP_INPUT_WORD_VALUE] = array->is_value ? read_value(array) : 0;
  words[DP_INPUT_WORD_PLACE] = array->is_value ? (int64_t)i * 8 : -1;
  words[DP_INPUT_WORD_NARROW] = 0;
  words[DP_INPUT_WORD_NARROW_STRIDE] = array->batch_stride;
  int64_t *own = words + DP_WORDS_INPUT;
  write_all(own, rank, array->strides);
  write_all(own + 2 * rank, rank, array->strides);
  if (array->is_i32 && !array->is_value) {
    words[DP_ARRAY_WORD_STRIDE] = 0;
    words[DP_INPUT_WORD_PLACE] = *widened;
    words[DP_INPUT_WORD_NARROW] = to_word(array->data);
    *widened += dp_round_up(write_dense(own, rank, array->shape) * 8);
  }
  for (int32_t axis = 0; axis < rank; ++axis)
    own[rank + axis] = array->is_default ? INT64_MAX : array->shape[axis];
  return own + 3 * rank;
}

/* The terms of a sum are dense, at `*terms`, which moves on. */
static int64_t *write_output(const dp_plan *plan, int32_t o, char **terms,
                             int64_t *words) {
  const dp_array *array = &plan->arrays[plan->entry->num_inputs + o];
  int32_t rank = plan->entry->outputs[o].rank;
  words[DP_ARRAY_WORD_DATA] = to_word(array->data);
  words[DP_ARRAY_WORD_STRIDE] = array->batch_stride;
  words[DP_OUTPUT_WORD_SUM] = 0;
  int64_t *own = words + DP_WORDS_OUTPUT;
  if (!array->is_sum) {
    own = write_all(own, rank, array->strides);
  } else {
    int64_t count = write_dense(own, rank, array->shape);
    own += rank;
    words[DP_ARRAY_WORD_DATA] = to_word(*terms);
    words[DP_ARRAY_WORD_STRIDE] = count;
    words[DP_OUTPUT_WORD_SUM] = to_word(array->data);
    *terms = dp_advance(*terms, term_bytes(plan, array, rank, array->shape));
  }
  own = write_all(own, rank, array->shape);
  return write_all(own, rank, array->strides);
}

static void write_words(const dp_plan *plan, int64_t near, int64_t *words) {
  const dp_call *call = plan->call;
  char *status =
      dp_advance(call->workspace, (int64_t)(-(uintptr_t)call->workspace & 63));
  char *blocks = dp_advance(status, status_bytes(plan));
  char *terms = dp_advance(blocks, block_bytes(plan) * count_blocks(plan));
  int64_t widened = bytes_of_numbers(plan) + plan->kernel;
  int has_status = call->struct_size >= sizeof *call && call->status;
  words[DP_WORD_BATCH] = plan->batch;
  words[DP_WORD_WORKSPACE] = to_word(blocks);
  words[DP_WORD_BLOCK_BYTES] = block_bytes(plan);
  words[DP_WORD_KERNEL_BYTES] = plan->kernel;
  words[DP_WORD_NEAR_BYTES] = near;
  words[DP_WORD_STATUS] = has_status ? to_word(call->status) : to_word(status);
  words[DP_WORD_FLAGS] =
      call->flags | (uint32_t)(plan->is_ragged ? DP_FLAG_RAGGED : 0);
  words += DP_WORDS_CALL;
  for (int32_t k = 0; k < plan->entry->num_sizes; ++k)
    words = write_size(plan, k, words);
  for (int32_t i = 0; i < plan->entry->num_inputs; ++i)
    words = write_input(plan, i, &widened, words);
  for (int32_t o = 0; o < plan->entry->num_outputs; ++o)
    words = write_output(plan, o, &terms, words);
}

static int64_t count_words(const dp_plan *plan) {
  const dp_entry *entry = plan->entry;
  return DP_WORDS_CALL + (int64_t)entry->num_sizes * DP_WORDS_SIZE +
         (int64_t)entry->num_inputs * DP_WORDS_INPUT +
         (int64_t)entry->num_outputs * DP_WORDS_OUTPUT +
         3 * (int64_t)plan->num_axes;
}

/* Elements of one instance, from the first to the last. */
static uint64_t span(const dp_array *array, int32_t rank) {
  uint64_t total = 1;
  for (int32_t axis = 0; axis < rank; ++axis) {
    int64_t stride = array->strides[axis];
    uint64_t step = stride < 0 ? -(uint64_t)stride : (uint64_t)stride;
    if (array->is_default || array->shape[axis] < 2)
      continue;
    uint64_t way, extent = (uint64_t)array->shape[axis] - 1;
    if (__builtin_mul_overflow(step, extent, &way) ||
        __builtin_add_overflow(total, way, &total))
      return UINT64_MAX;
  }
  return total;
}

int dp_is_large(const dp_plan *plan) {
  int is_large = plan->batch > INT32_MAX || plan->kernel > INT32_MAX ||
                 plan->ints > INT32_MAX;
  for (int32_t k = 0; k < plan->entry->num_sizes; ++k)
    is_large |= plan->sizes[k] > INT32_MAX / 4;
  for (int32_t i = 0; i < plan->num_arrays; ++i) {
    int32_t of_outputs = i - plan->entry->num_inputs;
    int32_t rank = of_outputs < 0 ? plan->entry->inputs[i].rank
                                  : plan->entry->outputs[of_outputs].rank;
    is_large |= span(&plan->arrays[i], rank) > INT32_MAX;
  }
  return is_large;
}

/*===--- Running ----------------------------------------------------------===*/

/* A power of two: as many as the longest axis, so that they may have a cell
 * each; more where few instances leave room, since not all cells lie along one
 * axis. Where a thread has columns, there is work for no more. */
static int32_t count_threads(const dp_plan *plan) {
  int64_t longest = 32;
  for (int32_t k = 0; k < plan->entry->num_sizes; ++k)
    if (plan->sizes[k] > longest)
      longest = plan->sizes[k];
  int32_t threads = 32, columns = plan->device->columns;
  if (columns > 1)
    longest = (longest + columns - 1) / columns;
  while (threads * 2 <= plan->device->max_threads &&
         (threads < longest ||
          (columns < 2 && plan->batch * threads < FEW_THREADS)))
    threads *= 2;
  return threads;
}

/* Of each block's own memory, for what a kernel would have there: all or
 * nothing, and no more than lets blocks run side by side as their threads do.
 */
static int64_t count_near(const dp_plan *plan, int32_t threads) {
  int64_t near = plan->device->near(plan->sizes);
  int64_t beside = RESIDENT_THREADS / threads;
  int64_t each = (count_blocks(plan) + MIN_BLOCKS - 1) / MIN_BLOCKS;
  if (each > beside)
    each = beside;
  int64_t most = plan->device->emulator ? DP_EMULATED_NEAR_BYTES
                                        : dp_cuda_near(plan, each);
  return near <= most ? near : 0;
}

int dp_run_device(const dp_plan *plan) {
  int64_t num_words = count_words(plan);
  int64_t words[num_words];
  int32_t threads = count_threads(plan), count = 0;
  int64_t near = count_near(plan, threads);
  write_words(plan, near, words);
  dp_launch launches[DP_NUM_KERNELS];
  int has_sums = 0;
  for (int32_t i = plan->entry->num_inputs; i < plan->num_arrays; ++i)
    has_sums |= plan->arrays[i].is_sum;
  for (int32_t kernel = 0; kernel < DP_NUM_KERNELS; ++kernel) {
    int is_sums = kernel == DP_KERNEL_SUMS;
    int64_t blocks = is_sums ? SUM_BLOCKS : count_blocks(plan);
    if (!plan->device->names[kernel] || !blocks || (is_sums && !has_sums))
      continue;
    dp_launch launch = {kernel, threads,   blocks,
                        words,  num_words, is_sums ? 0 : near};
    launches[count++] = launch;
  }
  return plan->device->emulator ? dp_emulate(plan, launches, count)
                                : dp_cuda_launch(plan, launches, count);
}
