#include "replay_report.hpp"

#include <algorithm>
#include <vector>

#include "activity.hpp"
#include "timestamp.hpp"

namespace travel_expenses {

using cairn::EventStore;
using cairn::RecordedEvent;
using cairn::Result;
using cairn::Timestamp;

Result<ReplayReport> ReplayReport::replay(const EventStore& store) {
  ReplayReport report;
  auto log = store.read_all({.filter = {.category = "declaration"}});
  auto read = log.for_each([&report](const RecordedEvent& recorded) -> Result<void> {
    return decode_declaration_event(recorded).transform(
        [&](const DeclarationEvent& event) { report.on(event, recorded); });
  });
  if (!read) return std::move(read).error();
  return report;
}

void ReplayReport::on(const DeclarationEvent& event, const RecordedEvent& recorded) {
  ++events_;
  Case& declaration = cases_[std::string{recorded.stream}];
  declaration.last_activity = activity_name(event);
  ++activities_[declaration.last_activity];
  const Timestamp time = recorded.metadata.occurred_at().value_or(recorded.recorded_at);
  if (std::holds_alternative<Submitted>(event)) on_submitted(declaration, time);
  if (const auto* paid = std::get_if<Paid>(&event)) on_paid(declaration, time, paid->amount);
}

void ReplayReport::on_submitted(Case& declaration, Timestamp time) {
  if (declaration.submissions++ == 0) declaration.first_submitted = time;
  ++submissions_[day_text(time)];
}

void ReplayReport::on_paid(Case& declaration, Timestamp time, Cents amount) {
  declaration.paid = time;
  Payments& month = payments_[month_text(time)];
  ++month.count;
  month.amount += amount;
}

std::map<std::string, std::uint64_t> ReplayReport::events_by_activity() const {
  return {activities_.begin(), activities_.end()};
}

std::map<std::string, std::uint64_t> ReplayReport::cases_by_last_activity() const {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& [stream, declaration] : cases_) ++counts[std::string{declaration.last_activity}];
  return counts;
}

std::uint64_t ReplayReport::resubmitted_cases() const {
  return static_cast<std::uint64_t>(
      std::ranges::count_if(cases_, [](const auto& entry) { return entry.second.submissions > 1; }));
}

/// From the first submission to the payment, over the declarations that have both.
nlohmann::json ReplayReport::lead_times() const {
  std::vector<std::int64_t> seconds;
  for (const auto& [stream, declaration] : cases_) {
    if (declaration.submissions == 0 || !declaration.paid) continue;
    seconds.push_back(
        std::chrono::duration_cast<std::chrono::seconds>(*declaration.paid - declaration.first_submitted).count());
  }
  std::ranges::sort(seconds);
  if (seconds.empty()) return {{"cases", 0}};
  return {{"cases", seconds.size()}, {"median_lower", seconds[(seconds.size() - 1) / 2]}, {"max", seconds.back()}};
}

/// Of equally busy days the earlier first.
nlohmann::json ReplayReport::busiest_submission_days(std::size_t days_max) const {
  std::vector<std::pair<std::string, std::uint64_t>> days{submissions_.begin(), submissions_.end()};
  std::ranges::stable_sort(days, std::ranges::greater{}, &std::pair<std::string, std::uint64_t>::second);
  days.resize(std::min(days.size(), days_max));
  return days;
}

nlohmann::json ReplayReport::answers() const {
  nlohmann::json payments = nlohmann::json::object();
  for (const auto& [month, paid] : payments_) {
    payments[month] = {{"amount_cents", paid.amount.value}, {"count", paid.count}};
  }
  return {
      {"cases", cases()},
      {"events", events()},
      {"events_by_activity", events_by_activity()},
      {"last_activity_by_case", cases_by_last_activity()},
      {"lead_time_seconds", lead_times()},
      {"payments_by_utc_month", std::move(payments)},
      {"resubmitted_cases", resubmitted_cases()},
      {"top_submission_days_utc", busiest_submission_days(10)},
  };
}

}  // namespace travel_expenses
