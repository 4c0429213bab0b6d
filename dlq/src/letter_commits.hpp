#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <cairn/core/metrics.hpp>
#include <cairn/core/sql/commit_participant.hpp>

namespace cairn {
class Logger;
}

namespace cairn::letters {

/// Says what became of letters once it is durable: counts it, and wakes who waits for letters that fall due.
class LetterCommits final : public CommitParticipant {
 public:
  enum class What : std::uint8_t { parked, resolved, dropped, due };

  LetterCommits(Metrics& metrics, Logger& logger) noexcept : metrics_{metrics}, logger_{logger} {}

  /// Within a unit: counts when that is committed.
  void note(What what, std::string_view queue) { noted_.push_back({what, std::string{queue}}); }
  void on_due_changed(std::function<void()> changed);
  /// A letter may be due that no commit made so.
  void due_changed();

  void savepoint_opened() override { savepoints_.push_back(noted_.size()); }
  void savepoint_released() override { savepoints_.pop_back(); }
  void savepoint_rolled_back() override;
  Result<void> prepare(Unit&) override { return {}; }
  void published() override;
  void abandoned() override;
  [[nodiscard]] bool has_idle_work() const override { return false; }
  Result<void> idle_work(Unit&) override { return {}; }
  Result<void> reload(SqlReader&) override;
  void fenced() override {}
  void closed() override {}

 private:
  struct Noted {
    What what;
    std::string queue;
  };

  Metrics& metrics_;
  Logger& logger_;
  std::vector<Noted> noted_;
  std::vector<std::size_t> savepoints_;
  std::map<std::pair<What, std::string>, Counter*> counters_;
  std::mutex mutex_;
  std::function<void()> due_changed_;
};

}  // namespace cairn::letters
