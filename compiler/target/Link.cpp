//===- Link.cpp - objects and the runtime to a library --------------------===//
//
// Part of Danskin, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/target/Link.h"
#include "compiler/target/RuntimeArchive.h"
#include "lld/Common/Driver.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ArchiveWriter.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SmallVectorMemoryBuffer.h"

LLD_HAS_DRIVER(elf)

using namespace danskin;
using namespace llvm;

namespace {

/// A directory that goes when the link is done.
class TemporaryFolder {
public:
  static Expected<std::unique_ptr<TemporaryFolder>> create() {
    auto folder = std::unique_ptr<TemporaryFolder>(new TemporaryFolder);
    if (std::error_code error =
            sys::fs::createUniqueDirectory("dpc", folder->folder))
      return errorCodeToError(error);
    return folder;
  }
  ~TemporaryFolder() { sys::fs::remove_directories(folder); }

  std::string path(const Twine &name) const {
    SmallString<128> result(folder);
    sys::path::append(result, name);
    return result.str().str();
  }
  Expected<std::string> write(const Twine &name, StringRef bytes) const {
    std::string file = path(name);
    std::error_code error;
    raw_fd_ostream stream(file, error);
    if (error)
      return createFileError(file, error);
    stream << bytes;
    stream.close();
    if (stream.has_error()) {
      error = stream.error();
      stream.clear_error();
      return createFileError(file, error);
    }
    return file;
  }

private:
  TemporaryFolder() = default;
  SmallString<128> folder;
};

} // namespace

static Error runLinker(ArrayRef<std::string> arguments) {
  std::vector<const char *> words;
  for (const std::string &argument : arguments)
    words.push_back(argument.c_str());
  std::string output, errors;
  raw_string_ostream outputStream(output), errorStream(errors);
  lld::Result result = lld::lldMain(words, outputStream, errorStream,
                                    {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0)
    return createStringError(StringRef(errorStream.str()).rtrim());
  return Error::success();
}

/// Runs LLD on the objects and the runtime, found in `folder`.
static Error link(const TemporaryFolder &folder, ArrayRef<std::string> objects,
                  std::vector<std::string> arguments, StringRef path) {
  arguments.insert(arguments.begin(), {"ld.lld", "--threads=1"});
  arguments.insert(arguments.end(), {"-o", path.str()});
  for (auto [index, object] : llvm::enumerate(objects)) {
    Expected<std::string> file =
        folder.write("kernel" + Twine(index) + ".o", object);
    if (!file)
      return file.takeError();
    arguments.push_back(*file);
  }
  Expected<std::string> runtime =
      folder.write("libdp_runtime.a", runtimeArchive());
  if (!runtime)
    return runtime.takeError();
  arguments.push_back(*runtime);
  return runLinker(arguments);
}

Error danskin::linkSharedLibrary(ArrayRef<std::string> objects,
                                 StringRef path) {
  Expected<std::unique_ptr<TemporaryFolder>> folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  // Undefined symbols are libc's; a missing dp_ function is an error still,
  // because those are hidden.
  return link(**folder, objects,
              {"-shared", "--soname=" + sys::path::filename(path).str(),
               "--gc-sections", "--build-id=sha1", "--hash-style=gnu",
               "--eh-frame-hdr", "-znow", "-zrelro", "-znoexecstack"},
              path);
}

/// Makes hidden symbols local to their object.
static Expected<std::unique_ptr<MemoryBuffer>> localizeHidden(StringRef path) {
  Expected<object::OwningBinary<object::ObjectFile>> object =
      object::ObjectFile::createObjectFile(path);
  if (!object)
    return object.takeError();
  objcopy::ConfigManager config;
  config.ELF.LocalizeHidden = true;
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  if (Error error =
          objcopy::executeObjcopyOnBinary(config, *object->getBinary(), stream))
    return error;
  return std::make_unique<SmallVectorMemoryBuffer>(std::move(bytes), "dp.o");
}

/// Everything in one object that shows its dp1_ symbols only.
static Expected<std::unique_ptr<MemoryBuffer>>
joinObjects(ArrayRef<std::string> objects) {
  Expected<std::unique_ptr<TemporaryFolder>> folder = TemporaryFolder::create();
  if (!folder)
    return folder.takeError();
  std::string joined = (*folder)->path("joined.o");
  if (Error error = link(**folder, objects, {"-r"}, joined))
    return error;
  return localizeHidden(joined);
}

Error danskin::linkStaticLibrary(ArrayRef<std::string> objects,
                                 StringRef path) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer = joinObjects(objects);
  if (!buffer)
    return buffer.takeError();
  std::vector<NewArchiveMember> members;
  members.emplace_back((*buffer)->getMemBufferRef());
  return writeArchive(path, members, SymtabWritingMode::NormalSymtab,
                      object::Archive::K_GNU, /*Deterministic=*/true,
                      /*Thin=*/false);
}

Error danskin::linkObject(ArrayRef<std::string> objects, StringRef path) {
  Expected<std::unique_ptr<MemoryBuffer>> buffer = joinObjects(objects);
  if (!buffer)
    return buffer.takeError();
  return writeToOutput(path, [&](raw_ostream &os) {
    os << (*buffer)->getBuffer();
    return Error::success();
  });
}
