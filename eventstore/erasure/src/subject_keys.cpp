#include <cairn/eventstore/subject_keys.hpp>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <cairn/core/clock.hpp>
#include <cairn/core/secure_random.hpp>

#include "aes_gcm.hpp"
#include "key_cache.hpp"
#include "key_file.hpp"
#include "sealed_format.hpp"

namespace cairn {

using erasure::AesGcm;
using erasure::KeyId;
using erasure::KeyState;
using erasure::StoredKey;
using erasure::SubjectHash;

namespace {

constexpr std::size_t plain_bytes_max = 16U << 20U;
constexpr std::size_t blind_name_bytes_max = 200;
constexpr std::size_t rewrap_slice_keys = 256;

// Messages do not name the subject: they end up in logs, which outlive it.
Result<void> check(const SubjectId& subject, std::string_view call) {
  if (!subject.text.empty() && subject.text.size() <= subject_bytes_max) return {};
  return Error{Errc::invalid, fmt::format("{}: a subject's id has 1 to {} bytes, this one {}", call, subject_bytes_max,
                                          subject.text.size())};
}

Result<void> check(std::span<const SubjectId> subjects) {
  if (subjects.empty() || subjects.size() > sealed_subjects_max) {
    return Error{Errc::invalid, fmt::format("seal: 1 to {} subjects, not {}", sealed_subjects_max, subjects.size())};
  }
  for (auto subject = subjects.begin(); subject != subjects.end(); ++subject) {
    if (auto good = check(*subject, "seal"); !good) return good;
    if (std::find(subjects.begin(), subject, *subject) != subject) {
      return Error{Errc::invalid, "seal: a subject is named twice"};
    }
  }
  return {};
}

Bytes context_of(BytesView id, BytesView subject) {
  Bytes context = to_bytes("data");
  for (const BytesView part : {id, subject}) context.insert(context.end(), part.begin(), part.end());
  return context;
}
BytesView blind_context() { return as_bytes("blind"); }

// Of one key: itself. Of several: none of them can be left out.
Result<SecretKey> joint_key(std::span<const SecretKey> keys) {
  SecretKey joint = keys.front();
  for (const SecretKey& key : keys.subspan(1)) {
    auto mac = erasure::hmac_sha256(joint, {as_bytes("cairn.joint"), key.bytes()});
    if (!mac) return std::move(mac).error();
    joint = SecretKey{*mac};
  }
  return joint;
}

}  // namespace

struct SubjectKeys::Impl {
  Impl(const SubjectKeysOptions& options, SubjectKeysParts parts, std::unique_ptr<erasure::KeyFile> opened,
       const SecretKey& blind)
      : master{parts.master},
        clock{parts.clock != nullptr ? *parts.clock : system_clock},
        random{parts.random != nullptr ? *parts.random : system_random},
        file{std::move(opened)},
        cache{options.cache_keys_max},
        blind_key{blind} {}

  struct SubjectKey {
    KeyId id;
    SecretKey key;
  };

  Result<KeyState> key_of(const KeyId& id);
  Result<SubjectKey> key_for(const SubjectId& subject);
  Result<std::uint64_t> add_keys(std::span<const SubjectHash> subjects);
  [[nodiscard]] Result<SubjectHash> hash(const SubjectId& subject) const {
    return erasure::hmac_sha256(blind_key, {as_bytes("subject"), as_bytes(subject.text)});
  }
  Result<std::optional<KeyState>> remember(const StoredKey& key, std::uint64_t seen, const std::string* subject);
  Result<KeyId> new_id() {
    KeyId id{};
    if (auto drawn = random.fill(id); !drawn) return std::move(drawn).error();
    return id;
  }
  template <class F>
  auto locked(F&& f) {
    const std::lock_guard lock{file_mutex};
    return f();
  }

  SystemClock system_clock;
  OpenSslRandom system_random;
  KeyProvider& master;
  Clock& clock;
  SecureRandom& random;
  AesGcm cipher;
  std::mutex file_mutex;  // before the cache's own
  std::unique_ptr<erasure::KeyFile> file;
  std::uint64_t changes = 0;  // under `file_mutex`: keys that were destroyed or freed from their subject
  erasure::KeyCache cache;
  const SecretKey blind_key;
};

SubjectKeys::SubjectKeys(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}
SubjectKeys::~SubjectKeys() = default;

Result<std::unique_ptr<SubjectKeys>> SubjectKeys::open(const SubjectKeysOptions& options, SubjectKeysParts parts) {
  OpenSslRandom system_random;
  SecureRandom& random = parts.random != nullptr ? *parts.random : system_random;
  auto file = erasure::KeyFile::open(options, [&]() -> Result<WrappedKey> {
    const auto key = SecretKey::random(random);
    if (!key) return key.error();
    return parts.master.wrap(*key, blind_context());
  });
  if (!file) return std::move(file).error();
  const auto wrapped = (*file)->blind_key();
  if (!wrapped) return wrapped.error();
  const auto blind = parts.master.unwrap(*wrapped, blind_context());
  if (!blind) return Error{blind.error().code(), fmt::format("open keys: {}", blind.error().message())};
  return std::unique_ptr<SubjectKeys>{
      new SubjectKeys{std::make_unique<Impl>(options, parts, *std::move(file), *blind)}};
}

// The state of a key that was read from the file when `changes` was `seen`. Nothing when it may have changed since: the
// provider was asked without the lock, because it may be a service far away.
Result<std::optional<KeyState>> SubjectKeys::Impl::remember(const StoredKey& key, std::uint64_t seen,
                                                            const std::string* subject) {
  std::optional<KeyState> state;
  if (key.erased) {
    state = KeyState{*key.erased};
  } else {
    auto unwrapped = master.unwrap(key.wrapped, context_of(key.id, key.subject));
    if (!unwrapped) return std::move(unwrapped).error();
    state = KeyState{*unwrapped};
  }
  return locked([&]() -> Result<std::optional<KeyState>> {
    if (changes != seen) return std::optional<KeyState>{};
    cache.put(key.id, *state, subject);
    return std::move(state);
  });
}

Result<KeyState> SubjectKeys::Impl::key_of(const KeyId& id) {
  while (true) {
    if (auto cached = cache.find(id)) return *cached;
    std::uint64_t seen = 0;
    const auto stored = locked([&] {
      seen = changes;
      return file->find(id);
    });
    if (!stored) return stored.error();
    if (!*stored)
      return Error{Errc::not_found, "unseal: the key file never had this key; it is another, or an old copy"};
    auto state = remember(**stored, seen, nullptr);
    if (!state) return std::move(state).error();
    if (*state) return **state;
  }
}

// For those that have none; another thread may have been faster.
Result<std::uint64_t> SubjectKeys::Impl::add_keys(std::span<const SubjectHash> subjects) {
  std::vector<erasure::KeyFile::NewKey> fresh;
  fresh.reserve(subjects.size());
  for (const SubjectHash& subject : subjects) {
    const auto id = new_id();
    if (!id) return id.error();
    const auto key = SecretKey::random(random);
    if (!key) return key.error();
    auto wrapped = master.wrap(*key, context_of(*id, subject));
    if (!wrapped) return std::move(wrapped).error();
    fresh.push_back({subject, *id, *std::move(wrapped)});
  }
  auto added = locked([&] { return file->add(fresh); });
  // Nothing is sealed with a key that may or may not be there: known not done, as far as the caller goes.
  if (!added && added.error().code() == Errc::outcome_unknown) {
    return Error{Errc::unavailable, added.error().message()};
  }
  return added;
}

Result<SubjectKeys::Impl::SubjectKey> SubjectKeys::Impl::key_for(const SubjectId& subject) {
  const auto answer = [](const KeyId& id, const KeyState& state) -> Result<SubjectKey> {
    if (const auto* const key = std::get_if<SecretKey>(&state)) return SubjectKey{id, *key};
    return Error{Errc::rejected, "seal: the subject was erased; readmit() it if it is to have data again"};
  };
  if (const auto cached = cache.find_subject(subject.text)) return answer(cached->id, cached->state);
  const auto hashed = hash(subject);
  if (!hashed) return hashed.error();
  while (true) {
    std::uint64_t seen = 0;
    const auto stored = locked([&] {
      seen = changes;
      return file->find_subject(*hashed);
    });
    if (!stored) return stored.error();
    if (*stored) {
      auto state = remember(**stored, seen, &subject.text);
      if (!state) return std::move(state).error();
      if (*state) return answer((*stored)->id, **state);
    } else if (auto added = add_keys({&*hashed, 1}); !added) {
      return std::move(added).error();
    }
  }
}

Result<Bytes> SubjectKeys::seal_bytes(std::span<const SubjectId> subjects, const detail::SealedShape& shape,
                                      BytesView plain, const SealContext& context) {
  if (auto good = check(subjects); !good) return std::move(good).error();
  if (plain.size() > plain_bytes_max) {
    return Error{Errc::invalid, fmt::format("seal: {} bytes, at most {}", plain.size(), plain_bytes_max)};
  }
  std::vector<KeyId> ids;
  std::vector<SecretKey> keys;
  ids.reserve(subjects.size());
  keys.reserve(subjects.size());
  for (const SubjectId& subject : subjects) {
    auto key = impl_->key_for(subject);
    if (!key) return std::move(key).error();
    ids.push_back(key->id);
    keys.push_back(key->key);
  }
  const auto key = joint_key(keys);
  if (!key) return key.error();
  std::array<std::byte, AesGcm::nonce_bytes> nonce{};
  if (auto drawn = impl_->random.fill(nonce); !drawn) return std::move(drawn).error();
  auto frame = erasure::frame_sealed(ids, shape, nonce, plain.size());
  const std::span<std::byte> bytes{frame.bytes};
  const Bytes bound = erasure::bound_bytes(bytes.first(frame.header_bytes), shape.type, context.bound_to);
  auto sealed = impl_->cipher.seal(*key, nonce, bound, plain, bytes.subspan(frame.header_bytes + AesGcm::nonce_bytes));
  if (!sealed) return std::move(sealed).error();
  return std::move(frame.bytes);
}

Result<Unsealed<SubjectKeys::Plain>> SubjectKeys::unseal_bytes(BytesView sealed, std::string_view type,
                                                               const SealContext& context) {
  const auto parts = erasure::parse_sealed(sealed);
  if (!parts) return parts.error();
  std::vector<SecretKey> keys;
  keys.reserve(parts->keys.size());
  std::optional<Error> missing;
  for (const KeyId& id : parts->keys) {
    auto state = impl_->key_of(id);
    if (!state) {
      if (!missing) missing = std::move(state).error();
    } else if (const auto* const erased = std::get_if<Erased>(&*state)) {
      return Unsealed<Plain>{*erased};  // whatever became of the others' keys
    } else {
      keys.push_back(std::get<SecretKey>(*state));
    }
  }
  if (missing) return *std::move(missing);
  const auto key = joint_key(keys);
  if (!key) return key.error();
  Plain plain{.shape = {.schema_version = parts->schema_version, .content_type = parts->content_type},
              .data = Bytes(parts->text.size() - AesGcm::tag_bytes)};
  const auto opened =
      impl_->cipher.open(*key, parts->nonce.first<AesGcm::nonce_bytes>(),
                         erasure::bound_bytes(parts->header, type, context.bound_to), parts->text, plain.data);
  if (!opened) return opened.error();
  if (!*opened) {
    return Error{Errc::corrupt, fmt::format("sealed value: damaged, not a {}, or bound to something else",
                                            type.empty() ? std::string_view{"text"} : type)};
  }
  return Unsealed<Plain>{std::move(plain)};
}

Result<std::uint64_t> SubjectKeys::prepare(std::span<const SubjectId> subjects) {
  std::vector<SubjectHash> missing;
  for (const SubjectId& subject : subjects) {
    if (auto good = check(subject, "prepare"); !good) return std::move(good).error();
    const auto hashed = impl_->hash(subject);
    if (!hashed) return hashed.error();
    const auto stored = impl_->locked([&] { return impl_->file->find_subject(*hashed); });
    if (!stored) return stored.error();
    if (!*stored) missing.push_back(*hashed);
  }
  if (missing.empty()) return 0U;
  return impl_->add_keys(missing);
}

Result<EraseReport> SubjectKeys::erase(const SubjectId& subject) {
  if (auto good = check(subject, "erase"); !good) return std::move(good).error();
  const auto hashed = impl_->hash(subject);
  if (!hashed) return hashed.error();
  const auto fresh = impl_->new_id();
  if (!fresh) return fresh.error();
  return impl_->locked([&]() -> Result<EraseReport> {
    auto erased = impl_->file->erase(*hashed, *fresh, impl_->clock.now());
    ++impl_->changes;
    impl_->cipher.forget_keys();
    if (!erased) {
      // Which of the two it is, the file will say.
      impl_->cache.clear();
      return std::move(erased).error();
    }
    impl_->cache.forget_subject(subject.text);
    impl_->cache.put(erased->id, Erased{erased->report.erased_at}, &subject.text);
    return erased->report;
  });
}

Result<bool> SubjectKeys::readmit(const SubjectId& subject) {
  if (auto good = check(subject, "readmit"); !good) return std::move(good).error();
  const auto hashed = impl_->hash(subject);
  if (!hashed) return hashed.error();
  return impl_->locked([&] {
    auto readmitted = impl_->file->readmit(*hashed);
    ++impl_->changes;
    impl_->cache.forget_subject(subject.text);
    return readmitted;
  });
}

Result<std::string> SubjectKeys::blind_tag(const BlindTag& tag) const {
  if (tag.name.empty() || tag.name.size() > blind_name_bytes_max) {
    return Error{Errc::invalid, fmt::format("blind tag: a name has 1 to {} bytes, this one {}", blind_name_bytes_max,
                                            tag.name.size())};
  }
  if (tag.value.empty()) return Error{Errc::invalid, fmt::format("blind tag {}: no value", tag.name)};
  const std::byte size = static_cast<std::byte>(tag.name.size());
  const auto mac = erasure::hmac_sha256(
      impl_->blind_key, {as_bytes("tag"), BytesView{&size, 1}, as_bytes(tag.name), as_bytes(tag.value)});
  if (!mac) return mac.error();
  std::string text = fmt::format("{}:", tag.name);
  for (const std::byte byte : std::span{*mac}.first<16>()) text += fmt::format("{:02x}", std::to_integer<int>(byte));
  return text;
}

Result<std::uint64_t> SubjectKeys::rewrap() {
  const std::string newest = impl_->master.newest_master_id();
  const auto again = [this](const WrappedKey& wrapped, BytesView context) -> Result<WrappedKey> {
    const auto key = impl_->master.unwrap(wrapped, context);
    if (!key) return key.error();
    return impl_->master.wrap(*key, context);
  };
  std::uint64_t done = 0;
  std::int64_t after = 0;
  while (true) {
    const auto slice = impl_->locked([&] { return impl_->file->wrapped_by_others(newest, after, rewrap_slice_keys); });
    if (!slice) return slice.error();
    if (slice->empty()) break;
    after = slice->back().number;
    std::vector<erasure::KeyFile::Rewrapped> fresh;
    fresh.reserve(slice->size());
    for (const StoredKey& key : *slice) {
      auto wrapped = again(key.wrapped, context_of(key.id, key.subject));
      if (!wrapped) return std::move(wrapped).error();
      fresh.push_back({key, *std::move(wrapped)});
    }
    const auto replaced = impl_->locked([&] { return impl_->file->replace(fresh); });
    if (!replaced) return replaced.error();
    done += *replaced;
  }
  return impl_->locked([&]() -> Result<std::uint64_t> {
    const auto blind = impl_->file->blind_key();
    if (!blind) return blind.error();
    if (blind->master_id != newest) {
      const auto wrapped = again(*blind, blind_context());
      if (!wrapped) return wrapped.error();
      if (auto replaced = impl_->file->replace_blind_key(*wrapped); !replaced) return std::move(replaced).error();
      ++done;
    }
    if (auto rewritten = impl_->file->rewrite(); !rewritten) return std::move(rewritten).error();
    return done;
  });
}

}  // namespace cairn
