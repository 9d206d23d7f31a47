//===- Npy.cpp - arrays in files of numpy ---------------------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/tools/dpc/Npy.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

using namespace llvm;
using namespace danskin;
using namespace danskin::reference;

static constexpr StringLiteral magic("\x93NUMPY");

const Shape &NpyArray::getShape() const {
  return isFloat() ? std::get<Tensor>(array).shape
                   : std::get<IntTensor>(array).shape;
}

static Error makeError(StringRef path, const Twine &message) {
  return createStringError(inconvertibleErrorCode(),
                           "`" + path + "`: " + message);
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
struct Header {
  char kind = 0;      ///< f, i, u or b
  unsigned bytes = 0; ///< of an element
  bool bigEndian = false;
  bool fortranOrder = false;
  Shape shape;
};
} // namespace

/// What stands after `'key':` in the dictionary; empty if the key is missing.
static StringRef getField(StringRef dictionary, StringRef key) {
  for (const char *quote : {"'", "\""}) {
    size_t at = dictionary.find((quote + key + quote).str());
    if (at == StringRef::npos)
      continue;
    StringRef rest = dictionary.substr(at + key.size() + 2).ltrim();
    if (rest.consume_front(":"))
      return rest.ltrim();
  }
  return {};
}

static bool parseDescr(StringRef field, Header &header) {
  if (field.size() < 5 || (field[0] != '\'' && field[0] != '"'))
    return false;
  StringRef descr =
      field.drop_front().take_until([&](char c) { return c == field[0]; });
  if (descr.size() < 3 || !StringRef("<>|=").contains(descr[0]) ||
      !StringRef("fiub").contains(descr[1]))
    return false;
  header.bigEndian = descr[0] == '>';
  header.kind = descr[1];
  if (descr.substr(2).getAsInteger(10, header.bytes))
    return false;
  unsigned bytes = header.bytes;
  if (header.kind == 'f')
    return bytes == 4 || bytes == 8;
  if (header.kind == 'b')
    return bytes == 1;
  return bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8;
}

static bool parseShape(StringRef field, Shape &shape) {
  if (!field.consume_front("("))
    return false;
  StringRef inside = field.take_until([](char c) { return c == ')'; });
  if (inside.size() == field.size())
    return false;
  SmallVector<StringRef> parts;
  inside.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    int64_t extent;
    if (part.trim().empty())
      continue;
    if (part.trim().getAsInteger(10, extent) || extent < 0)
      return false;
    shape.push_back(extent);
  }
  return true;
}

static Expected<Header> parseHeader(StringRef dictionary, StringRef path) {
  Header header;
  StringRef descr = getField(dictionary, "descr");
  if (!parseDescr(descr, header))
    return makeError(path, "elements of type " + descr.take_until([](char c) {
      return c == ',';
    }) +
                               " are not supported; save f4, f8, integers or "
                               "bools");
  StringRef order = getField(dictionary, "fortran_order");
  header.fortranOrder = order.starts_with("True");
  if (!header.fortranOrder && !order.starts_with("False"))
    return makeError(path, "the header has no `fortran_order`");
  if (!parseShape(getField(dictionary, "shape"), header.shape))
    return makeError(path, "the header has no valid `shape`");
  return header;
}

/// The bits of one element, as an integer of the machine.
static uint64_t loadBits(const char *data, const Header &header) {
  uint64_t bits = 0;
  for (unsigned k = 0; k < header.bytes; ++k) {
    unsigned place = header.bigEndian ? header.bytes - 1 - k : k;
    bits |= uint64_t(uint8_t(data[place])) << (8 * k);
  }
  return bits;
}

/// Calls `store(flat, bits)` for every element, `flat` in row-major order.
template <class Store>
static void forEachElement(const Header &header, StringRef data, Store store) {
  int64_t count = countElements(header.shape);
  size_t rank = header.shape.size();
  for (int64_t k = 0; k < count; ++k) {
    int64_t flat = k;
    if (header.fortranOrder) {
      // The first index runs fastest in the file.
      SmallVector<int64_t> index(rank);
      int64_t rest = k;
      for (size_t d = 0; d < rank; ++d) {
        index[d] = rest % header.shape[d];
        rest /= header.shape[d];
      }
      flat = flatten(index, header.shape);
    }
    store(flat, loadBits(data.data() + k * header.bytes, header));
  }
}

static Expected<NpyArray> parseElements(const Header &header, StringRef data,
                                        StringRef path) {
  NpyArray result;
  if (header.kind == 'f') {
    Tensor tensor(header.shape);
    result.isSingle = header.bytes == 4;
    forEachElement(header, data, [&](int64_t flat, uint64_t bits) {
      tensor.data[flat] = result.isSingle
                              ? double(bit_cast<float>(uint32_t(bits)))
                              : bit_cast<double>(bits);
    });
    result.array = std::move(tensor);
    return result;
  }
  IntTensor tensor(header.shape);
  bool fits = true;
  forEachElement(header, data, [&](int64_t flat, uint64_t bits) {
    if (header.kind == 'i')
      tensor.data[flat] = SignExtend64(bits, 8 * header.bytes);
    else
      tensor.data[flat] = int64_t(bits);
    fits &= header.kind != 'u' || tensor.data[flat] >= 0;
  });
  if (!fits)
    return makeError(path, "an element does not fit in 64 signed bits");
  result.array = std::move(tensor);
  return result;
}

Expected<NpyArray> danskin::parseNpy(StringRef bytes, StringRef path) {
  StringRef rest = bytes;
  if (!rest.consume_front(magic) || rest.size() < 4)
    return makeError(path, "is no .npy file");
  unsigned version = uint8_t(rest[0]);
  if (version < 1 || version > 3)
    return makeError(path, "has version " + Twine(version) +
                               " of the .npy format; 1 to 3 are known");
  rest = rest.drop_front(2);
  size_t lengthBytes = version == 1 ? 2 : 4;
  if (rest.size() < lengthBytes)
    return makeError(path, "ends in the header");
  size_t length = version == 1 ? support::endian::read16le(rest.data())
                               : support::endian::read32le(rest.data());
  rest = rest.drop_front(lengthBytes);
  if (rest.size() < length)
    return makeError(path, "ends in the header");
  Expected<Header> header = parseHeader(rest.take_front(length), path);
  if (!header)
    return header.takeError();
  StringRef data = rest.drop_front(length);
  int64_t size = header->bytes;
  for (int64_t extent : header->shape)
    if (MulOverflow(size, extent, size))
      return makeError(path, "has an impossible shape " +
                                 reference::toString(header->shape));
  if (uint64_t(size) != data.size())
    return makeError(
        path, "has " + Twine(data.size()) + " bytes of elements, but shape " +
                  reference::toString(header->shape) + " needs " + Twine(size));
  return parseElements(*header, data, path);
}

Expected<NpyArray> danskin::readNpy(StringRef path) {
  auto buffer = MemoryBuffer::getFile(path, /*IsText=*/false,
                                      /*RequiresNullTerminator=*/false);
  if (!buffer)
    return makeError(path, buffer.getError().message());
  return parseNpy((*buffer)->getBuffer(), path);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

template <class Write>
static Error writeFile(StringRef path, StringRef descr, const Shape &shape,
                       Write writeElements) {
  std::error_code code;
  raw_fd_ostream os(path, code, sys::fs::OF_None);
  if (code)
    return makeError(path, code.message());
  std::string header =
      "{'descr': '" + descr.str() +
      "', 'fortran_order': False, 'shape': " + toString(shape) + ", }";
  // The elements start at a multiple of 64.
  size_t before = magic.size() + 4 + header.size() + 1;
  header += std::string(alignTo(before, 64) - before, ' ') + "\n";
  char length[2];
  support::endian::write16le(length, uint16_t(header.size()));
  os << magic << '\x01' << '\x00';
  os.write(length, 2);
  os << header;
  writeElements(os);
  os.flush();
  if (os.has_error()) {
    std::string message = os.error().message();
    os.clear_error();
    return makeError(path, message);
  }
  return Error::success();
}

Error danskin::writeNpy(StringRef path, const Tensor &tensor, bool isSingle) {
  return writeFile(
      path, isSingle ? "<f4" : "<f8", tensor.shape, [&](raw_ostream &os) {
        for (double element : tensor.data) {
          char bytes[8];
          if (isSingle)
            support::endian::write32le(bytes,
                                       bit_cast<uint32_t>(float(element)));
          else
            support::endian::write64le(bytes, bit_cast<uint64_t>(element));
          os.write(bytes, isSingle ? 4 : 8);
        }
      });
}

Error danskin::writeNpy(StringRef path, const IntTensor &tensor) {
  return writeFile(path, "<i8", tensor.shape, [&](raw_ostream &os) {
    for (int64_t element : tensor.data) {
      char bytes[8];
      support::endian::write64le(bytes, uint64_t(element));
      os.write(bytes, 8);
    }
  });
}
