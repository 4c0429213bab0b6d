#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <cairn/core/bytes.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/subject_keys.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace cairn::erasure {

/// Where a key file is: a path on disk, or a name on a MemoryVfs.
struct KeyFilePlace {
  std::string name;
  MemoryVfs* memory = nullptr;
  bool exists = false;  ///< when it was looked for

  /// Errors: invalid (no name, no regular file), not_found (no such directory; no file and `create` is false).
  [[nodiscard]] static Result<KeyFilePlace> find(const SubjectKeysOptions& options);
  /// An empty file, mode 0600, where there is none. Errors: unavailable.
  Result<void> make() const;
  /// A rollback journal with something in it stands beside the file.
  [[nodiscard]] bool has_journal() const;
};

/// The one connection to a key file. Locks it for as long as it lives.
class KeyConnection final {
 public:
  /// Errors: invalid (not a key file, a newer format; nothing was changed), busy_owner, unavailable, corrupt.
  [[nodiscard]] static Result<std::unique_ptr<KeyConnection>> open(const KeyFilePlace& place);
  ~KeyConnection();
  KeyConnection(const KeyConnection&) = delete;
  KeyConnection& operator=(const KeyConnection&) = delete;

  /// Nothing is in it yet, not even tables.
  [[nodiscard]] bool is_new() const noexcept { return is_new_; }
  /// Makes the tables, in the transaction that is open.
  Result<void> create_tables();
  Result<void> run(const char* sql);
  [[nodiscard]] Error error(int code, std::string_view what) const;
  [[nodiscard]] sqlite3* handle() const noexcept { return db_; }

 private:
  KeyConnection(sqlite3* db, std::string name) noexcept;
  Result<void> check_header(const KeyFilePlace& place);
  [[nodiscard]] Result<std::int64_t> file_size() const;
  Result<void> set_up();

  sqlite3* db_;
  const std::string name_;
  bool is_new_ = false;
};

/// A prepared statement, for one use.
class KeyStatement final {
 public:
  KeyStatement(KeyConnection& connection, std::string_view sql);
  ~KeyStatement();
  KeyStatement(const KeyStatement&) = delete;
  KeyStatement& operator=(const KeyStatement&) = delete;

  /// The next parameter, from the first on. Bytes and text must live as long as the statement.
  KeyStatement& bind(std::int64_t value);
  KeyStatement& bind(BytesView value);
  KeyStatement& bind(std::string_view value);

  /// True: there is a row.
  [[nodiscard]] Result<bool> step();
  /// To its end.
  Result<void> run();

  [[nodiscard]] bool is_null(int column) const noexcept;
  [[nodiscard]] std::int64_t integer(int column) const noexcept;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] Bytes blob(int column) const;

 private:
  KeyConnection& connection_;
  std::string_view sql_;
  sqlite3_stmt* statement_ = nullptr;
  int code_;
  int next_ = 1;
};

}  // namespace cairn::erasure
