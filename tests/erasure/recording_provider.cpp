#include "erasure/recording_provider.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cairn::test {
namespace {

constexpr std::byte turned{0x5a};

}  // namespace

Result<WrappedKey> RecordingProvider::wrap(const SecretKey& key, BytesView context) {
  const std::lock_guard lock{mutex_};
  if (!failure_.empty()) return failure_.front();
  WrappedKey wrapped{.master_id = newest_, .bytes = {}};
  // Other bytes under another master key, and of the same length.
  const std::byte mask = turned ^ static_cast<std::byte>(newest_.back());
  for (const std::byte byte : key.bytes()) wrapped.bytes.push_back(byte ^ mask);
  wrapped.bytes.insert(wrapped.bytes.end(), context.begin(), context.end());
  made_.push_back({{key.bytes().begin(), key.bytes().end()}, wrapped.bytes});
  made_.back().wrapped.resize(SecretKey::size);
  return wrapped;
}

Result<SecretKey> RecordingProvider::unwrap(const WrappedKey& wrapped, BytesView context) {
  std::function<void()> hook;
  {
    const std::lock_guard lock{mutex_};
    hook = hook_;
  }
  if (hook) hook();
  const std::lock_guard lock{mutex_};
  ++unwrapped_;
  if (!failure_.empty()) return failure_.front();
  const BytesView bytes{wrapped.bytes};
  if (bytes.size() < SecretKey::size || !std::ranges::equal(bytes.subspan(SecretKey::size), context)) {
    return Error{Errc::corrupt, "unwrap: another context"};
  }
  const std::byte mask = turned ^ static_cast<std::byte>(wrapped.master_id.back());
  std::array<std::byte, SecretKey::size> plain{};
  std::ranges::transform(bytes.first<SecretKey::size>(), plain.begin(), [mask](std::byte byte) { return byte ^ mask; });
  return SecretKey{plain};
}

std::string RecordingProvider::newest_master_id() const {
  const std::lock_guard lock{mutex_};
  return newest_;
}

std::vector<RecordingProvider::Made> RecordingProvider::made() const {
  const std::lock_guard lock{mutex_};
  return made_;
}

std::size_t RecordingProvider::unwrapped() const {
  const std::lock_guard lock{mutex_};
  return unwrapped_;
}

void RecordingProvider::set_newest(std::string id) {
  const std::lock_guard lock{mutex_};
  newest_ = std::move(id);
}

void RecordingProvider::fail_with(const Error* error) {
  const std::lock_guard lock{mutex_};
  failure_.clear();
  if (error != nullptr) failure_.push_back(*error);
}

void RecordingProvider::on_unwrap(std::function<void()> hook) {
  const std::lock_guard lock{mutex_};
  hook_ = std::move(hook);
}

}  // namespace cairn::test
