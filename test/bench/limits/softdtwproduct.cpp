//===- softdtwproduct.cpp - soft-DTW: Hessian-products --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An instance a lane. Forward, a cell carries its tangent too; a block that is
// computed again leaves its weights and their tangents for the way back.
//
//===----------------------------------------------------------------------===//

#include "alignmentbatch.h"
#include "interface.h"

namespace limits::LIMITS_ISA {

constexpr int rowsInFlight = 2;
constexpr int64_t blockRows = 16;

namespace {
struct Record {
  F up, left, upTangent, leftTangent;
};
struct Cell {
  Soft::Cell soft;
  F tangent;
};

template <int R, bool isKept> struct ProductBlock {
  const float *d, *z;
  int64_t item, m;
  F factor, scale; ///< -1 / (gamma ln 2), -1 / gamma
  Cell *row;
  Record *records;
  Cell left[R], diagonal[R];
  Soft::Weight weights[R][2 * chunk];
  F directions[R][2 * chunk];

  ALWAYS_INLINE void loadColumns(int k, int64_t j) {
    loadChunk<Soft>(d + k * m + j, item, factor, weights[k] + (j & chunk));
    loadChunk<Hard>(z + k * m + j, item, factor, directions[k] + (j & chunk));
  }

  ALWAYS_INLINE void run() {
    UNROLL for (int k = 0; k < R; ++k) loadColumns(k, 0);
    for (int64_t t = 0; t < m + R - 1; t += chunk)
      if (t >= chunk && t + chunk <= m)
        runChunk<false>(t);
      else
        runChunk<true>(t);
  }

  template <bool isEdge> ALWAYS_INLINE void runChunk(int64_t t) {
    // Row k still reads the columns before while row 0 is past them.
    UNROLL for (int part = 0; part < R; ++part) {
      if (t + chunk < m)
        loadColumns(part, t + chunk);
      for (int64_t s = chunk / R * part; s < chunk / R * (part + 1); ++s)
        UNROLL for (int k = R - 1; k >= 0; --k) {
          int64_t j = t + s - k, at = j & (2 * chunk - 1);
          if (isEdge && (j < 0 || j >= m))
            continue;
          Cell up = k ? left[k - 1] : row[j], cell;
          Soft::Record q;
          cell.soft = Soft::step<Keep::Weights>(
              up.soft, left[k].soft, diagonal[k].soft, weights[k][at], &q);
          // Tangents relative to the diagonal's.
          F u = up.tangent - diagonal[k].tangent;
          F l = left[k].tangent - diagonal[k].tangent;
          F mean = fma(q.up, u, q.left * l);
          cell.tangent = diagonal[k].tangent + mean + directions[k][at];
          if (isKept)
            records[k * m + j] = {q.up, q.left, q.up * scale * (u - mean),
                                  q.left * scale * (l - mean)};
          diagonal[k] = up;
          left[k] = cell;
          if (k == R - 1) {
            Soft::normalize(cell.soft);
            row[j] = cell;
          }
        }
    }
    UNROLL for (int k = 0; k < R; ++k) {
      Soft::normalize(left[k].soft);
      Soft::normalize(diagonal[k].soft);
    }
  }
};
} // namespace

template <int R, bool isKept>
[[gnu::noinline]] static void
forwardBlock(const float *d, const float *z, int64_t item, int64_t m,
             float gamma, Cell *row, bool isFirst, Record *records) {
  ProductBlock<R, isKept> block;
  block.d = d;
  block.z = z;
  block.item = item;
  block.m = m;
  block.factor = splat(Soft::factor(gamma));
  block.scale = splat(-1 / gamma);
  block.row = row;
  block.records = records;
  UNROLL for (int k = 0; k < R; ++k) block.left[k] =
      block.diagonal[k] = {Soft::none(), F{}};
  if (isFirst)
    block.diagonal[0].soft = Soft::start();
  block.run();
}

/// The adjoint e and its tangent h of one wavefront; h replaces the records.
template <int R, bool isEdge>
static ALWAYS_INLINE void backwardChunk(int64_t m, int64_t t, F (*below)[2],
                                        F (*left)[2], F (*diagonal)[2],
                                        F (*up)[2], Record *records) {
  for (int64_t s = 0; s < chunk; ++s)
    UNROLL for (int k = R - 1; k >= 0; --k) {
      int64_t j = m - 1 - (t + s - k);
      if (isEdge && (j < 0 || j >= m))
        continue;
      Record &q = records[(R - 1 - k) * m + j];
      F e = (k ? up[k - 1][0] : below[j][0]) + left[k][0];
      F h = (k ? up[k - 1][1] : below[j][1]) + left[k][1];
      F a = e * q.up, b = e * q.left;
      F c = fma(h, q.up, e * q.upTangent),
        f = fma(h, q.left, e * q.leftTangent);
      up[k][0] = a + diagonal[k][0];
      up[k][1] = c + diagonal[k][1];
      left[k][0] = b;
      left[k][1] = f;
      diagonal[k][0] = e - a - b;
      diagonal[k][1] = h - c - f;
      q.up = h;
      if (k == R - 1) {
        below[j][0] = up[k][0];
        below[j][1] = up[k][1];
      }
    }
}

template <int R>
[[gnu::noinline]] static void backwardBlock(float *product, int64_t item,
                                            int64_t m, F (*below)[2],
                                            Record *records) {
  F left[R][2] = {}, diagonal[R][2] = {}, up[R][2] = {};
  for (int64_t t = 0; t < m + R - 1; t += chunk)
    if (t >= chunk && t + chunk <= m)
      backwardChunk<R, false>(m, t, below, left, diagonal, up, records);
    else
      backwardChunk<R, true>(m, t, below, left, diagonal, up, records);
  for (int k = 0; k < R; ++k)
    emitRow(product + k * m, item, m, &records[k * m].up, sizeof(Record));
}

void softdtw_product(const float *d, const float *z, int64_t b, int64_t n,
                     int64_t m, float gamma, float *derivative,
                     float *product) {
  FlushToZero flush;
  constexpr int R = rowsInFlight;
  int64_t blocks = n / blockRows, item = n * m;
  auto *row = reinterpret_cast<Cell *>(
      workspace<0>((blocks + 1) * m * sizeof(Cell) / sizeof(float)));
  Cell *kept = row + m;
  auto *records = reinterpret_cast<Record *>(
      workspace<1>(blockRows * m * sizeof(Record) / sizeof(float)));
  auto *below = reinterpret_cast<F(*)[2]>(workspace<2>(2 * m * width));
  for (int64_t group = 0; group < b; group += width) {
    auto sweep = [&]<bool isKept>(int64_t block, Cell *cells) {
      for (int64_t r = 0; r < blockRows; r += R) {
        int64_t i = block * blockRows + r, at = group * item + i * m;
        forwardBlock<R, isKept>(d + at, z + at, item, m, gamma, cells, i == 0,
                                records + r * m);
      }
    };
    std::fill_n(row, m, Cell{Soft::none(), F{}});
    for (int64_t block = 0; block < blocks; ++block) {
      std::copy_n(row, m, kept + block * m);
      if (block < blocks - 1)
        sweep.template operator()<false>(block, row);
      else
        sweep.template operator()<true>(block, row);
    }
    for (int l = 0; l < width; ++l)
      derivative[group + l] = row[m - 1].tangent[l];
    std::memset(below, 0, m * sizeof *below);
    below[m - 1][0] = splat(1);
    for (int64_t block = blocks - 1; block >= 0; --block) {
      if (block < blocks - 1)
        sweep.template operator()<true>(block, kept + block * m);
      for (int64_t r = blockRows - R; r >= 0; r -= R)
        backwardBlock<R>(product + group * item + (block * blockRows + r) * m,
                         item, m, below, records + r * m);
    }
  }
}

} // namespace limits::LIMITS_ISA
