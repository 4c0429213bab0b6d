#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>

#include <cairn/core/bytes.hpp>

#include "event_maker.hpp"

namespace cairn::bench {

/// `raw`: the least a durable log can do. Each batch is framed (header, stream name, metadata, data), each frame gets
/// its CRC-32C, the batch is written to the end of a growing file with one write() and made durable with one
/// fdatasync. No index, no revisions, no expected revision, no repeats: nothing can be read back but from the start.
/// Throws std::system_error.
class RawLog {
 public:
  explicit RawLog(const std::filesystem::path& file);
  ~RawLog();
  RawLog(const RawLog&) = delete;
  RawLog& operator=(const RawLog&) = delete;

  void append(const UniformBatch& batch, const StreamNames& names);

 private:
  int descriptor_;
  std::uint64_t position_ = 0;
  Bytes buffer_;
};

}  // namespace cairn::bench
