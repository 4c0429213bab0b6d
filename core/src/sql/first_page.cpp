#include "sql/first_page.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "sql/checksum_vfs.hpp"
#include "sql/store_file.hpp"

namespace cairn::sql {
namespace {

constexpr std::string_view magic{"SQLite format 3\0", 16};

std::uint32_t big_endian(std::span<const unsigned char> bytes) {
  std::uint32_t value = 0;
  for (const unsigned char byte : bytes) value = (value << 8U) | byte;
  return value;
}

Error not_ours(const std::string& name, std::string_view why) {
  return Error{Errc::invalid, fmt::format("open {}: {}", name, why)};
}

// https://sqlite.org/fileformat2.html#walformat
bool log_has_it(const StoreFile& store) {
  constexpr std::uint64_t log_header_bytes = 32;
  constexpr std::uint64_t frame_header_bytes = 24;
  std::array<unsigned char, log_header_bytes> log{};
  if (!store.read("-wal", 0, log) || big_endian(std::span{log}.subspan(8, 4)) != ChecksumVfs::page_bytes) return false;
  std::array<unsigned char, frame_header_bytes + std::tuple_size_v<DatabaseHeader>> frame{};
  for (std::uint64_t at = log_header_bytes; store.read("-wal", at, frame);
       at += frame_header_bytes + ChecksumVfs::page_bytes) {
    if (!std::equal(frame.begin() + 8, frame.begin() + 16, log.begin() + 16)) return false;  // of an earlier round
    if (big_endian(std::span{frame}.first(4)) != 1) continue;
    DatabaseHeader header{};
    std::copy(frame.begin() + frame_header_bytes, frame.end(), header.begin());
    return check_header(header, store.name()).has_value();
  }
  return false;
}

// https://sqlite.org/fileformat2.html#the_rollback_journal
bool journal_has_it(const StoreFile& store) {
  constexpr std::uint64_t journal_header_bytes = 512;
  std::array<unsigned char, 28> journal{};
  if (!store.read("-journal", 0, journal)) return false;
  if (big_endian(std::span{journal}.subspan(16, 4)) == 0) return true;  // the file was empty before
  std::array<unsigned char, 4 + std::tuple_size_v<DatabaseHeader>> record{};
  if (!store.read("-journal", journal_header_bytes, record) || big_endian(std::span{record}.first(4)) != 1)
    return false;
  DatabaseHeader header{};
  std::copy(record.begin() + 4, record.end(), header.begin());
  return check_header(header, store.name()).has_value();
}

}  // namespace

Result<void> check_header(const DatabaseHeader& header, const std::string& name) {
  const std::span bytes{header};
  if (!std::equal(magic.begin(), magic.end(), header.begin(),
                  [](char a, unsigned char b) { return static_cast<unsigned char>(a) == b; })) {
    return not_ours(name, "not a store: no SQLite file");
  }
  if (big_endian(bytes.subspan(68, 4)) != application_id) {
    return not_ours(name, "not a store: another program's SQLite file");
  }
  const std::uint32_t page = big_endian(bytes.subspan(16, 2));
  const std::uint32_t reserved = header[20];
  if (page != ChecksumVfs::page_bytes || reserved != ChecksumVfs::reserved_bytes) {
    return not_ours(name, fmt::format("another page layout: {} bytes, {} reserved, where a store has {} and {}", page,
                                      reserved, ChecksumVfs::page_bytes, ChecksumVfs::reserved_bytes));
  }
  const std::uint32_t format = big_endian(bytes.subspan(60, 4));
  if (format > file_format || header[18] > 2 || header[19] > 2) {
    return not_ours(name,
                    fmt::format("format {} is newer than {}, the newest this library knows", format, file_format));
  }
  return {};
}

bool recovery_brings_our_first_page(const StoreFile& store) { return log_has_it(store) || journal_has_it(store); }

}  // namespace cairn::sql
