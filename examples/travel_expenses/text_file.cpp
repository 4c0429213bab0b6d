#include "text_file.hpp"

#include <cerrno>
#include <memory>
#include <system_error>

#include <fmt/format.h>
#include <zlib.h>

namespace travel_expenses {

using cairn::Errc;
using cairn::Error;
using cairn::Result;

namespace {

struct CloseGzip {
  void operator()(gzFile file) const noexcept { gzclose_r(file); }
};
using GzipFile = std::unique_ptr<gzFile_s, CloseGzip>;

Error cannot_read(const std::filesystem::path& path, gzFile file) {
  int code = Z_OK;
  const char* text = gzerror(file, &code);
  if (code == Z_ERRNO)
    return Error{Errc::unavailable, fmt::format("read {}: {}", path.string(), std::generic_category().message(errno))};
  return Error{Errc::corrupt, fmt::format("read {}: {}", path.string(), text)};
}

}  // namespace

Result<std::string> read_text_file(const std::filesystem::path& path) {
  // zlib reads a file that is not gzip as it is.
  const GzipFile file{gzopen(path.c_str(), "rb")};
  if (!file) {
    const Errc code = errno == ENOENT ? Errc::not_found : Errc::unavailable;
    return Error{code, fmt::format("open {}: {}", path.string(), std::generic_category().message(errno))};
  }
  std::string text;
  constexpr unsigned piece = 256U << 10U;
  for (;;) {
    const std::size_t before = text.size();
    text.resize(before + piece);
    const int got = gzread(file.get(), text.data() + before, piece);
    if (got < 0) return cannot_read(path, file.get());
    text.resize(before + static_cast<std::size_t>(got));
    if (text.size() > text_file_bytes_max) {
      return Error{Errc::too_broad, fmt::format("read {}: more than {} bytes", path.string(), text_file_bytes_max)};
    }
    if (static_cast<unsigned>(got) < piece) break;
  }
  // A file that ends in the middle of a gzip stream shows only here.
  int code = Z_OK;
  gzerror(file.get(), &code);
  if (code != Z_OK) return cannot_read(path, file.get());
  return text;
}

}  // namespace travel_expenses
