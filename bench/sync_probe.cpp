#include "sync_probe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "statistics.hpp"
#include "stopwatch.hpp"

namespace cairn::bench {

SyncProbe::SyncProbe(const std::filesystem::path& file)
    : descriptor_{open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)}, page_(8192, std::byte{0x5a}) {
  if (descriptor_ < 0) throw std::system_error{errno, std::generic_category(), file.string()};
}

SyncProbe::~SyncProbe() { close(descriptor_); }

void SyncProbe::sample(int count) {
  for (int i = 0; i < count; ++i) {
    const Stopwatch watch;
    const bool written = write(descriptor_, page_.data(), page_.size()) == static_cast<ssize_t>(page_.size());
    if (!written || fdatasync(descriptor_) != 0) throw std::system_error{errno, std::generic_category(), "sync probe"};
    all_.push_back(watch.microseconds());
  }
}

double SyncProbe::take_p50() {
  const auto begin = all_.begin() + static_cast<std::ptrdiff_t>(taken_);
  taken_ = all_.size();
  return median({begin, all_.end()});
}

}  // namespace cairn::bench
