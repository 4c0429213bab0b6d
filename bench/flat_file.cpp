#include "flat_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <cairn/core/crc32c.hpp>

#include "bare_frame.hpp"
#include "stopwatch.hpp"
#include "touch.hpp"

namespace cairn::bench {
namespace {

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& file, int flags) : number_{open(file.c_str(), flags | O_CLOEXEC, 0644)} {
    if (number_ < 0) throw std::system_error{errno, std::generic_category(), file.string()};
  }
  ~Descriptor() { close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

FlatFile::FlatFile(const std::filesystem::path& file, const EventStore& store) : file_{file} {
  const Descriptor out{file, O_WRONLY | O_CREAT | O_TRUNC};
  Bytes buffer;
  const auto write_block = [&](std::size_t size) {
    const BytesView block = BytesView{buffer}.first(size);
    block_crcs_.push_back(crc32c(block));
    if (write(out.number(), block.data(), size) != static_cast<ssize_t>(size)) {
      throw std::system_error{errno, std::generic_category(), file.string()};
    }
    buffer.erase(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
  };
  Reader reader = store.read_all();
  reader
      .for_each([&](const RecordedEvent& event) {
        ++events_;
        const std::size_t begin = buffer.size();
        add_number(event.position.value, buffer);
        add_bytes(event.id.bytes(), buffer);
        buffer.resize(begin + 64);
        add_bytes(as_bytes(event.stream), buffer);
        add_bytes(event.metadata.encoded(), buffer);
        add_bytes(event.data, buffer);
        if (buffer.size() >= block_bytes) write_block(block_bytes);
      })
      .value();
  if (!buffer.empty()) write_block(buffer.size());
}

double FlatFile::read_all() const {
  const Descriptor in{file_, O_RDONLY};
  Bytes block(block_bytes);
  std::uint64_t sum = 0;
  const Stopwatch watch;
  for (const std::uint32_t expected : block_crcs_) {
    const ssize_t got = read(in.number(), block.data(), block.size());
    if (got <= 0) throw std::system_error{errno, std::generic_category(), file_.string()};
    const BytesView bytes = BytesView{block}.first(static_cast<std::size_t>(got));
    if (crc32c(bytes) != expected) throw std::runtime_error{file_.string() + ": a block has another checksum"};
    sum += touch(bytes);
  }
  const double seconds = watch.seconds();
  keep(sum);
  return seconds;
}

}  // namespace cairn::bench
