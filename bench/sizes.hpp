#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace cairn::bench {

/// How much of everything a run does.
struct Sizes {
  const char* name;
  int rounds;
  int sync_samples;          ///< before and after each measurement of the append figures
  std::size_t streams;       ///< that exist beforehand
  std::uint64_t events_1x1;  ///< in a round, all clients together
  std::uint64_t events_8x1;
  std::uint64_t events_8x16;
  std::uint64_t events_batch_100;
  std::uint64_t events_batch_1000;
  std::uint64_t growth_events;
  std::uint64_t growth_step;
  std::size_t growth_batch;
  std::uint64_t condition_appends;
  std::uint64_t tailing_events;
  std::uint64_t scavenge_events;
  int batches_before_kill;     ///< of 1,000 events
  std::uint64_t many_streams;  ///< 0: not measured

  /// Streams with a known number of events, each at most one in a batch of the growth.
  struct Planted {
    std::size_t events;
    std::size_t streams;
  };
  std::array<Planted, 4> planted;
};

inline constexpr Sizes full_sizes{.name = "full",
                                  .rounds = 5,
                                  .sync_samples = 200,
                                  .streams = 500'000,
                                  .events_1x1 = 2'000,
                                  .events_8x1 = 8'000,
                                  .events_8x16 = 60'000,
                                  .events_batch_100 = 50'000,
                                  .events_batch_1000 = 100'000,
                                  .growth_events = 10'000'000,
                                  .growth_step = 1'000'000,
                                  .growth_batch = 1'000,
                                  .condition_appends = 1'000,
                                  .tailing_events = 400'000,
                                  .scavenge_events = 5'000'000,
                                  .batches_before_kill = 60,
                                  .many_streams = 20'000'000,
                                  .planted = {{{10, 200}, {100, 100}, {1'000, 20}, {10'000, 4}}}};

inline constexpr Sizes quick_sizes{.name = "quick",
                                   .rounds = 5,
                                   .sync_samples = 40,
                                   .streams = 20'000,
                                   .events_1x1 = 300,
                                   .events_8x1 = 1'200,
                                   .events_8x16 = 8'000,
                                   .events_batch_100 = 4'000,
                                   .events_batch_1000 = 10'000,
                                   .growth_events = 200'000,
                                   .growth_step = 20'000,
                                   .growth_batch = 200,
                                   .condition_appends = 200,
                                   .tailing_events = 40'000,
                                   .scavenge_events = 200'000,
                                   .batches_before_kill = 10,
                                   .many_streams = 0,
                                   .planted = {{{10, 100}, {100, 40}, {1'000, 8}, {0, 0}}}};

}  // namespace cairn::bench
