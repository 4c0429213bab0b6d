#include "pending_index.hpp"

#include <algorithm>
#include <array>
#include <mutex>

#include <cairn/core/invariant.hpp>

namespace cairn::log {

void IndexGeneration::add(std::uint64_t position, std::uint32_t stream, std::uint64_t revision,
                          std::span<const std::uint64_t> posting_keys) {
  StreamRun& run = streams[stream];
  if (run.positions.empty()) run.first_revision = revision;
  run.positions.push_back(position);
  for (const std::uint64_t key : posting_keys) {
    Positions& list = postings[key];
    // One event may carry two tags of the same hash.
    if (list.empty() || list.back() != position) list.push_back(position);
  }
  if (++events == 1) first_position = position;
  last_position = position;
}

void PendingIndex::freeze() {
  invariant(!frozen_, "a generation is frozen already");
  const std::unique_lock lock{mutex_};
  frozen_ = std::move(active_);
  active_ = std::make_unique<IndexGeneration>();
}

void PendingIndex::drop_frozen() {
  std::unique_ptr<IndexGeneration> dropped;
  {
    const std::unique_lock lock{mutex_};
    dropped = std::move(frozen_);
    ++dropped_;
  }
}

void PendingIndex::clear() {
  const std::unique_lock lock{mutex_};
  active_ = std::make_unique<IndexGeneration>();
  frozen_.reset();
  ++dropped_;
}

std::uint64_t PendingIndex::events() const {
  const std::shared_lock lock{mutex_};
  return active_->events + (frozen_ ? frozen_->events : 0);
}

std::uint64_t PendingIndex::generations_dropped() const {
  const std::shared_lock lock{mutex_};
  return dropped_;
}

bool PendingIndex::holds(std::uint64_t from, std::uint64_t through) const {
  const std::shared_lock lock{mutex_};
  const IndexGeneration& newest = active_->events == 0 && frozen_ ? *frozen_ : *active_;
  const IndexGeneration& oldest = frozen_ ? *frozen_ : *active_;
  return oldest.events > 0 && oldest.first_position <= from && through <= newest.last_position;
}

std::optional<std::uint64_t> PendingIndex::stream_positions(std::uint32_t stream, std::uint64_t from, std::uint64_t to,
                                                            std::vector<std::uint64_t>& out) const {
  const std::shared_lock lock{mutex_};
  std::optional<std::uint64_t> first;
  for (const IndexGeneration* generation : {frozen_.get(), active_.get()}) {
    if (generation == nullptr) continue;
    const auto found = generation->streams.find(stream);
    if (found == generation->streams.end()) continue;
    const StreamRun& run = found->second;
    const std::uint64_t end = run.first_revision + run.positions.size();
    const std::uint64_t begin = std::max(from, run.first_revision);
    for (std::uint64_t revision = begin; revision < end && revision <= to; ++revision) {
      if (!first) first = revision;
      out.push_back(run.positions[revision - run.first_revision]);
    }
  }
  return first;
}

std::optional<std::uint64_t> PendingIndex::last_revision(std::uint32_t stream) const {
  const std::shared_lock lock{mutex_};
  for (const IndexGeneration* generation : {active_.get(), frozen_.get()}) {
    if (generation == nullptr) continue;
    const auto found = generation->streams.find(stream);
    if (found != generation->streams.end()) return found->second.first_revision + found->second.positions.size() - 1;
  }
  return std::nullopt;
}

void PendingIndex::posting_positions(std::uint64_t key, std::uint64_t from, std::uint64_t to, std::size_t limit,
                                     bool highest, std::vector<std::uint64_t>& out) const {
  const std::shared_lock lock{mutex_};
  struct Slice {
    const std::uint64_t* begin = nullptr;
    const std::uint64_t* end = nullptr;
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(end - begin); }
  };
  std::array<Slice, 2> slices;
  std::size_t count = 0;
  for (std::size_t i = 0; i < 2; ++i) {
    const IndexGeneration* generation = i == 0 ? frozen_.get() : active_.get();
    if (generation == nullptr) continue;
    const auto found = generation->postings.find(key);
    if (found == generation->postings.end()) continue;
    const Positions& list = found->second;
    slices[i].begin = std::lower_bound(list.data(), list.data() + list.size(), from);
    slices[i].end = std::upper_bound(slices[i].begin, list.data() + list.size(), to);
    count += slices[i].size();
  }
  std::size_t skip = highest && count > limit ? count - limit : 0;
  std::size_t left = limit;
  for (const Slice& slice : slices) {
    const std::size_t skipped = std::min(skip, slice.size());
    skip -= skipped;
    const std::size_t taken = std::min(left, slice.size() - skipped);
    out.insert(out.end(), slice.begin + skipped, slice.begin + skipped + taken);
    left -= taken;
  }
}

}  // namespace cairn::log
