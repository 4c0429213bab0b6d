#include "store_watch.hpp"

#include <utility>

namespace cairn::delivery {

void StoreWatch::on_reload(std::function<void()> back) {
  const std::lock_guard lock{mutex_};
  back_ = std::move(back);
}

Result<void> StoreWatch::reload(SqlReader&) {
  const std::lock_guard lock{mutex_};
  if (back_) back_();
  return {};
}

}  // namespace cairn::delivery
