#include "index_plan.hpp"

#include <algorithm>

#include "index_key.hpp"
#include "index_tables.hpp"

namespace cairn::log {

namespace {

/// Rows looked at to find the most selective of several tags.
constexpr std::size_t selectivity_rows = 32;
/// A second tag is intersected by its list only while that is short; beyond it the frame decides.
constexpr std::size_t intersect_positions_max = 4'096;

/// Merges pages read in the same direction: the union, up to where all of them are complete.
template <class Page>
Page merge(std::vector<Page> pages, Direction direction) {
  if (pages.size() == 1) return std::move(pages.front());
  const bool forward = direction == Direction::forward;
  Page merged;
  merged.through = pages.front().through;
  for (const Page& page : pages) {
    merged.through = forward ? std::min(merged.through, page.through) : std::max(merged.through, page.through);
  }
  for (const Page& page : pages) {
    for (const std::uint64_t position : page.positions) {
      if (forward ? position > merged.through : position < merged.through) break;
      merged.positions.push_back(position);
    }
  }
  if (forward) {
    std::sort(merged.positions.begin(), merged.positions.end());
  } else {
    std::sort(merged.positions.begin(), merged.positions.end(), std::greater<>{});
  }
  merged.positions.erase(std::unique(merged.positions.begin(), merged.positions.end()), merged.positions.end());
  return merged;
}

}  // namespace

std::optional<IndexPlan> IndexPlan::make(const EventFilter& filter, const NameTable& types, const NameTable& categories,
                                         bool writer) {
  const auto number = [writer](const NameTable& table, std::string_view name) {
    return writer ? table.number_of(name) : table.published_number_of(name);
  };
  IndexPlan plan;
  std::vector<std::uint64_t> category;
  if (filter.category) {
    if (const std::uint32_t known = number(categories, *filter.category); known != 0) {
      category.push_back(category_key(known));
    }
  }
  for (const EventQueryItem& item : filter.query.items) {
    Part part;
    for (const std::string& tag : item.tags) part.all_of.push_back(tag_key(tag));
    if (part.all_of.empty()) {
      for (const std::string& type : item.types) {
        if (const std::uint32_t known = number(types, type); known != 0) part.any_of.push_back(type_key(known));
      }
    }
    if (item.tags.empty() && item.types.empty()) {
      // Matches every event: what is left to restrict the read is the category.
      plan.parts.clear();
      if (!filter.category) return std::nullopt;
      plan.parts.push_back({category, {}});
      return plan;
    }
    plan.parts.push_back(std::move(part));
  }
  if (filter.query.empty()) {
    if (!filter.category) return std::nullopt;
    plan.parts.push_back({category, {}});
  }
  return plan;
}

Result<Candidates> IndexSearch::find(const IndexPlan& plan, std::uint64_t from, std::uint64_t to, std::size_t limit,
                                     Direction direction) {
  postings_read_ = 0;
  std::vector<Page> pages;
  pages.reserve(plan.parts.size());
  for (const IndexPlan::Part& part : plan.parts) {
    auto found = page_of_part(part, from, to, limit, direction);
    if (!found) return std::move(found).error();
    pages.push_back(std::move(*found));
  }
  Page merged = merge(std::move(pages), direction);
  return Candidates{std::move(merged.positions), merged.through, postings_read_};
}

Result<IndexSearch::Page> IndexSearch::page_of_part(const IndexPlan::Part& part, std::uint64_t from, std::uint64_t to,
                                                    std::size_t limit, Direction direction) {
  if (!part.all_of.empty()) return page_of_all(part.all_of, from, to, limit, direction);
  Page none;
  none.through = direction == Direction::forward ? to : from;
  std::vector<Page> pages{std::move(none)};
  for (const std::uint64_t key : part.any_of) {
    auto found = page(key, from, to, limit, direction);
    if (!found) return std::move(found).error();
    pages.push_back(std::move(*found));
  }
  return merge(std::move(pages), direction);
}

Result<IndexSearch::Page> IndexSearch::page_of_all(std::vector<std::uint64_t> keys, std::uint64_t from,
                                                   std::uint64_t to, std::size_t limit, Direction direction) {
  if (keys.size() > 1) {
    if (auto sorted = rarest_first(keys, from); !sorted) return std::move(sorted).error();
  }
  auto rarest = page(keys.front(), from, to, limit, direction);
  if (!rarest) return std::move(rarest).error();
  for (std::size_t i = 1; i < keys.size() && !rarest->positions.empty(); ++i) {
    const auto [low, high] = std::minmax(rarest->positions.front(), rarest->positions.back());
    auto other = page(keys[i], low, high, intersect_positions_max, Direction::forward);
    if (!other) return std::move(other).error();
    if (other->through < high) continue;
    std::erase_if(rarest->positions, [&](std::uint64_t position) {
      return !std::binary_search(other->positions.begin(), other->positions.end(), position);
    });
  }
  return rarest;
}

Result<void> IndexSearch::rarest_first(std::vector<std::uint64_t>& keys, std::uint64_t from) {
  std::vector<std::pair<std::size_t, std::uint64_t>> counted;
  for (const std::uint64_t key : keys) {
    auto rows = count_posting_rows(reader_, key, from, selectivity_rows);
    if (!rows) return std::move(rows).error();
    counted.emplace_back(*rows, key);
  }
  std::sort(counted.begin(), counted.end());
  std::transform(counted.begin(), counted.end(), keys.begin(), [](const auto& pair) { return pair.second; });
  return {};
}

Result<IndexSearch::Page> IndexSearch::page(std::uint64_t key, std::uint64_t from, std::uint64_t to, std::size_t limit,
                                            Direction direction) {
  Page found;
  if (direction == Direction::forward) {
    if (auto read = read_posting_positions(reader_, key, from, to, limit, direction, found.positions); !read) {
      return std::move(read).error();
    }
    if (found.positions.size() < limit) {
      const std::uint64_t next = found.positions.empty() ? from : found.positions.back() + 1;
      pending_.posting_positions(key, next, to, limit - found.positions.size(), false, found.positions);
    }
    found.through = found.positions.size() < limit ? to : found.positions.back();
  } else {
    pending_.posting_positions(key, from, to, limit, true, found.positions);
    std::reverse(found.positions.begin(), found.positions.end());
    const std::uint64_t below = found.positions.empty() ? to + 1 : found.positions.back();
    if (found.positions.size() < limit && below > from) {
      auto read = read_posting_positions(reader_, key, from, below - 1, limit - found.positions.size(), direction,
                                         found.positions);
      if (!read) return std::move(read).error();
    }
    found.through = found.positions.size() < limit ? from : found.positions.back();
  }
  postings_read_ += found.positions.size();
  return found;
}

Result<std::optional<std::uint64_t>> IndexSearch::last(std::uint64_t key, std::uint64_t from, std::uint64_t to) {
  auto found = page(key, from, to, 1, Direction::backward);
  if (!found) return std::move(found).error();
  return found->positions.empty() ? std::optional<std::uint64_t>{} : std::optional{found->positions.front()};
}

}  // namespace cairn::log
