#pragma once

#include <filesystem>
#include <vector>

#include <cairn/core/bytes.hpp>

namespace cairn::bench {

/// `fdatasync`: 8 KiB written to the end of a growing file, then fdatasync; the unit of the append figures.
/// Throws std::system_error.
class SyncProbe {
 public:
  explicit SyncProbe(const std::filesystem::path& file);
  ~SyncProbe();
  SyncProbe(const SyncProbe&) = delete;
  SyncProbe& operator=(const SyncProbe&) = delete;

  /// Takes `count` samples.
  void sample(int count);
  /// Median in microseconds of the samples since the last call.
  [[nodiscard]] double take_p50();
  /// All samples so far, in microseconds.
  [[nodiscard]] const std::vector<double>& all() const { return all_; }

 private:
  int descriptor_;
  Bytes page_;
  std::vector<double> all_;
  std::size_t taken_ = 0;
};

}  // namespace cairn::bench
