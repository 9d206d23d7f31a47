# Writes OUTPUT: the bytes of ARCHIVE and HEADER as the functions that
# compiler/target/RuntimeArchive.h declares.
function(bytes_of file result)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  set(${result} "${hex}" PARENT_SCOPE)
endfunction()

bytes_of(${ARCHIVE} archive)
bytes_of(${HEADER} header)
file(WRITE ${OUTPUT} "#include \"compiler/target/RuntimeArchive.h\"

alignas(16) static const unsigned char archive[] = {
${archive}};
static const unsigned char header[] = {
${header}};

static llvm::StringRef text(const unsigned char *bytes, size_t size) {
  return {reinterpret_cast<const char *>(bytes), size};
}
llvm::StringRef danskin::runtimeArchive() { return text(archive, sizeof archive); }
llvm::StringRef danskin::callHeader() { return text(header, sizeof header); }
")
