#include "event_plan.hpp"

#include <algorithm>
#include <string>

#include "event_columns.hpp"

namespace cairn::events_table {

namespace {

// idxNum: what is read by, and the direction. idxStr: two characters for each value, what it bounds and how.
constexpr int backward_bit = 4;

// Guesses: a planner has to compare before anything was read.
constexpr double log_rows = 1'000'000;
constexpr double type_rows = 100'000;
constexpr double category_rows = 200'000;
constexpr double stream_rows = 100;
/// Of what a bound on one side leaves.
constexpr double bounded_part = 0.25;
/// A frame is found by a look-up; in a scan the whole chunk is copied at once. In rows of a scan.
constexpr double look_up_cost = 3;
constexpr double start_cost = 20;

constexpr char equal = '=';

/// How SQLite's operator bounds a number; 0 when it does not.
char bound_of(unsigned char op) {
  switch (op) {
    case SQLITE_INDEX_CONSTRAINT_EQ: return equal;
    case SQLITE_INDEX_CONSTRAINT_LT: return '<';
    case SQLITE_INDEX_CONSTRAINT_LE: return 'l';
    case SQLITE_INDEX_CONSTRAINT_GT: return '>';
    case SQLITE_INDEX_CONSTRAINT_GE: return 'g';
    default: return 0;
  }
}

bool is_position(int column) { return column < 0 || Column{column} == Column::position; }  // below 0: the rowid

struct Chosen {
  int type = -1;  // places in aConstraint
  int category = -1;
  int stream = -1;
};

/// The first usable `column = value` of each indexed column that compares bytes, as the indexes do.
Chosen find_equalities(sqlite3_index_info& info) {
  Chosen chosen;
  for (int i = 0; i < info.nConstraint; ++i) {
    const auto& constraint = info.aConstraint[i];
    if (constraint.usable == 0 || constraint.op != SQLITE_INDEX_CONSTRAINT_EQ || is_position(constraint.iColumn))
      continue;
    int* place = nullptr;
    if (Column{constraint.iColumn} == Column::stream) place = &chosen.stream;
    if (Column{constraint.iColumn} == Column::type) place = &chosen.type;
    if (Column{constraint.iColumn} == Column::category) place = &chosen.category;
    if (place == nullptr || *place >= 0) continue;
    if (sqlite3_stricmp(sqlite3_vtab_collation(&info, i), "BINARY") == 0) *place = i;
  }
  return chosen;
}

class PlanMaker {
 public:
  explicit PlanMaker(sqlite3_index_info& info) noexcept : info_{info} {}

  int make() {
    const Chosen chosen = find_equalities(info_);
    if (chosen.stream >= 0) {
      use(EventQuery::By::stream, chosen.stream, stream_rows);
    } else if (chosen.type >= 0) {
      use(EventQuery::By::type, chosen.type, type_rows);
    } else if (chosen.category >= 0) {
      use(EventQuery::By::category, chosen.category, category_rows);
    }
    for (int i = 0; i < info_.nConstraint; ++i) take_bound(i);
    return give();
  }

 private:
  void use(EventQuery::By by, int constraint, double rows) {
    by_ = by;
    rows_ = rows;
    pass(constraint, 'n', equal);
  }

  void take_bound(int i) {
    const auto& constraint = info_.aConstraint[i];
    const char bound = bound_of(constraint.op);
    if (constraint.usable == 0 || bound == 0) return;
    const bool position = is_position(constraint.iColumn);
    const bool revision = !position && Column{constraint.iColumn} == Column::revision && by_ == EventQuery::By::stream;
    if (!position && !revision) return;
    pass(i, position ? 'p' : 'r', bound);
    if (bound == equal) {
      unique_ = true;
    } else {
      rows_ *= bounded_part;
    }
  }

  void pass(int constraint, char what, char bound) {
    text_ += what;
    text_ += bound;
    info_.aConstraintUsage[constraint].argvIndex = static_cast<int>(text_.size() / 2);
  }

  /// Positions order everything: within a stream, revisions as well, and what comes after them in ORDER BY is no
  /// matter.
  [[nodiscard]] bool ordered() const {
    if (info_.nOrderBy == 0) return false;
    const int column = info_.aOrderBy[0].iColumn;
    if (is_position(column)) return true;
    return by_ == EventQuery::By::stream && Column{column} == Column::revision;
  }

  int give() {
    info_.idxStr = sqlite3_mprintf("%s", text_.c_str());
    if (info_.idxStr == nullptr) return SQLITE_NOMEM;
    info_.needToFreeIdxStr = 1;
    info_.idxNum = static_cast<int>(by_);
    if (ordered()) {
      info_.orderByConsumed = 1;
      if (info_.aOrderBy[0].desc != 0) info_.idxNum |= backward_bit;
    }
    if (unique_) {
      rows_ = 1;
      info_.idxFlags = SQLITE_INDEX_SCAN_UNIQUE;
    }
    const bool scans = by_ == EventQuery::By::position && !unique_;
    info_.estimatedCost = start_cost + rows_ * (scans ? 1 : look_up_cost);
    info_.estimatedRows = std::max<sqlite3_int64>(1, static_cast<sqlite3_int64>(rows_));
    return SQLITE_OK;
  }

  sqlite3_index_info& info_;
  EventQuery::By by_ = EventQuery::By::position;
  double rows_ = log_rows;
  bool unique_ = false;
  std::string text_;
};

/// Narrows [min, max] by a condition on a number from `least` on.
void narrow(char bound, sqlite3_value* value, std::uint64_t least, std::uint64_t& min, std::uint64_t& max) {
  const auto nothing = [&] {
    min = 1;
    max = 0;
  };
  const int type = sqlite3_value_numeric_type(value);
  if (type == SQLITE_NULL) return nothing();
  if (type != SQLITE_INTEGER) return;
  const sqlite3_int64 number = sqlite3_value_int64(value);
  const auto at = static_cast<std::uint64_t>(std::max<sqlite3_int64>(number, 0));
  const bool negative = number < 0;
  switch (bound) {
    case equal:
      if (negative || at < least) return nothing();
      min = std::max(min, at);
      max = std::min(max, at);
      break;
    case '>':
      if (!negative) min = std::max(min, at + 1);
      break;
    case 'g': min = std::max(min, at); break;
    case '<':
      if (negative || at <= least) return nothing();
      max = std::min(max, at - 1);
      break;
    default:
      if (negative || at < least) return nothing();
      max = std::min(max, at);
      break;
  }
}

}  // namespace

int choose_plan(sqlite3_index_info& info) { return PlanMaker{info}.make(); }

EventQuery query_of(int plan, std::string_view text, std::span<sqlite3_value*> values) {
  EventQuery query;
  query.by = static_cast<EventQuery::By>(plan & ~backward_bit);
  if ((plan & backward_bit) != 0) query.direction = Direction::backward;
  for (std::size_t i = 0; i < values.size() && 2 * i + 1 < text.size(); ++i) {
    const char bound = text[2 * i + 1];
    switch (text[2 * i]) {
      case 'p': narrow(bound, values[i], 1, query.position_min, query.position_max); break;
      case 'r': narrow(bound, values[i], 0, query.revision_min, query.revision_max); break;
      default: {
        // As the column's affinity would compare it; NULL is no name, and no event's is empty.
        const auto* name = reinterpret_cast<const char*>(sqlite3_value_text(values[i]));
        if (name != nullptr) query.name.assign(name, static_cast<std::size_t>(sqlite3_value_bytes(values[i])));
        break;
      }
    }
  }
  return query;
}

}  // namespace cairn::events_table
