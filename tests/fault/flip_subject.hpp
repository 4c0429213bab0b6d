#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <cairn/core/bytes.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace cairn::test {

/// What a store answers to every call there is: a digest of each answer, or "" for an error.
using StoreAnswers = std::map<std::string, std::string>;

/// A store small enough to be asked everything thousands of times, with pages of every kind.
class FlipSubject {
 public:
  FlipSubject();

  /// The database file, closed in good order.
  [[nodiscard]] const Bytes& file() const noexcept { return file_; }
  /// One page of each kind by its number from 1: "chunk leaf", "chunk overflow", "stream internal", ...
  [[nodiscard]] const std::map<std::string, std::uint32_t>& pages() const noexcept { return pages_; }
  /// What the store answers when nothing is damaged.
  [[nodiscard]] const StoreAnswers& answers() const noexcept { return answers_; }

  /// What the store in `image` answers; nothing when it does not open.
  [[nodiscard]] static StoreAnswers ask(MemoryVfs& image);
  /// Opens `image` and asks it everything; the first call that gives another answer and no error, or "".
  [[nodiscard]] std::string undetected(MemoryVfs& image) const;

 private:
  void find_pages(MemoryVfs& disk);

  Bytes file_;
  std::map<std::string, std::uint32_t> pages_;
  StoreAnswers answers_;
};

}  // namespace cairn::test
