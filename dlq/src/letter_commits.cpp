#include "letter_commits.hpp"

#include <algorithm>
#include <utility>

#include <cairn/core/call_user.hpp>
#include <cairn/core/log.hpp>

namespace cairn::letters {

namespace {

std::string_view counter_name(LetterCommits::What what) {
  switch (what) {
    case LetterCommits::What::parked: return "cairn_dead_letters_parked_total";
    case LetterCommits::What::resolved: return "cairn_dead_letters_resolved_total";
    case LetterCommits::What::dropped: return "cairn_dead_letters_dropped_total";
    case LetterCommits::What::due: break;
  }
  return {};
}

}  // namespace

void LetterCommits::on_due_changed(std::function<void()> changed) {
  const std::lock_guard lock{mutex_};
  due_changed_ = std::move(changed);
}

void LetterCommits::due_changed() {
  std::function<void()> changed;
  {
    const std::lock_guard lock{mutex_};
    changed = due_changed_;
  }
  if (!changed) return;
  auto told = call_user("dead letters: on_due_changed", changed);
  if (!told) logger_.error("dlq.on_due_changed_failed", {{"error", told.error().to_string()}});
}

void LetterCommits::savepoint_rolled_back() {
  noted_.resize(savepoints_.back());
  savepoints_.pop_back();
}

void LetterCommits::published() {
  bool due = false;
  for (Noted& noted : noted_) {
    if (noted.what == What::due) {
      due = true;
      continue;
    }
    Counter*& counter = counters_[{noted.what, noted.queue}];
    if (counter == nullptr) counter = &metrics_.counter(counter_name(noted.what), {{"queue", noted.queue}});
    counter->add();
  }
  noted_.clear();
  if (due) due_changed();
}

void LetterCommits::abandoned() {
  noted_.clear();
  savepoints_.clear();
}

Result<void> LetterCommits::reload(SqlReader&) {
  abandoned();
  return {};
}

}  // namespace cairn::letters
