#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

namespace cairn::log {

/// Numbers from 1 for names of which there are few (event types, categories). The writer adds; readers see what
/// was published. Names never move, so views stay good for as long as the table does; reload makes a new table.
class NameTable {
 public:
  /// The number of `name`, published or not; 0 when unknown. Writer's thread only.
  [[nodiscard]] std::uint32_t number_of(std::string_view name) const;
  /// Adds `name` as the next number. Writer's thread only.
  std::uint32_t add(std::string_view name);
  /// Forgets all numbers above `count`. Writer's thread only.
  void truncate(std::uint32_t count);
  [[nodiscard]] std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(names_.size()); }
  /// Returns whether a name is new to readers.
  bool publish();

  /// The number of a published name; 0 when unknown. Any thread.
  [[nodiscard]] std::uint32_t published_number_of(std::string_view name) const;
  /// Copies views of the published names with numbers above `names.size()` to the end of `names`. Any thread.
  void published_names(std::vector<std::string_view>& names) const;
  /// Name of a number this thread may see; empty when there is none.
  [[nodiscard]] std::string_view name_of(std::uint32_t number) const;

 private:
  mutable std::shared_mutex mutex_;
  std::deque<std::string> names_;
  boost::unordered_flat_map<std::string_view, std::uint32_t> numbers_;
  std::uint32_t published_ = 0;
};

}  // namespace cairn::log
