#pragma once

#include <string>
#include <vector>

#include <cairn/eventstore/event_store.hpp>

#include "fault/errors.hpp"

namespace cairn::test {

/// Reads the whole log in every way the store offers, and compares: dense positions and revisions, each id once,
/// forward as backward, each stream, category, type and tag as the whole log filtered by hand, heads, resolve.
class LogAgreement {
 public:
  explicit LogAgreement(EventStore& store, Errors errors = Errors::forbidden) : store_{store}, errors_{errors} {}

  /// What two ways of reading disagree about, or which one failed; empty when all is well.
  [[nodiscard]] std::string check();
  /// The same and verify().
  [[nodiscard]] std::string check_with_verify();
  /// After check(): the log. Empty if reading it failed.
  [[nodiscard]] const std::vector<OwnedEvent>& log() const noexcept { return log_; }
  /// After check(): whether the whole log could be read.
  [[nodiscard]] bool read_all() const noexcept { return read_all_; }

 private:
  [[nodiscard]] std::string check_density() const;
  [[nodiscard]] std::string check_streams();
  [[nodiscard]] std::string check_filters();
  [[nodiscard]] std::string check_ids();
  template <class Wanted>
  [[nodiscard]] std::string compare(Reader reader, const std::string& what, Direction direction, Wanted&& wanted);
  [[nodiscard]] std::string failed(const std::string& what, const Error& error) const;

  EventStore& store_;
  Errors errors_;
  std::vector<OwnedEvent> log_;
  bool read_all_ = false;
};

}  // namespace cairn::test
