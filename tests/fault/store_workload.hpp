#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fault/append_request.hpp"
#include "fault/fault_store.hpp"
#include "fault/told_ledger.hpp"

namespace cairn::test {

/// What the events of a request look like.
struct EventShape {
  std::vector<std::string> tags{};
  std::size_t bytes = 40;
};

/// A careful client of a store in trouble: it appends in all ways, reads, reopens, recovers a fenced store and finds
/// out what became of its requests. It does the same on every run until a call fails.
class StoreWorkload {
 public:
  StoreWorkload(FaultStore& store, ToldLedger& ledger) : store_{store}, ledger_{ledger} {}

  /// About 20 requests that seal a chunk, flush index entries, spill, checkpoint and reopen; `rounds` times over.
  void run(int rounds);
  /// Small requests, one after the other: single events, batches, units, conditions, large payloads.
  void run_appends(int count);
  /// The first answer that no trouble explains; empty if there was none.
  [[nodiscard]] const std::string& wrong() const noexcept { return wrong_; }

  /// One event more in "account-1", whatever happened before.
  void append_one() { append("account-1", 1); }

 private:
  void run_round(int round);
  [[nodiscard]] AppendRequest::Part part(std::string_view stream, std::size_t count, const EventShape& shape);
  [[nodiscard]] AppendRequest request(std::string_view stream, std::size_t count, const EventShape& shape = {});
  void append(std::string_view stream, std::size_t count, const EventShape& shape = {});
  void append_any(std::string_view stream);
  void append_unit(std::string_view first, std::string_view second);
  void append_unique(const std::string& tag);
  void append_guarded(const std::string& tag);
  void append_group(std::span<const std::string_view> streams);
  void append_then_refuse(std::string_view stream);
  void append_against(std::string_view stream);
  void read_some();
  void run_idle_work();
  void reopen();

  void send(AppendRequest asked);
  void answered(std::size_t number, const Result<std::vector<Appended>>& outcome);
  void note(const std::string& wrong);
  void expect(const Error& error, Errc meant);
  void recover_if_fenced();
  [[nodiscard]] bool ready();

  FaultStore& store_;
  ToldLedger& ledger_;
  std::uint64_t next_event_ = 1;
  std::string wrong_;
};

}  // namespace cairn::test
