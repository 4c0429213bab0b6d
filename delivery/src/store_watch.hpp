#pragma once

#include <functional>
#include <mutex>

#include <cairn/core/sql/commit_participant.hpp>

namespace cairn::delivery {

/// Hears when the database is there again after recover().
class StoreWatch final : public CommitParticipant {
 public:
  /// `back` is called on the writer's thread. Empty: nobody.
  void on_reload(std::function<void()> back);

  void savepoint_opened() override {}
  void savepoint_released() override {}
  void savepoint_rolled_back() override {}
  Result<void> prepare(Unit&) override { return {}; }
  void published() override {}
  void abandoned() override {}
  [[nodiscard]] bool has_idle_work() const override { return false; }
  Result<void> idle_work(Unit&) override { return {}; }
  Result<void> reload(SqlReader&) override;
  void fenced() override {}
  void closed() override {}

 private:
  std::mutex mutex_;
  std::function<void()> back_;
};

}  // namespace cairn::delivery
