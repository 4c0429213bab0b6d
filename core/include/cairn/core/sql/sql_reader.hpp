#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include <cairn/core/result.hpp>
#include <cairn/core/sql/row.hpp>
#include <cairn/core/sql/value.hpp>

namespace cairn {

namespace sql {
class Connection;
}

/// What a Unit and a ReadTx have in common: queries within one transaction.
/// Placeholders are $1, $2, ... and are bound by that name. Statements are prepared once per connection and
/// kept, keyed by their text: pass string literals, never text built from values.
/// Errors: invalid (the SQL or its arguments are wrong; the message has the SQL text and SQLite's words),
/// unavailable (I/O failed, or the transaction is gone), corrupt (the page read is damaged; names the page).
/// Not thread-safe: one transaction belongs to one thread.
class SqlReader {
 public:
  SqlReader(const SqlReader&) = delete;
  SqlReader& operator=(const SqlReader&) = delete;

  /// Calls `on_row(const Row&)` for each row, in the query's order. `on_row` returns void, or bool to go on
  /// (true) or stop (false). Rows are streamed, not collected; `on_row` must not query through this object
  /// with the same SQL text.
  template <class OnRow>
  Result<void> each(std::string_view sql, std::initializer_list<SqlValue> args, OnRow&& on_row) {
    auto step = [&on_row](const Row& row) -> bool {
      if constexpr (std::is_void_v<std::invoke_result_t<OnRow&, const Row&>>) {
        on_row(row);
        return true;
      } else {
        return on_row(row);
      }
    };
    return for_each_row(sql, {args.begin(), args.size()}, &step, [](void* context, const Row& row) -> bool {
      return (*static_cast<decltype(step)*>(context))(row);
    });
  }

  /// The first row as one value (one type) or a tuple (several), or nothing when there is no row:
  /// `tx.first<std::int64_t>("SELECT cents FROM balance WHERE id = $1", {id})`.
  /// Use owning types (std::string, Bytes): views would outlive the row.
  template <class... Ts>
  auto first(std::string_view sql, std::initializer_list<SqlValue> args) {
    static_assert(sizeof...(Ts) > 0);
    using Value = std::conditional_t<sizeof...(Ts) == 1, std::tuple_element_t<0, std::tuple<Ts...>>, std::tuple<Ts...>>;
    std::optional<Value> found;
    auto done = each(sql, args, [&found](const Row& row) {
      [&]<std::size_t... I>(std::index_sequence<I...>) {
        found.emplace(row.get<Ts>(static_cast<int>(I))...);
      }(std::index_sequence_for<Ts...>{});
      return false;
    });
    return done ? Result<std::optional<Value>>{std::move(found)} : Result<std::optional<Value>>{done.error()};
  }

  /// Copies `out.size()` bytes from `offset` of a blob column into `out`, without reading the rest of the blob.
  /// `table` and `column` are literals. Errors: not_found (no such row), invalid (range outside the blob), and
  /// those above.
  Result<void> read_blob(const char* table, const char* column, std::int64_t rowid, std::size_t offset,
                         std::span<std::byte> out);
  /// Size in bytes of that blob; the blob stays open for read_blob calls on the same row.
  Result<std::size_t> blob_size(const char* table, const char* column, std::int64_t rowid);

 protected:
  explicit SqlReader(sql::Connection& connection) noexcept : connection_{&connection} {}
  ~SqlReader() = default;
  [[nodiscard]] sql::Connection& connection() const noexcept { return *connection_; }
  void rebind(sql::Connection* connection) noexcept { connection_ = connection; }

 private:
  using OnRowFunction = bool (*)(void*, const Row&);
  Result<void> for_each_row(std::string_view sql, std::span<const SqlValue> args, void* context, OnRowFunction on_row);

  sql::Connection* connection_;
};

}  // namespace cairn
