#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include <nlohmann/json.hpp>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_store.hpp>

#include "declaration_event.hpp"

namespace travel_expenses {

/// Answers about all declarations, computed by one replay of the log: a read model in its simplest form.
class ReplayReport {
 public:
  struct Payments {
    std::uint64_t count = 0;
    Cents amount;
  };

  /// Errors: those of reading and decoding.
  [[nodiscard]] static cairn::Result<ReplayReport> replay(const cairn::EventStore& store);

  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }
  [[nodiscard]] std::uint64_t cases() const noexcept { return cases_.size(); }
  /// Names as in the source, most frequent first is the reader's affair.
  [[nodiscard]] std::map<std::string, std::uint64_t> events_by_activity() const;
  [[nodiscard]] std::map<std::string, std::uint64_t> cases_by_last_activity() const;
  [[nodiscard]] const std::map<std::string, Payments>& payments_by_month() const noexcept { return payments_; }
  /// Declarations submitted more than once.
  [[nodiscard]] std::uint64_t resubmitted_cases() const;

  /// The answers in the form of the known ones (data/domestic-declarations.facts.json).
  [[nodiscard]] nlohmann::json answers() const;

 private:
  struct Case {
    std::string_view last_activity;
    std::uint64_t submissions = 0;
    cairn::Timestamp first_submitted{};
    std::optional<cairn::Timestamp> paid{};
  };

  void on(const DeclarationEvent& event, const cairn::RecordedEvent& recorded);
  void on_submitted(Case& declaration, cairn::Timestamp time);
  void on_paid(Case& declaration, cairn::Timestamp time, Cents amount);
  [[nodiscard]] nlohmann::json lead_times() const;
  [[nodiscard]] nlohmann::json busiest_submission_days(std::size_t days_max) const;

  std::uint64_t events_ = 0;
  std::map<std::string_view, std::uint64_t> activities_;
  std::unordered_map<std::string, Case> cases_;
  std::map<std::string, Payments> payments_;          // by month
  std::map<std::string, std::uint64_t> submissions_;  // by day
};

}  // namespace travel_expenses
