#include <cairn/eventstore/file_key_provider.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <cairn/core/secure_random.hpp>

#include "aes_gcm.hpp"

namespace cairn {
namespace {

using erasure::AesGcm;

constexpr std::string_view first_line = "cairn master keys 1";
constexpr std::size_t file_bytes_max = 64U << 10U;
constexpr std::byte wrapped_format{1};
constexpr std::size_t wrapped_bytes = 1 + AesGcm::nonce_bytes + SecretKey::size + AesGcm::tag_bytes;

struct MasterKey {
  std::string id;
  SecretKey key;
};

class Descriptor final {
 public:
  explicit Descriptor(int fd) noexcept : fd_{fd} {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

/// Text with keys in it, overwritten when it is dropped. Its room is reserved, so that it leaves no copies behind.
class SecretText final {
 public:
  SecretText() { text.reserve(file_bytes_max + 1); }
  SecretText(SecretText&&) noexcept = default;
  SecretText& operator=(SecretText&&) = delete;
  ~SecretText() { OPENSSL_cleanse(text.data(), text.size()); }

  std::string text;
};

Error refused(Errc code, const std::filesystem::path& file, std::string_view why) {
  return Error{code, fmt::format("master keys {}: {}", file.string(), why)};
}
Error failed(const std::filesystem::path& file, std::string_view what, int reason) {
  return refused(Errc::unavailable, file, fmt::format("{}: {}", what, std::generic_category().message(reason)));
}

Result<SecretText> read_text(const std::filesystem::path& file) {
  const Descriptor source{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
  if (source.get() < 0) {
    if (errno == ENOENT) return refused(Errc::not_found, file, "there is no such file");
    return failed(file, "open", errno);
  }
  struct stat status {};
  if (::fstat(source.get(), &status) != 0) return failed(file, "stat", errno);
  if (!S_ISREG(status.st_mode)) return refused(Errc::invalid, file, "is no regular file");
  if ((status.st_mode & 0077U) != 0) {
    return refused(Errc::invalid, file,
                   fmt::format("others than its owner have access (mode {:03o}): chmod 600", status.st_mode & 0777U));
  }
  SecretText content;
  content.text.resize(file_bytes_max + 1);
  std::size_t size = 0;
  while (size < content.text.size()) {
    const auto got = ::read(source.get(), content.text.data() + size, content.text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return failed(file, "read", errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > file_bytes_max) return refused(Errc::invalid, file, fmt::format("more than {} bytes", file_bytes_max));
  content.text.resize(size);
  return content;
}

std::optional<SecretKey> parse_hex(std::string_view hex) {
  if (hex.size() != 2 * SecretKey::size) return std::nullopt;
  SecretKey key{std::array<std::byte, SecretKey::size>{}};
  std::array<std::byte, SecretKey::size> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    unsigned value = 0;
    const char* const digits = hex.data() + 2 * i;
    const auto [end, code] = std::from_chars(digits, digits + 2, value, 16);
    if (code != std::errc{} || end != digits + 2) return std::nullopt;
    bytes[i] = static_cast<std::byte>(value);
  }
  key = SecretKey{bytes};
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return key;
}

Result<std::vector<MasterKey>> parse(const std::filesystem::path& file, std::string_view text) {
  std::vector<MasterKey> keys;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return refused(Errc::invalid, file, "its last line has no end");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (++number == 1) {
      if (line != first_line)
        return refused(Errc::invalid, file, fmt::format("does not begin with \"{}\"", first_line));
      continue;
    }
    const std::size_t blank = line.find(' ');
    const std::string_view id = line.substr(0, blank);
    if (blank == std::string_view::npos || id.empty() || id.size() > 64) {
      return refused(Errc::invalid, file, fmt::format("line {}: expected an id and a key", number));
    }
    auto key = parse_hex(line.substr(blank + 1));
    if (!key) {
      return refused(Errc::invalid, file,
                     fmt::format("line {}: expected a key of {} hexadecimal digits", number, 2 * SecretKey::size));
    }
    for (const MasterKey& other : keys) {
      if (other.id == id) return refused(Errc::invalid, file, fmt::format("line {}: key {} again", number, id));
    }
    keys.push_back({std::string{id}, *key});
  }
  if (keys.empty()) return refused(Errc::invalid, file, "has no key");
  return keys;
}

Result<void> append_key(std::string& text, std::string_view id, SecureRandom* random) {
  OpenSslRandom system;
  auto key = SecretKey::random(random != nullptr ? *random : system);
  if (!key) return std::move(key).error();
  text += id;
  text += ' ';
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::byte byte : key->bytes()) {
    text += digits[std::to_integer<std::size_t>(byte >> 4)];
    text += digits[std::to_integer<std::size_t>(byte & std::byte{15})];
  }
  text += '\n';
  return {};
}

Result<void> sync_directory(const std::filesystem::path& file) {
  const auto directory = file.has_parent_path() ? file.parent_path() : std::filesystem::path{"."};
  const Descriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (opened.get() < 0 || ::fsync(opened.get()) != 0) return failed(file, "sync its directory", errno);
  return {};
}

Result<void> write_text(int fd, const std::filesystem::path& file, std::string_view text) {
  while (!text.empty()) {
    const auto put = ::write(fd, text.data(), text.size());
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed(file, "write", errno);
    text.remove_prefix(static_cast<std::size_t>(put));
  }
  if (::fchmod(fd, 0600) != 0 || ::fsync(fd) != 0) return failed(file, "write", errno);
  return {};
}

Bytes bound_by(std::string_view master_id, BytesView context) {
  Bytes bound = to_bytes("cairn.wrapped");
  bound.push_back(static_cast<std::byte>(master_id.size()));
  for (const BytesView part : {as_bytes(master_id), context}) bound.insert(bound.end(), part.begin(), part.end());
  return bound;
}

}  // namespace

struct FileKeyProvider::Impl {
  std::filesystem::path file;
  std::vector<MasterKey> keys;
  OpenSslRandom system;
  SecureRandom* random = nullptr;
  AesGcm cipher;
};

FileKeyProvider::FileKeyProvider(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}
FileKeyProvider::~FileKeyProvider() = default;

Result<void> FileKeyProvider::create(const std::filesystem::path& file, SecureRandom* random) {
  SecretText content;
  content.text = fmt::format("{}\n", first_line);
  content.text.reserve(file_bytes_max + 1);
  if (auto made = append_key(content.text, "1", random); !made) return made;
  const Descriptor target{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (target.get() < 0) {
    if (errno == EEXIST) return refused(Errc::already_exists, file, "is there already; add_key() adds to it");
    if (errno == ENOENT) return refused(Errc::not_found, file, "its directory does not exist");
    return failed(file, "create", errno);
  }
  if (auto written = write_text(target.get(), file, content.text); !written) {
    ::unlink(file.c_str());
    return written;
  }
  return sync_directory(file);
}

Result<void> FileKeyProvider::add_key(const std::filesystem::path& file, SecureRandom* random) {
  auto content = read_text(file);
  if (!content) return std::move(content).error();
  auto keys = parse(file, content->text);
  if (!keys) return std::move(keys).error();
  std::size_t number = keys->size() + 1;
  const auto taken = [&](const std::string& id) {
    for (const MasterKey& key : *keys) {
      if (key.id == id) return true;
    }
    return false;
  };
  while (taken(std::to_string(number))) ++number;
  if (auto made = append_key(content->text, std::to_string(number), random); !made) return made;

  const std::filesystem::path fresh = file.string() + ".new";
  ::unlink(fresh.c_str());  // of an add_key() that a crash ended
  const Descriptor target{::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (target.get() < 0) return failed(fresh, "create", errno);
  auto written = write_text(target.get(), fresh, content->text);
  if (written && ::rename(fresh.c_str(), file.c_str()) != 0) written = failed(file, "replace", errno);
  if (!written) {
    ::unlink(fresh.c_str());
    return written;
  }
  return sync_directory(file);
}

Result<std::unique_ptr<FileKeyProvider>> FileKeyProvider::open(const std::filesystem::path& file,
                                                               SecureRandom* random) {
  auto content = read_text(file);
  if (!content) return std::move(content).error();
  auto keys = parse(file, content->text);
  if (!keys) return std::move(keys).error();
  auto impl = std::make_unique<Impl>();
  impl->file = file;
  impl->keys = *std::move(keys);
  impl->random = random != nullptr ? random : &impl->system;
  return std::unique_ptr<FileKeyProvider>{new FileKeyProvider{std::move(impl)}};
}

Result<WrappedKey> FileKeyProvider::wrap(const SecretKey& key, BytesView context) {
  const MasterKey& master = impl_->keys.back();
  std::array<std::byte, AesGcm::nonce_bytes> nonce{};
  if (auto drawn = impl_->random->fill(nonce); !drawn) return std::move(drawn).error();
  WrappedKey wrapped{.master_id = master.id, .bytes = Bytes(wrapped_bytes)};
  wrapped.bytes[0] = wrapped_format;
  std::copy(nonce.begin(), nonce.end(), wrapped.bytes.begin() + 1);
  auto sealed = impl_->cipher.seal(master.key, nonce, bound_by(master.id, context), key.bytes(),
                                   std::span{wrapped.bytes}.subspan(1 + AesGcm::nonce_bytes));
  if (!sealed) return std::move(sealed).error();
  return wrapped;
}

Result<SecretKey> FileKeyProvider::unwrap(const WrappedKey& wrapped, BytesView context) {
  for (const MasterKey& master : impl_->keys) {
    if (master.id != wrapped.master_id) continue;
    const BytesView bytes{wrapped.bytes};
    const bool known = bytes.size() == wrapped_bytes && bytes[0] == wrapped_format;
    if (!known) return refused(Errc::corrupt, impl_->file, fmt::format("what key {} wrapped is damaged", master.id));
    std::array<std::byte, SecretKey::size> plain{};
    auto opened = impl_->cipher.open(master.key, bytes.subspan(1).first<AesGcm::nonce_bytes>(),
                                     bound_by(master.id, context), bytes.subspan(1 + AesGcm::nonce_bytes), plain);
    if (!opened) return std::move(opened).error();
    if (!*opened) {
      return refused(Errc::corrupt, impl_->file,
                     fmt::format("key {} does not open what was wrapped by a key of this name: another key, or damage",
                                 master.id));
    }
    const SecretKey key{plain};
    OPENSSL_cleanse(plain.data(), plain.size());
    return key;
  }
  return refused(Errc::not_found, impl_->file, fmt::format("has no key {}, which is needed", wrapped.master_id));
}

std::string FileKeyProvider::newest_master_id() const { return impl_->keys.back().id; }

}  // namespace cairn
