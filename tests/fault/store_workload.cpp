#include "fault/store_workload.hpp"

#include <array>
#include <chrono>
#include <optional>
#include <utility>

#include "support/memory_store.hpp"

namespace cairn::test {

void StoreWorkload::run(int rounds) {
  for (int round = 1; round <= rounds; ++round) run_round(round);
}

void StoreWorkload::run_round(int round) {
  const std::string suffix = std::to_string(round);
  const std::string account = "account-" + suffix;
  const std::string order = "order-" + suffix;
  append(account, 1);
  append(account, 1, {.tags = {"owner:ann"}});
  append("account-0", 3, {.tags = {"owner:ben", "owner:ann"}});
  append_unit(account, order);
  append(order, 1, {.bytes = 20'000});
  append_unique("email:" + suffix);
  append_unique("email:" + suffix);
  append_guarded("owner:ann");
  append("account-0", 100);
  read_some();
  append_group(std::array<std::string_view, 3>{account, "note-a", order});
  append(order, 150);
  run_idle_work();
  append_then_refuse(account);
  append("$clock", 1);
  append_any("note-b");
  reopen();
  append(account, 2);
  append_against(account);
  append("note-c", 270, {.tags = {"bulk"}, .bytes = 300});
  read_some();
  run_idle_work();
  append_any(account);
}

void StoreWorkload::run_appends(int count) {
  for (int i = 0; i < count; ++i) {
    const std::string account = "account-" + std::to_string(i % 4);
    switch (i % 10) {
      case 3: append(account, 20, {.tags = {"bulk"}}); break;
      case 5: append_unit(account, "order-" + std::to_string(i % 7)); break;
      case 7: append("order-0", 1, {.bytes = 17'000}); break;
      case 8: append_unique("email:" + std::to_string(i / 20)); break;
      case 9: append_guarded("owner:ben"); break;
      default: append(account, 1, {.tags = {"owner:ann"}});
    }
    if (i % 16 == 15) run_idle_work();
  }
}

AppendRequest::Part StoreWorkload::part(std::string_view stream, std::size_t count, const EventShape& shape) {
  const std::uint64_t known = ledger_.events_of(stream);
  AppendRequest::Part part{StreamId::parse(stream).value(),
                           known == 0 ? ExpectedRevision::no_stream() : ExpectedRevision::exactly(known - 1),
                           {}};
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t number = next_event_++;
    part.events.push_back(make_event(number, number % 3 == 0 ? "account.opened" : "account.deposited", shape.tags));
    part.events.back().data.resize(shape.bytes, std::byte(number % 251));
  }
  return part;
}

AppendRequest StoreWorkload::request(std::string_view stream, std::size_t count, const EventShape& shape) {
  return {{part(stream, count, shape)}};
}

void StoreWorkload::append(std::string_view stream, std::size_t count, const EventShape& shape) {
  send(request(stream, count, shape));
}

void StoreWorkload::append_any(std::string_view stream) {
  AppendRequest asked = request(stream, 1);
  asked.parts[0].expected = ExpectedRevision::any();
  send(std::move(asked));
}

void StoreWorkload::append_unit(std::string_view first, std::string_view second) {
  AppendRequest asked = request(first, 2);
  asked.parts.push_back(part(second, 1, {.tags = {"owner:ben"}}));
  send(std::move(asked));
}

void StoreWorkload::append_unique(const std::string& tag) {
  AppendRequest asked = request("person-" + tag, 1, {.tags = {tag}});
  asked.parts[0].expected = ExpectedRevision::any();
  asked.condition = AppendCondition{.fail_if_exists = EventQuery::tags({tag})};
  if (!ledger_.has_tag(tag)) return send(std::move(asked));
  if (!ready()) return;
  const std::size_t number = ledger_.asked(asked);
  const auto outcome = asked.send(store_.store());
  if (outcome) note("a fact that must be unique was taken twice: " + tag);
  ledger_.told(number, outcome);
  if (!outcome) expect(outcome.error(), Errc::already_exists);
}

void StoreWorkload::append_guarded(const std::string& tag) {
  if (!ready()) return;
  AppendRequest asked = request("account-0", 1);
  asked.condition = AppendCondition{.fail_if_match = EventQuery::tags({tag}), .after = store_.store().head()};
  send(std::move(asked));
}

// One event for each stream, queued together: one transaction for all.
void StoreWorkload::append_group(std::span<const std::string_view> streams) {
  if (!ready()) return;
  struct Queued {
    std::size_t number;
    std::optional<Result<Appended>> outcome;
  };
  std::vector<Queued> queued(streams.size());
  for (std::size_t i = 0; i < streams.size(); ++i) {
    queued[i].number = ledger_.asked(request(streams[i], 1));
    const AppendRequest::Part& asked = ledger_.request(queued[i].number).parts[0];
    auto accepted =
        store_.store().append_async(asked.stream, asked.expected, asked.events, [&, i](Result<Appended> outcome) {
          if (queued[i].outcome) note("an append was answered twice");
          queued[i].outcome = std::move(outcome);
        });
    if (!accepted) queued[i].outcome = accepted.error();
  }
  (void)store_.database().step(streams.size());
  for (const Queued& each : queued) {
    if (!each.outcome) {
      note("an append was never answered");
    } else if (*each.outcome) {
      ledger_.told(each.number, std::vector{**each.outcome});
    } else {
      ledger_.told(each.number, each.outcome->error());
      expect(each.outcome->error(), Errc::unavailable);
    }
  }
  recover_if_fenced();
}

// A unit that appends and then changes its mind.
void StoreWorkload::append_then_refuse(std::string_view stream) {
  if (!ready()) return;
  const std::size_t number = ledger_.asked(request(stream, 2));
  const AppendRequest::Part& asked = ledger_.request(number).parts[0];
  const auto outcome = store_.database().write([&](Unit& unit) -> Result<void> {
    if (auto done = store_.store().append(unit, asked.stream, asked.expected, asked.events); !done) return done.error();
    return Error{Errc::rejected, "the unit changes its mind"};
  });
  if (outcome) note("a unit that refuses was committed");
  if (outcome) return;
  ledger_.told(number, outcome.error());
  expect(outcome.error(), Errc::rejected);
  recover_if_fenced();
}

void StoreWorkload::append_against(std::string_view stream) {
  if (!ready()) return;
  AppendRequest asked = request(stream, 1);
  asked.parts[0].expected = ExpectedRevision::exactly(999);
  const std::size_t number = ledger_.asked(asked);
  const auto outcome = asked.send(store_.store());
  ledger_.told(number, outcome);
  if (outcome) {
    note("a wrong expectation was taken");
  } else {
    expect(outcome.error(), Errc::conflict);
  }
  recover_if_fenced();
}

void StoreWorkload::read_some() {
  if (!ready()) return;
  const auto count = [&](Reader reader) -> std::optional<std::uint64_t> {
    auto events = reader.collect();
    if (events) return events->size();
    expect(events.error(), Errc::unavailable);
    return std::nullopt;
  };
  const auto of_stream = count(store_.store().read_stream(StreamId{"account-0"}));
  if (of_stream && *of_stream != ledger_.events_of("account-0")) note("read_stream misses or adds events");
  const auto tagged = count(store_.store().read_all({.filter = {.query = EventQuery::tags({"owner:ann"})}}));
  if (tagged && (*tagged > 0) != ledger_.has_tag("owner:ann")) note("a filter misses or adds events");
}

void StoreWorkload::run_idle_work() {
  if (!ready()) return;
  while (store_.is_open() && !store_.fenced()) {
    const auto more = store_.database().step(1);
    if (!more || !*more) break;
  }
  recover_if_fenced();
}

void StoreWorkload::reopen() {
  if (!ready()) return;
  (void)store_.close();  // may fail like anything else; what counts is what is there afterwards
  (void)ready();
}

// Another request on the way of an unsettled one would guess its revision.
void StoreWorkload::send(AppendRequest asked) {
  if (!ready()) return;
  const std::size_t number = ledger_.asked(std::move(asked));
  answered(number, ledger_.request(number).send(store_.store()));
  recover_if_fenced();
}

void StoreWorkload::answered(std::size_t number, const Result<std::vector<Appended>>& outcome) {
  ledger_.told(number, outcome);
  if (!outcome) {
    expect(outcome.error(), Errc::unavailable);
    if (outcome.error().code() == Errc::outcome_unknown && !store_.fenced()) note("unknown, yet not fenced");
    return;
  }
  for (const Appended& place : *outcome) {
    if (place.repeated) note("a fresh append was taken for a repeat");
  }
}

void StoreWorkload::note(const std::string& wrong) {
  if (wrong_.empty()) wrong_ = wrong;
}

void StoreWorkload::expect(const Error& error, Errc meant) {
  if (error.code() != meant && !is_trouble(error.code())) note("no trouble explains " + error.to_string());
}

void StoreWorkload::recover_if_fenced() {
  if (!store_.fenced()) return;
  if (auto recovered = store_.database().recover(); !recovered) {
    if (!store_.fenced()) note("not recovered, yet not fenced");
    expect(recovered.error(), Errc::unavailable);
    return;
  }
  if (auto wrong = ledger_.settle(store_.store(), Errors::allowed); !wrong.empty()) note(wrong);
}

// Open, or opened now, and nothing unsettled.
bool StoreWorkload::ready() {
  store_.clock().advance(std::chrono::milliseconds{1});
  for (int attempt = 0; attempt < 2 && !store_.is_open(); ++attempt) {
    if (auto opened = store_.open(); !opened) expect(opened.error(), Errc::unavailable);
  }
  if (!store_.is_open()) return false;
  recover_if_fenced();
  if (!store_.fenced() && !ledger_.open_requests().empty()) {
    if (auto wrong = ledger_.settle(store_.store(), Errors::allowed); !wrong.empty()) note(wrong);
  }
  return wrong_.empty() && ledger_.open_requests().empty();
}

}  // namespace cairn::test
