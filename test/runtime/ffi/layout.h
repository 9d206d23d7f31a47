/*===- layout.h - two descriptions of one interface ---------------*- C -*-===*\
|*
|* Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
\*===----------------------------------------------------------------------===*/
#ifndef DANSKIN_TEST_LAYOUT_H
#define DANSKIN_TEST_LAYOUT_H

#include <stddef.h>

#define SIZE_OF(type, member) sizeof(((type *)0)->member)

/* The members begin at the same place, and ours ends no later. */
#define SAME(ours, our, theirs, their)                                         \
  _Static_assert(offsetof(ours, our) == offsetof(theirs, their) &&             \
                     SIZE_OF(ours, our) <= SIZE_OF(theirs, their),             \
                 #ours "." #our " is not " #theirs "." #their)
#define EQUAL(ours, theirs)                                                    \
  _Static_assert((long)(ours) == (long)(theirs), #ours " is not " #theirs)

#endif
