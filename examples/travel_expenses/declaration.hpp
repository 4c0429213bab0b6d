#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>
#include <cairn/eventstore/event_store.hpp>
#include <cairn/eventstore/snapshot.hpp>

#include "declaration_event.hpp"

namespace travel_expenses {

/// What one travel declaration is after the events so far; Declaration{} is one that nobody has heard of.
struct Declaration {
  static constexpr auto type = "declaration";
  using Event = DeclarationEvent;

  std::string status = "unknown";  ///< "rejected by SUPERVISOR"
  Cents amount;
  std::uint64_t events = 0;
  std::uint64_t submissions = 0;
  std::uint64_t approvals = 0;
  std::uint64_t rejections = 0;

  void evolve(const DeclarationEvent& event);
  friend bool operator==(const Declaration&, const Declaration&) = default;

 private:
  void on(const Saved&) { status = "saved"; }
  void on(const Submitted&);
  void on(const Approved&);
  void on(const FinalApproved&);
  void on(const Rejected&);
  void on(const PaymentRequested&) { status = "payment requested"; }
  void on(const Paid&) { status = "paid"; }
};

void to_json(nlohmann::json& json, const Declaration& declaration);
void from_json(const nlohmann::json& json, Declaration& declaration);
static_assert(cairn::SnapshotState<Declaration>);

/// The declaration as it stood right after `revision`: the same events, replayed up to there.
[[nodiscard]] cairn::Result<Declaration> declaration_at(const cairn::EventStore& store, const cairn::StreamId& stream,
                                                        cairn::Revision revision);
/// The declaration as it stood at `moment`, by the time when things happened (not when they were recorded).
[[nodiscard]] cairn::Result<Declaration> declaration_at(const cairn::EventStore& store, const cairn::StreamId& stream,
                                                        cairn::Timestamp moment);

}  // namespace travel_expenses
