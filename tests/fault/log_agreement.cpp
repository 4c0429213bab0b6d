#include "fault/log_agreement.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <cairn/core/sql/database.hpp>

namespace cairn::test {
namespace {

bool is_system(const OwnedEvent& event) { return event.stream.starts_with('$'); }

bool has_tag(const OwnedEvent& event, const std::string& tag) {
  return std::ranges::find(event.metadata.tags, tag) != event.metadata.tags.end();
}

bool same(const OwnedEvent& mine, const RecordedEvent& theirs) {
  return mine.position == theirs.position && mine.stream == theirs.stream && mine.revision == theirs.revision &&
         mine.id == theirs.id && mine.type == theirs.type && mine.recorded_at == theirs.recorded_at &&
         std::ranges::equal(mine.data, theirs.data);
}

}  // namespace

std::string LogAgreement::failed(const std::string& what, const Error& error) const {
  return errors_ == Errors::allowed && is_trouble(error.code()) ? "" : what + ": " + error.to_string();
}

std::string LogAgreement::check() {
  auto log = store_.read_all({.filter = {.system = true}}).collect();
  if (!log) return failed("read_all", log.error());
  read_all_ = true;
  log_ = *std::move(log);
  if (store_.head().value != log_.size()) {
    return "head is " + std::to_string(store_.head().value) + ", the log ends at " + std::to_string(log_.size());
  }
  if (std::string wrong = check_density(); !wrong.empty()) return wrong;
  if (std::string wrong = check_streams(); !wrong.empty()) return wrong;
  if (std::string wrong = check_filters(); !wrong.empty()) return wrong;
  return check_ids();
}

std::string LogAgreement::check_with_verify() {
  if (std::string wrong = check(); !wrong.empty()) return wrong;
  const auto report = store_.verify();
  if (!report) return failed("verify", report.error());
  if (!report->good()) return "verify: " + *report->first_bad;
  if (read_all_ && report->events != log_.size()) return "verify saw " + std::to_string(report->events) + " events";
  return {};
}

std::string LogAgreement::check_density() const {
  std::map<std::string_view, std::uint64_t> revisions;
  std::set<Uuid> ids;
  Timestamp before{};
  for (std::size_t i = 0; i < log_.size(); ++i) {
    const OwnedEvent& event = log_[i];
    const std::string at = "position " + std::to_string(i + 1) + ": ";
    if (event.position.value != i + 1) return at + "found " + std::to_string(event.position.value);
    if (event.revision.value != revisions[event.stream]++) {
      return at + event.stream + " has revision " + std::to_string(event.revision.value);
    }
    if (!ids.insert(event.id).second) return at + "an id for the second time";
    if (event.recorded_at < before) return at + "recorded_at goes back";
    before = event.recorded_at;
  }
  return {};
}

template <class Wanted>
std::string LogAgreement::compare(Reader reader, const std::string& what, Direction direction, Wanted&& wanted) {
  std::vector<const OwnedEvent*> expected;
  for (const OwnedEvent& event : log_) {
    if (wanted(event)) expected.push_back(&event);
  }
  if (direction == Direction::backward) std::ranges::reverse(expected);
  std::size_t next = 0;
  std::string wrong;
  auto done = reader.for_each([&](const RecordedEvent& event) {
    if (wrong.empty() && (next == expected.size() || !same(*expected[next], event))) {
      wrong = what + ": event " + std::to_string(next) + " is another one than read_all has, position " +
              std::to_string(event.position.value);
    }
    ++next;
  });
  if (!wrong.empty()) return wrong;
  if (!done) return failed(what, done.error());
  if (next == expected.size()) return {};
  return what + ": " + std::to_string(next) + " events, read_all has " + std::to_string(expected.size());
}

std::string LogAgreement::check_streams() {
  std::map<std::string, std::uint64_t> heads;
  for (const OwnedEvent& event : log_) heads[event.stream] = event.revision.value;
  for (const auto& [name, last] : heads) {
    const StreamId stream = StreamId::parse(name).value();
    const auto wanted = [&](const OwnedEvent& event) { return event.stream == name; };
    for (const Direction direction : {Direction::forward, Direction::backward}) {
      if (auto wrong =
              compare(store_.read_stream(stream, {.direction = direction}), "read_stream " + name, direction, wanted);
          !wrong.empty()) {
        return wrong;
      }
    }
    const auto head = store_.stream_head(stream);
    if (!head) {
      if (auto wrong = failed("stream_head " + name, head.error()); !wrong.empty()) return wrong;
    } else if (*head != Revision{last}) {
      return "stream_head " + name + " is not " + std::to_string(last);
    }
  }
  const auto none = store_.read_stream(StreamId{"account-nobody"}).collect();
  if (none && !none->empty()) return "a stream nobody wrote has events";
  return none ? "" : failed("read_stream account-nobody", none.error());
}

std::string LogAgreement::check_filters() {
  std::set<std::string> categories;
  std::set<std::string> types;
  std::set<std::string> tags{"nobody's"};
  for (const OwnedEvent& event : log_) {
    if (!is_system(event)) categories.insert(std::string{StreamId::category_of(event.stream)});
    types.insert(event.type);
    for (const std::string& tag : event.metadata.tags) {
      if (tags.size() < 8) tags.insert(tag);
    }
  }
  for (const Direction direction : {Direction::forward, Direction::backward}) {
    const auto by = [&](const std::string& what, EventFilter filter, auto wanted) {
      return compare(store_.read_all({.direction = direction, .filter = std::move(filter)}), what, direction,
                     [&](const OwnedEvent& event) { return !is_system(event) && wanted(event); });
    };
    if (auto wrong = by("read_all", {}, [](const OwnedEvent&) { return true; }); !wrong.empty()) return wrong;
    for (const std::string& category : categories) {
      if (auto wrong = by("category " + category, {.category = category},
                          [&](const OwnedEvent& event) { return StreamId::category_of(event.stream) == category; });
          !wrong.empty()) {
        return wrong;
      }
    }
    for (const std::string& type : types) {
      if (auto wrong = by("type " + type, {.query = EventQuery::types({type})},
                          [&](const OwnedEvent& event) { return event.type == type; });
          !wrong.empty()) {
        return wrong;
      }
    }
    for (const std::string& tag : tags) {
      if (auto wrong = by("tag " + tag, {.query = EventQuery::tags({tag})},
                          [&](const OwnedEvent& event) { return has_tag(event, tag); });
          !wrong.empty()) {
        return wrong;
      }
    }
  }
  return {};
}

std::string LogAgreement::check_ids() {
  if (store_.database().fenced()) return {};  // resolve() asks for recover() first
  std::vector<Uuid> ids;
  for (const OwnedEvent& event : log_) ids.push_back(event.id);
  ids.push_back(Uuid::from_name(Uuid{}, "nobody"));
  const auto resolved = store_.resolve(ids);
  if (!resolved) return failed("resolve", resolved.error());
  for (std::size_t i = 0; i < log_.size(); ++i) {
    if ((*resolved)[i] != log_[i].position) return "resolve misplaces position " + std::to_string(i + 1);
  }
  return resolved->back() ? "resolve knows an id that nobody used" : "";
}

}  // namespace cairn::test
