#include "name_table.hpp"

namespace cairn::log {

std::uint32_t NameTable::number_of(std::string_view name) const {
  const auto found = numbers_.find(name);
  return found == numbers_.end() ? 0 : found->second;
}

std::uint32_t NameTable::add(std::string_view name) {
  const std::unique_lock lock{mutex_};
  names_.emplace_back(name);
  const auto number = static_cast<std::uint32_t>(names_.size());
  numbers_.emplace(names_.back(), number);
  return number;
}

void NameTable::truncate(std::uint32_t count) {
  if (names_.size() <= count) return;
  const std::unique_lock lock{mutex_};
  while (names_.size() > count) {
    numbers_.erase(names_.back());
    names_.pop_back();
  }
}

bool NameTable::publish() {
  if (published_ == names_.size()) return false;
  const std::unique_lock lock{mutex_};
  published_ = static_cast<std::uint32_t>(names_.size());
  return true;
}

std::uint32_t NameTable::published_number_of(std::string_view name) const {
  const std::shared_lock lock{mutex_};
  const auto found = numbers_.find(name);
  return found == numbers_.end() || found->second > published_ ? 0 : found->second;
}

void NameTable::published_names(std::vector<std::string_view>& names) const {
  const std::shared_lock lock{mutex_};
  for (std::size_t i = names.size(); i < published_; ++i) names.emplace_back(names_[i]);
}

std::string_view NameTable::name_of(std::uint32_t number) const {
  const std::shared_lock lock{mutex_};
  return number == 0 || number > names_.size() ? std::string_view{} : std::string_view{names_[number - 1]};
}

}  // namespace cairn::log
