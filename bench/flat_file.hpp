#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace cairn::bench {

/// `file`: the same framed bytes as the log's (64 bytes of header, stream name, metadata, data of each event, back to
/// back) in a flat file, read with read() of 1 MiB each, each block's CRC-32C checked, each word touched. The limit of
/// replay: no pages, no index, no events handed out. Throws std::system_error.
class FlatFile {
 public:
  /// Copies all events of `store`.
  FlatFile(const std::filesystem::path& file, const EventStore& store);

  [[nodiscard]] std::uint64_t events() const { return events_; }
  /// Reads the whole file from the page cache and gives the seconds it took.
  [[nodiscard]] double read_all() const;

 private:
  static constexpr std::size_t block_bytes = 1U << 20U;

  std::filesystem::path file_;
  std::uint64_t events_ = 0;
  std::vector<std::uint32_t> block_crcs_;
};

}  // namespace cairn::bench
