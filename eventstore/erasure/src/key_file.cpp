#include "key_file.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

namespace cairn::erasure {
namespace {

constexpr std::string_view by_id =
    "SELECT d.number, d.id, d.subject, d.master, d.wrapped, e.at FROM data_key d "
    "LEFT JOIN erasure e ON e.number = d.number WHERE d.id = $1";
constexpr std::string_view by_subject =
    "SELECT d.number, d.id, d.subject, d.master, d.wrapped, e.at FROM data_key d "
    "LEFT JOIN erasure e ON e.number = d.number WHERE d.subject = $1";
constexpr std::string_view by_other_masters =
    "SELECT d.number, d.id, d.subject, d.master, d.wrapped, e.at FROM data_key d "
    "LEFT JOIN erasure e ON e.number = d.number WHERE d.number > $1 AND d.master <> $2 AND e.at IS NULL "
    "ORDER BY d.number LIMIT $3";
constexpr std::string_view insert_key =
    "INSERT INTO data_key (id, subject, master, wrapped) VALUES ($1, $2, $3, $4) ON CONFLICT (subject) DO NOTHING";

StoredKey to_key(const KeyStatement& row) {
  StoredKey key{.number = row.integer(0), .subject = row.blob(2), .wrapped = {row.text(3), row.blob(4)}};
  const Bytes id = row.blob(1);
  std::copy_n(id.begin(), std::min(id.size(), key.id.size()), key.id.begin());
  if (!row.is_null(5)) key.erased = Erased{Timestamp{std::chrono::microseconds{row.integer(5)}}};
  return key;
}

std::int64_t microseconds(Timestamp at) { return at.time_since_epoch().count(); }

}  // namespace

Result<std::unique_ptr<KeyFile>> KeyFile::open(const SubjectKeysOptions& options,
                                               const std::function<Result<WrappedKey>()>& new_blind_key) {
  auto place = KeyFilePlace::find(options);
  if (!place) return std::move(place).error();
  std::optional<WrappedKey> blind;
  const auto make_blind_key = [&]() -> Result<void> {
    auto wrapped = new_blind_key();
    if (!wrapped) return std::move(wrapped).error();
    blind = *std::move(wrapped);
    return {};
  };
  if (!place->exists) {
    // First, so that a provider without a key leaves no file behind.
    if (auto wrapped = make_blind_key(); !wrapped) return std::move(wrapped).error();
    if (auto made = place->make(); !made) return std::move(made).error();
  }
  std::unique_ptr<KeyFile> file{new KeyFile{*std::move(place)}};
  auto connection = KeyConnection::open(file->place_);
  if (!connection) return std::move(connection).error();
  file->connection_ = *std::move(connection);
  if (!file->connection_->is_new()) return file;
  if (!options.create) return Error{Errc::not_found, fmt::format("key file {}: it is empty", file->place_.name)};

  if (!blind) {
    if (auto wrapped = make_blind_key(); !wrapped) return std::move(wrapped).error();
  }
  auto created = file->write([&]() -> Result<void> {
    if (auto made = file->connection_->create_tables(); !made) return made;
    return KeyStatement{*file->connection_, "INSERT INTO key_file VALUES (1, 0, $1, $2)"}
        .bind(std::string_view{blind->master_id})
        .bind(BytesView{blind->bytes})
        .run();
  });
  if (!created) return std::move(created).error();
  return file;
}

Result<void> KeyFile::connect() {
  if (connection_) return {};
  auto connection = KeyConnection::open(place_);
  if (!connection) return std::move(connection).error();
  if ((*connection)->is_new()) return Error{Errc::corrupt, fmt::format("key file {}: its keys are gone", place_.name)};
  connection_ = *std::move(connection);
  return {};
}

template <class F>
auto KeyFile::read(F&& f) -> decltype(f()) {
  if (auto connected = connect(); !connected) return std::move(connected).error();
  auto result = f();
  if (!result) connection_.reset();
  return result;
}

template <class F>
auto KeyFile::write(F&& f) -> decltype(f()) {
  if (auto connected = connect(); !connected) return std::move(connected).error();
  const auto give_up = [this](Error error) {
    connection_.reset();
    return error;
  };
  if (auto begun = connection_->run("BEGIN IMMEDIATE"); !begun) return give_up(std::move(begun).error());
  auto result = f();
  if (!result) return give_up(std::move(result).error());
  if (auto committed = connection_->run("COMMIT"); !committed) {
    return give_up(Error{Errc::outcome_unknown, committed.error().message()});
  }
  return result;
}

Result<std::optional<StoredKey>> KeyFile::first_of(KeyStatement& statement) {
  auto row = statement.step();
  if (!row) return std::move(row).error();
  if (!*row) return std::optional<StoredKey>{};
  return std::optional{to_key(statement)};
}

Result<WrappedKey> KeyFile::blind_key() {
  return read([&]() -> Result<WrappedKey> {
    KeyStatement statement{*connection_, "SELECT blind_master, blind_wrapped FROM key_file"};
    auto row = statement.step();
    if (!row) return std::move(row).error();
    if (!*row) return Error{Errc::corrupt, fmt::format("key file {}: its first row is gone", place_.name)};
    return WrappedKey{statement.text(0), statement.blob(1)};
  });
}

Result<std::optional<StoredKey>> KeyFile::find(const KeyId& id) {
  return read([&] {
    KeyStatement statement{*connection_, by_id};
    return first_of(statement.bind(BytesView{id}));
  });
}

Result<std::optional<StoredKey>> KeyFile::find_subject(const SubjectHash& subject) {
  return read([&] {
    KeyStatement statement{*connection_, by_subject};
    return first_of(statement.bind(BytesView{subject}));
  });
}

Result<std::uint64_t> KeyFile::add(std::span<const NewKey> keys) {
  return write([&]() -> Result<std::uint64_t> {
    std::uint64_t added = 0;
    for (const NewKey& key : keys) {
      auto done = KeyStatement{*connection_, insert_key}
                      .bind(BytesView{key.id})
                      .bind(BytesView{key.subject})
                      .bind(std::string_view{key.wrapped.master_id})
                      .bind(BytesView{key.wrapped.bytes})
                      .run();
      if (!done) return std::move(done).error();
      added += static_cast<std::uint64_t>(sqlite3_changes(connection_->handle()));
    }
    return added;
  });
}

Result<KeyFile::Erasure> KeyFile::erase(const SubjectHash& subject, const KeyId& fresh, Timestamp now) {
  return write([&]() -> Result<Erasure> {
    std::optional<StoredKey> key;
    {
      KeyStatement statement{*connection_, by_subject};
      auto found = first_of(statement.bind(BytesView{subject}));
      if (!found) return std::move(found).error();
      key = *std::move(found);
    }
    auto counted = KeyStatement{*connection_, "UPDATE key_file SET erasures = erasures + 1"}.run();
    if (!counted) return std::move(counted).error();
    if (key && key->erased) {
      return Erasure{{EraseReport::Outcome::already_erased, key->erased->at}, key->id};
    }
    // Zeros as long as the key was, so that the row keeps its page; secure_delete clears what stood there.
    auto destroyed =
        key ? KeyStatement{*connection_, "UPDATE data_key SET wrapped = zeroblob(length(wrapped)) WHERE number = $1"}
                  .bind(key->number)
                  .run()
            : KeyStatement{*connection_, insert_key}
                  .bind(BytesView{fresh})
                  .bind(BytesView{subject})
                  .bind(std::string_view{})
                  .bind(BytesView{})
                  .run();
    if (!destroyed) return std::move(destroyed).error();
    auto noted = KeyStatement{*connection_,
                              "INSERT INTO erasure (number, at) SELECT number, $1 FROM data_key WHERE subject = $2"}
                     .bind(microseconds(now))
                     .bind(BytesView{subject})
                     .run();
    if (!noted) return std::move(noted).error();
    return Erasure{{key ? EraseReport::Outcome::key_destroyed : EraseReport::Outcome::nothing_sealed, now},
                   key ? key->id : fresh};
  });
}

Result<bool> KeyFile::readmit(const SubjectHash& subject) {
  return write([&]() -> Result<bool> {
    auto done = KeyStatement{*connection_,
                             "UPDATE data_key SET subject = NULL "
                             "WHERE subject = $1 AND number IN (SELECT number FROM erasure)"}
                    .bind(BytesView{subject})
                    .run();
    if (!done) return std::move(done).error();
    return sqlite3_changes(connection_->handle()) > 0;
  });
}

Result<std::vector<StoredKey>> KeyFile::wrapped_by_others(std::string_view master_id, std::int64_t after,
                                                          std::size_t keys_max) {
  return read([&]() -> Result<std::vector<StoredKey>> {
    KeyStatement statement{*connection_, by_other_masters};
    statement.bind(after).bind(master_id).bind(static_cast<std::int64_t>(keys_max));
    std::vector<StoredKey> keys;
    auto row = statement.step();
    for (; row && *row; row = statement.step()) keys.push_back(to_key(statement));
    if (!row) return std::move(row).error();
    return keys;
  });
}

Result<std::uint64_t> KeyFile::replace(std::span<const Rewrapped> keys) {
  return write([&]() -> Result<std::uint64_t> {
    std::uint64_t replaced = 0;
    for (const Rewrapped& key : keys) {
      auto done =
          KeyStatement{*connection_, "UPDATE data_key SET master = $1, wrapped = $2 WHERE number = $3 AND wrapped = $4"}
              .bind(std::string_view{key.wrapped.master_id})
              .bind(BytesView{key.wrapped.bytes})
              .bind(key.old.number)
              .bind(BytesView{key.old.wrapped.bytes})
              .run();
      if (!done) return std::move(done).error();
      replaced += static_cast<std::uint64_t>(sqlite3_changes(connection_->handle()));
    }
    return replaced;
  });
}

Result<void> KeyFile::replace_blind_key(const WrappedKey& wrapped) {
  return write([&] {
    return KeyStatement{*connection_, "UPDATE key_file SET blind_master = $1, blind_wrapped = $2"}
        .bind(std::string_view{wrapped.master_id})
        .bind(BytesView{wrapped.bytes})
        .run();
  });
}

Result<void> KeyFile::rewrite() {
  return read([&] { return connection_->run("VACUUM"); });
}

}  // namespace cairn::erasure
