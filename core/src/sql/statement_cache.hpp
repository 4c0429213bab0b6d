#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/value.hpp>

struct sqlite3;
struct sqlite3_stmt;

namespace cairn::sql {

/// A prepared statement and where its $1, $2, ... stand.
class Statement final {
 public:
  /// Errors: invalid (SQLite's words; more than one statement; placeholders that are not $1 to $n without gaps).
  [[nodiscard]] static Result<std::unique_ptr<Statement>> prepare(sqlite3* db, std::string_view text);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Binds all arguments without copying: they must live until the statement is reset.
  [[nodiscard]] Result<void> bind(std::span<const SqlValue> args);

  [[nodiscard]] sqlite3_stmt* handle() const noexcept { return handle_.get(); }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  [[nodiscard]] bool busy() const noexcept { return busy_; }
  void set_busy(bool busy) noexcept { busy_ = busy; }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const noexcept;
  };
  using Handle = std::unique_ptr<sqlite3_stmt, Finalize>;
  Statement(Handle handle, std::string_view text) : handle_{std::move(handle)}, text_{text} {}
  [[nodiscard]] Result<void> resolve_placeholders();

  Handle handle_;
  std::string text_;
  std::vector<int> index_of_;  // of $1 at [0]; SQLite numbers named parameters by first appearance
  bool busy_ = false;
};

/// The prepared statements of one connection, found by their text.
/// Cost of finding one again: a comparison of the text when it is the same literal as before, else a hash.
class StatementCache final {
 public:
  /// Beyond it, idle statements are dropped: only SQL text built from values gets here.
  static constexpr std::size_t statements_max = 512;

  explicit StatementCache(sqlite3* db) noexcept : db_{db} {}

  /// Valid until the next get() or clear(); for longer while busy.
  [[nodiscard]] Result<Statement*> get(std::string_view text);
  void clear() noexcept;

 private:
  [[nodiscard]] static std::size_t slot_of(std::string_view text) noexcept;
  void drop_idle();

  sqlite3* db_;
  std::unordered_map<std::string_view, std::unique_ptr<Statement>> by_text_;  // keys view into the statements
  std::array<Statement*, 128> recent_{};                                      // by the literal's address
};

}  // namespace cairn::sql
