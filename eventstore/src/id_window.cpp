#include "id_window.hpp"

namespace cairn::log {

std::optional<std::uint64_t> IdWindow::position_of(const Uuid& id) const {
  const auto found = positions_.find(id);
  return found == positions_.end() ? std::nullopt : std::optional{found->second};
}

void IdWindow::add(const Uuid& id, std::uint64_t position) {
  order_.push_back({id, position});
  positions_.insert_or_assign(id, position);
}

void IdWindow::add_older(const Uuid& id, std::uint64_t position) {
  order_.push_front({id, position});
  positions_.try_emplace(id, position);
}

void IdWindow::forget_after(std::uint64_t position) {
  while (!order_.empty() && order_.back().position > position) {
    const auto found = positions_.find(order_.back().id);
    if (found != positions_.end() && found->second == order_.back().position) positions_.erase(found);
    order_.pop_back();
  }
}

void IdWindow::trim() {
  // By position and not by count: where events were removed there are fewer ids.
  while (!order_.empty() && order_.back().position - order_.front().position >= entries_max_) {
    const auto found = positions_.find(order_.front().id);
    if (found != positions_.end() && found->second == order_.front().position) positions_.erase(found);
    order_.pop_front();
  }
}

void IdWindow::clear() {
  order_.clear();
  positions_.clear();
}

}  // namespace cairn::log
