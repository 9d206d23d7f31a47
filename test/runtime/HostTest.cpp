//===- HostTest.cpp - what a call leaves alone in its process -------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToyCall.h"
#include "gtest/gtest.h"
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <dlfcn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#ifdef __SANITIZE_THREAD__
#define SKIP_UNDER_TSAN()                                                      \
  GTEST_SKIP() << "ThreadSanitizer starts no threads after a fork"
#else
#define SKIP_UNDER_TSAN()                                                      \
  do {                                                                         \
  } while (false)
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define IS_SANITIZED 1
#else
#define IS_SANITIZED 0
#endif

namespace {
std::atomic<int64_t> allocations{0};
}

#if !IS_SANITIZED
extern "C" void *__libc_malloc(size_t);
extern "C" void *__libc_calloc(size_t, size_t);
extern "C" void *malloc(size_t bytes) {
  ++allocations;
  return __libc_malloc(bytes);
}
extern "C" void *calloc(size_t count, size_t bytes) {
  ++allocations;
  return __libc_calloc(count, bytes);
}
#endif

namespace {

TEST(Host, NothingIsAllocated) {
  if (IS_SANITIZED)
    GTEST_SKIP() << "the sanitizer has an allocator of its own";
  ToyCall<double> fine(64, 4, 3, 1), wrong(64, 4, 3, 1);
  wrong.y(63, 3) = 99;
  for (ToyCall<double> *c : {&fine, &wrong}) {
    c->call.max_threads = 4;
    c->workspace.resize(size_t(dp_workspace(&toy_f64, &c->call)));
    c->call.workspace = c->workspace.data();
    c->call.workspace_bytes = int64_t(c->workspace.size());
  }
  ASSERT_EQ(dp_prepare(4), DP_OK);
  int64_t before = allocations;
  int codes[20];
  for (int i = 0; i < 20; ++i)
    codes[i] = dp_invoke(&toy_f64, i % 2 ? &wrong.call : &fine.call);
  EXPECT_EQ(allocations, before);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(codes[i], i % 2 ? DP_ERROR_VALUE : DP_OK);
}

/// Exit status of a child that does `work`, or -1 after five seconds.
template <typename Work> int inChild(Work work) {
  pid_t child = fork();
  if (child == 0)
    _exit(work());
  for (int tick = 0; tick < 500; ++tick) {
    int status;
    if (waitpid(child, &status, WNOHANG) == child)
      return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  return -1;
}

TEST(Host, ChildrenOfForkCall) {
  SKIP_UNDER_TSAN();
  ToyCall<double> c(64, 4, 3, 1);
  c.call.max_threads = 4;
  ASSERT_EQ(c(), DP_OK) << c.error;
  EXPECT_EQ(inChild([&] { return c(); }), DP_OK);
  EXPECT_EQ(inChild([&] {
              int code = c();
              return code ? code : inChild([&] { return c(); });
            }),
            DP_OK);
  EXPECT_EQ(c(), DP_OK);
}

TEST(Host, ForkWhileOthersCall) {
  SKIP_UNDER_TSAN();
  ToyCall<double> busy(64, 4, 3, 1), c(64, 4, 3, 1);
  busy.call.max_threads = c.call.max_threads = 4;
  ASSERT_EQ(c(), DP_OK);
  std::atomic<bool> stop{false};
  std::thread host([&] {
    while (!stop)
      busy();
  });
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(inChild([&] {
                // The workspace is there; a lock of malloc may be held.
                return dp_invoke(&toy_f64, &c.call);
              }),
              DP_OK);
  stop = true;
  host.join();
}

#ifdef __x86_64__
TEST(Host, FloatingPointModesStay) {
  unsigned before = _mm_getcsr();
  ToyCall<float> c(8, 4, 3, 1);
  for (unsigned mode : {0x1f80u, 0x9fc0u}) { // the default; FTZ and DAZ
    _mm_setcsr(mode);
    int code = c();
    unsigned after = _mm_getcsr();
    _mm_setcsr(before);
    EXPECT_EQ(code, DP_OK);
    EXPECT_EQ(after & ~0x3fu, mode); // flags apart
  }
}

TEST(Host, UnderflowIsZeroUntilRestored) {
  volatile float least = 0x1p-126f, below = 0x1p-130f, half = 0.5f;
  uint64_t before = dp_flush_underflow();
  volatile float flushed = least * half, kept = below / least;
  dp_restore_underflow(before);
  volatile float gradual = least * half;
  EXPECT_EQ(flushed, 0.0f);
  EXPECT_EQ(kept, 0x1p-4f); // an operand counts
  EXPECT_EQ(gradual, 0x1p-127f);
}
#endif

std::atomic<int> signals{0};

TEST(Host, WorkersTakeNoSignals) {
  ASSERT_EQ(dp_prepare(4), DP_OK);
  sigset_t usr1, before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  auto previous = std::signal(SIGUSR1, [](int) { ++signals; });
  pthread_sigmask(SIG_BLOCK, &usr1, &before);
  kill(getpid(), SIGUSR1);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(signals, 0);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(signals, 1);
  std::signal(SIGUSR1, previous);
}

} // namespace
