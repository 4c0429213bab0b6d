#include <cairn/cqrs/boundary.hpp>

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cairn/core/sql/database.hpp>

namespace cairn::detail {
namespace {

EventFilter matching(const EventQuery& query) { return {.query = query, .system = true}; }

/// The events of a decision for one stream.
struct ForStream {
  StreamId stream;
  std::vector<NewEvent> events;
};

}  // namespace

std::string BoundaryPart::name() const {
  if (stream) return stream->text();
  std::vector<std::string> words;
  for (const EventQueryItem& item : query.items) {
    words.insert(words.end(), item.types.begin(), item.types.end());
    words.insert(words.end(), item.tags.begin(), item.tags.end());
  }
  return fmt::format("events of {}", fmt::join(words, " "));
}

Boundary::Boundary(EventStore& store, std::vector<BoundaryPart> parts, CommandOptions options,
                   CommandOutcomes* outcomes)
    : store_{store},
      parts_{std::move(parts)},
      options_{std::move(options)},
      outcomes_{outcomes},
      revisions_(parts_.size()) {
  std::vector<std::string> names;
  for (const BoundaryPart& part : parts_) names.push_back(part.name());
  target_ = fmt::format("{}", fmt::join(names, ", "));
}

Result<void> Boundary::admit() {
  if (auto allowed = store_.database().may_wait("decide_over"); !allowed) return allowed;
  for (const BoundaryPart& part : parts_) {
    const bool everything = std::ranges::any_of(
        part.query.items, [](const EventQueryItem& item) { return item.types.empty() && item.tags.empty(); });
    if (!part.stream && (part.query.empty() || everything)) {
      return Error{Errc::invalid, "decide_over: a query without types and tags matches every event; name some"};
    }
  }
  if (!options_.command_id) return {};
  if (outcomes_ == nullptr) return nowhere_to_record(target_);
  fingerprint_ = CommandOutcomes::fingerprint(target_, {}, {});
  return outcomes_->admit(*options_.command_id);
}

void Boundary::begin_reading(Unit* unit) {
  unit_ = unit;
  read_to_ = store_.head();
  revisions_.assign(parts_.size(), std::nullopt);
}

Reader Boundary::open(std::size_t index) const {
  const BoundaryPart& part = parts_[index];
  if (part.stream)
    return unit_ != nullptr ? store_.read_stream(*unit_, *part.stream) : store_.read_stream(*part.stream);
  // In a unit everything that is there is read, and there is nothing after it.
  if (unit_ != nullptr) return store_.read_all(*unit_, {.filter = matching(part.query)});
  return store_.read_all({.to = read_to_, .filter = matching(part.query)});
}

Result<CommandOutcome> Boundary::write(Unit& unit, const DecisionOver& decision) {
  if (options_.command_id) {
    auto found = outcomes_->find(unit, *options_.command_id, fingerprint_);
    if (!found) return std::move(found).error();
    if (*found) return **std::move(found);
  }
  for (std::size_t i = 0; unit_ == nullptr && i < parts_.size(); ++i) {
    if (auto same = check(unit, i); !same) return std::move(same).error();
  }
  auto outcome = append(unit, decision);
  if (!outcome || !options_.command_id) return outcome;
  if (auto noted = outcomes_->record(unit, *options_.command_id, fingerprint_, *outcome); !noted) {
    return std::move(noted).error();
  }
  return outcome;
}

Result<void> Boundary::check(Unit& unit, std::size_t index) const {
  const BoundaryPart& part = parts_[index];
  if (part.stream) {
    const auto actual = store_.stream_head(unit, *part.stream);
    if (!actual) return actual.error();
    if (*actual == revisions_[index]) return {};
    const auto name = [](std::optional<Revision> revision) {
      return revision ? fmt::format("revision {}", revision->value) : std::string{"no stream"};
    };
    Error error = changed(index, fmt::format("read at {}, actual {}", name(revisions_[index]), name(*actual)));
    return *actual ? std::move(error).with("actual_revision", (*actual)->value) : error;
  }
  Reader since = store_.read_all(
      unit, {.from = GlobalPosition{read_to_.value + 1}, .filter = matching(part.query), .events_max = 1});
  const auto first = since.next();
  if (!first) return first.error();
  if (first->empty()) return {};
  const std::uint64_t position = first->front().position.value;
  return changed(index, fmt::format("read to position {}, {} is another", read_to_.value, position))
      .with("position", position);
}

Error Boundary::changed(std::size_t index, const std::string& how) const {
  return Error{Errc::conflict, fmt::format("decide over {}: {}: {}", target_, parts_[index].name(), how)}.with(
      "condition", index);
}

Result<CommandOutcome> Boundary::append(Unit& unit, const DecisionOver& decision) {
  CommandOutcome outcome{.handled = {.position = store_.head()}};
  if (const Rejection* no = decision.rejection()) {
    outcome.rejection = *no;
    return outcome;
  }
  std::vector<ForStream> streams;
  for (const AddressedEvent& one : decision.events()) {
    if (!one.event) return failed(one.event.error());
    auto at = std::ranges::find(streams, one.stream, &ForStream::stream);
    if (at == streams.end()) at = streams.insert(at, {one.stream, {}});
    at->events.push_back(*one.event);
    complete(at->events.back(), store_, options_, one.stream.text(), at->events.size() - 1);
  }
  for (const ForStream& one : streams) {
    auto appended = store_.append(unit, one.stream, expected(one.stream), one.events);
    if (!appended) return std::move(appended).error();
    outcome.handled.position = std::max(outcome.handled.position, appended->last_position);
    outcome.handled.events += one.events.size();
  }
  return outcome;
}

ExpectedRevision Boundary::expected(const StreamId& stream) const {
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].stream != stream) continue;
    return revisions_[i] ? ExpectedRevision::exactly(*revisions_[i]) : ExpectedRevision::no_stream();
  }
  return ExpectedRevision::any();
}

Result<CommandOutcome> Boundary::earlier_or(Error error) const {
  if (!options_.command_id) return error;
  auto found = outcomes_->find(*options_.command_id, fingerprint_);
  if (!found || !*found) return error;
  return **std::move(found);
}

Result<Handled> Boundary::settle(Result<CommandOutcome> outcome, Attempt attempt) const {
  if (!outcome) return std::move(outcome).error();
  Handled& handled = outcome->handled;
  handled.attempt = attempt;
  if (outcome->rejection) return rejected(target_, *outcome->rejection, handled.repeated);
  return handled;
}

Error Boundary::failed(const Error& error) const { return detail::failed(target_, error); }

}  // namespace cairn::detail
