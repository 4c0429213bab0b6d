#include <cairn/eventstore/event_schemas.hpp>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cairn/core/call_user.hpp>
#include <cairn/eventstore/event_schemas_builder.hpp>

namespace cairn {

namespace {

/// Orders owned and borrowed names alike, so that a look-up copies nothing.
struct ByName {
  using is_transparent = void;
  using Key = std::pair<std::string_view, std::uint32_t>;
  static Key key(const SchemaVersion& schema) { return {schema.type, schema.version}; }
  static Key key(const Key& key) { return key; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return key(a) < key(b);
  }
};

}  // namespace

struct EventSchemas::Rules {
  struct Rule {
    SchemaEntry::Kind kind;
    std::vector<SchemaVersion> targets;
    Upcaster upcaster;
  };
  std::map<SchemaVersion, Rule, ByName> by_schema;

  [[nodiscard]] const Rule* find(std::string_view type, std::uint32_t version) const {
    const auto found = by_schema.find(ByName::Key{type, version});
    return found == by_schema.end() ? nullptr : &found->second;
  }
};

std::string SchemaVersion::to_string() const { return fmt::format("{} version {}", type, version); }

std::string_view to_string(SchemaEntry::Kind kind) noexcept {
  switch (kind) {
    case SchemaEntry::Kind::current: return "current";
    case SchemaEntry::Kind::upcast: return "upcast";
    case SchemaEntry::Kind::retired: return "retired";
  }
  return "unlisted";
}

bool EventSchemas::upcasts(const RecordedEvent& stored) const {
  if (!rules_) return false;
  const Rules::Rule* rule = rules_->find(stored.type, stored.schema_version);
  return rule != nullptr && rule->kind != SchemaEntry::Kind::current;
}

Result<std::vector<UpcastEvent>> EventSchemas::apply(const RecordedEvent& stored) const {
  std::vector<UpcastEvent> today;
  // Depth first, so that what one event becomes stays in order. build() made sure that it ends.
  std::vector<UpcastEvent> waiting{{{std::string{stored.type}, stored.schema_version},
                                    stored.content_type,
                                    {stored.data.begin(), stored.data.end()}}};
  while (!waiting.empty()) {
    UpcastEvent event = std::move(waiting.back());
    waiting.pop_back();
    const Rules::Rule* rule = rules_->find(event.schema.type, event.schema.version);
    if (rule->kind == SchemaEntry::Kind::current) {
      today.push_back(std::move(event));
      continue;
    }
    if (rule->kind == SchemaEntry::Kind::retired) continue;
    RecordedEvent view = stored;
    view.type = event.schema.type;
    view.schema_version = event.schema.version;
    view.content_type = event.content_type;
    view.data = event.data;
    std::vector<UpcastEvent> made;
    const std::string what = fmt::format("upcast {} at position {}", event.schema.to_string(), stored.position.value);
    auto done = call_user(what, rule->upcaster, std::as_const(view), made);
    if (!done) {
      if (done.error().message().starts_with(what)) return std::move(done).error();  // call_user named it
      return Error{done.error().code(), fmt::format("{}: {}", what, done.error().message())};
    }
    for (auto one = made.rbegin(); one != made.rend(); ++one) {
      if (std::find(rule->targets.begin(), rule->targets.end(), one->schema) == rule->targets.end()) {
        return Error{Errc::invalid,
                     fmt::format("{}: gave {}, which it had not announced", what, one->schema.to_string())};
      }
      waiting.push_back(std::move(*one));
    }
  }
  return today;
}

std::vector<SchemaEntry> EventSchemas::list() const {
  std::vector<SchemaEntry> entries;
  if (!rules_) return entries;
  for (const auto& [schema, rule] : rules_->by_schema) entries.push_back({schema, rule.kind, rule.targets});
  return entries;
}

bool EventSchemas::has_path(std::string_view type, std::uint32_t version) const {
  return rules_ != nullptr && rules_->find(type, version) != nullptr;
}

void EventSchemasBuilder::add_current(SchemaVersion schema) {
  steps_.push_back({{std::move(schema), SchemaEntry::Kind::current, {}}, {}});
}

EventSchemasBuilder& EventSchemasBuilder::upcast(SchemaVersion from, std::vector<SchemaVersion> targets,
                                                 EventSchemas::Upcaster f) {
  steps_.push_back({{std::move(from), SchemaEntry::Kind::upcast, std::move(targets)}, std::move(f)});
  return *this;
}

EventSchemasBuilder& EventSchemasBuilder::retire(std::string type, std::uint32_t version) {
  steps_.push_back({{{std::move(type), version}, SchemaEntry::Kind::retired, {}}, {}});
  return *this;
}

namespace {

using Targets = std::map<SchemaVersion, std::vector<SchemaVersion>>;

/// The first shape that leads back to itself, or nothing.
const SchemaVersion* find_cycle(const Targets& targets) {
  std::set<SchemaVersion> finished;
  std::set<SchemaVersion> open;
  const SchemaVersion* cycle = nullptr;
  const std::function<void(const SchemaVersion&)> visit = [&](const SchemaVersion& schema) {
    if (cycle != nullptr || finished.contains(schema)) return;
    const auto found = targets.find(schema);
    if (found == targets.end()) return;
    if (!open.insert(schema).second) {
      cycle = &found->first;
      return;
    }
    for (const SchemaVersion& target : found->second) visit(target);
    open.erase(schema);
    finished.insert(schema);
  };
  for (const auto& [schema, ignored] : targets) visit(schema);
  return cycle;
}

}  // namespace

Result<EventSchemas> EventSchemasBuilder::build() const {
  std::vector<std::string> wrong;
  auto rules = std::make_shared<EventSchemas::Rules>();
  Targets targets;
  for (const Step& step : steps_) {
    const SchemaVersion& schema = step.entry.schema;
    if (schema.type.empty()) wrong.emplace_back("a type has no name");
    if (step.entry.kind == SchemaEntry::Kind::upcast && !step.upcaster) {
      wrong.push_back(fmt::format("{} has an upcaster without a function", schema.to_string()));
    }
    if (schema.version == 0) wrong.push_back(fmt::format("{}: versions begin with 1", schema.to_string()));
    targets[schema] = step.entry.targets;
    if (!rules->by_schema
             .try_emplace(schema, EventSchemas::Rules::Rule{step.entry.kind, step.entry.targets, step.upcaster})
             .second) {
      wrong.push_back(fmt::format("{} is registered twice", schema.to_string()));
    }
  }
  for (const Step& step : steps_) {
    for (const SchemaVersion& target : step.entry.targets) {
      if (rules->by_schema.contains(target)) continue;
      wrong.push_back(
          fmt::format("{} becomes {}, which is not registered", step.entry.schema.to_string(), target.to_string()));
    }
  }
  if (const SchemaVersion* cycle = find_cycle(targets)) {
    wrong.push_back(fmt::format("{} becomes itself again", cycle->to_string()));
  }
  if (!wrong.empty()) return Error{Errc::invalid, fmt::format("event schemas: {}", fmt::join(wrong, "; "))};
  EventSchemas schemas;
  schemas.rules_ = std::move(rules);
  return schemas;
}

}  // namespace cairn
