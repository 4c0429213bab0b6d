#include "raw_log.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "bare_frame.hpp"

namespace cairn::bench {

RawLog::RawLog(const std::filesystem::path& file)
    : descriptor_{open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)} {
  if (descriptor_ < 0) throw std::system_error{errno, std::generic_category(), file.string()};
}

RawLog::~RawLog() { close(descriptor_); }

void RawLog::append(const UniformBatch& batch, const StreamNames& names) {
  buffer_.clear();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    add_frame(names[batch.stream(i)].text(), batch.event(i), ++position_, buffer_);
  }
  const ssize_t written = write(descriptor_, buffer_.data(), buffer_.size());
  if (written != static_cast<ssize_t>(buffer_.size()) || fdatasync(descriptor_) != 0) {
    throw std::system_error{errno, std::generic_category(), "raw log"};
  }
}

}  // namespace cairn::bench
