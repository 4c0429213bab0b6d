#include "sql/statement_cache.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <sqlite3.h>

#include "sql/sqlite_error.hpp"

namespace cairn::sql {
namespace {

int bind_value(sqlite3_stmt* statement, int index, const SqlValue& value) {
  return std::visit(
      [&](const auto& held) -> int {
        using T = std::remove_cvref_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          return sqlite3_bind_null(statement, index);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          return sqlite3_bind_int64(statement, index, held);
        } else if constexpr (std::is_same_v<T, double>) {
          return sqlite3_bind_double(statement, index, held);
        } else if constexpr (std::is_same_v<T, std::string_view>) {
          // A null pointer would bind NULL, but empty text is text.
          return sqlite3_bind_text64(statement, index, held.data() == nullptr ? "" : held.data(), held.size(),
                                     SQLITE_STATIC, SQLITE_UTF8);
        } else {
          if (held.empty()) return sqlite3_bind_zeroblob(statement, index, 0);
          return sqlite3_bind_blob64(statement, index, held.data(), held.size(), SQLITE_STATIC);
        }
      },
      value.variant());
}

int prepare_text(sqlite3* db, std::string_view text, sqlite3_stmt** handle, const char** tail) {
  return sqlite3_prepare_v3(db, text.data(), static_cast<int>(text.size()), SQLITE_PREPARE_PERSISTENT, handle, tail);
}

bool only_blank(const char* text, const char* end) {
  return std::all_of(text, end, [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == ';'; });
}

}  // namespace

Result<std::unique_ptr<Statement>> Statement::prepare(sqlite3* db, std::string_view text) {
  sqlite3_stmt* prepared = nullptr;
  const char* tail = nullptr;
  int code = prepare_text(db, text, &prepared, &tail);
  if (code == SQLITE_ERROR) {
    // "No such table" may mean that the table is new and the file could not be read to notice: SQLite takes a failed
    // look at the schema's version for an unchanged one.
    const int looked = sqlite3_exec(db, "PRAGMA schema_version", nullptr, nullptr, nullptr);
    if (looked != SQLITE_OK) return to_error(db, looked, text);
    code = prepare_text(db, text, &prepared, &tail);
  }
  if (code != SQLITE_OK) return to_error(db, code, text);
  Handle handle{prepared};
  if (!handle) return Error{Errc::invalid, fmt::format("{}: no statement in this text", text)};
  std::unique_ptr<Statement> statement{new Statement{std::move(handle), text}};
  if (!only_blank(tail, text.data() + text.size())) {
    return Error{Errc::invalid, fmt::format("{}: more than one statement", text)};
  }
  if (auto resolved = statement->resolve_placeholders(); !resolved) return std::move(resolved).error();
  return statement;
}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }

Result<void> Statement::resolve_placeholders() {
  const int count = sqlite3_bind_parameter_count(handle());
  index_of_.assign(static_cast<std::size_t>(count), 0);
  for (int index = 1; index <= count; ++index) {
    const char* name = sqlite3_bind_parameter_name(handle(), index);
    const std::string_view placeholder = name == nullptr ? "?" : name;
    int number = 0;
    const char* const end = placeholder.data() + placeholder.size();
    const auto parsed = std::from_chars(placeholder.data() + 1, end, number);
    if (placeholder[0] != '$' || parsed.ec != std::errc{} || parsed.ptr != end || number < 1 || number > count ||
        index_of_[static_cast<std::size_t>(number - 1)] != 0) {
      return Error{Errc::invalid,
                   fmt::format("{}: placeholder {}: they are $1 to ${} here", text_, placeholder, count)};
    }
    index_of_[static_cast<std::size_t>(number - 1)] = index;
  }
  return {};
}

Result<void> Statement::bind(std::span<const SqlValue> args) {
  if (args.size() != index_of_.size()) {
    return Error{Errc::invalid,
                 fmt::format("{}: {} arguments for {} placeholders", text_, args.size(), index_of_.size())};
  }
  for (std::size_t i = 0; i < args.size(); ++i) {
    const int code = bind_value(handle(), index_of_[i], args[i]);
    if (code != SQLITE_OK) return to_error(sqlite3_db_handle(handle()), code, text_);
  }
  return {};
}

std::size_t StatementCache::slot_of(std::string_view text) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(text.data());
  return (address ^ (address >> 7U) ^ text.size()) % std::tuple_size_v<decltype(recent_)>;
}

Result<Statement*> StatementCache::get(std::string_view text) {
  Statement*& recent = recent_[slot_of(text)];
  if (recent != nullptr && recent->text() == text) return recent;
  if (const auto found = by_text_.find(text); found != by_text_.end()) return recent = found->second.get();

  if (by_text_.size() >= statements_max) drop_idle();
  auto prepared = Statement::prepare(db_, text);
  if (!prepared) return std::move(prepared).error();
  Statement* const statement = prepared->get();
  by_text_.emplace(statement->text(), *std::move(prepared));
  return recent = statement;
}

void StatementCache::drop_idle() {
  recent_.fill(nullptr);
  std::erase_if(by_text_, [](const auto& entry) { return !entry.second->busy(); });
}

void StatementCache::clear() noexcept {
  recent_.fill(nullptr);
  by_text_.clear();
}

}  // namespace cairn::sql
