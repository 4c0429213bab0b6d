#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <thread>
#include <variant>
#include <vector>

#include <cairn/core/codec.hpp>
#include <cairn/cqrs/decider.hpp>
#include <cairn/eventstore/metadata.hpp>

#include "open_log.hpp"
#include "report.hpp"

namespace cairn::bench {

struct CqrsSizes {
  const char* name;
  int rounds;
  std::uint64_t commands_1x1;
  std::uint64_t commands_8x16;
  std::uint64_t commands_contended;  ///< all clients together
  std::uint64_t decisions;
  std::uint64_t letters;       ///< parked and resolved one by one
  std::uint64_t letters_many;  ///< of which a page is read
  std::uint64_t replayed;      ///< events that a runner hands out
};
inline constexpr CqrsSizes cqrs_full{"full", 5, 3'000, 80'000, 4'000, 20'000'000, 2'000, 1'000'000, 2'000'000};
inline constexpr CqrsSizes cqrs_quick{"quick", 5, 300, 8'000, 480, 2'000'000, 200, 20'000, 200'000};

struct CqrsContext {
  const CqrsSizes& sizes;
  Report& report;
  OpenLog& log;
};
void measure_commands(CqrsContext& context);
void measure_contention(CqrsContext& context);
void measure_decider(CqrsContext& context);
void measure_letters(CqrsContext& context);
void measure_runner(CqrsContext& context);

/// An order that takes in goods: small state, events of 256 bytes.
struct Received {
  static constexpr auto type = "stock.received";
  std::uint64_t pieces = 0;
  static Bytes encode(const Received& event) {
    Bytes data(256, std::byte{'x'});
    for (std::size_t i = 0; i < 8; ++i) data[i] = static_cast<std::byte>(event.pieces >> (8 * i));
    return data;
  }
  static Result<Received> decode(BytesView data) {
    if (data.size() != 256) return Error{Errc::invalid, "not 256 bytes"};
    Received event;
    for (std::size_t i = 0; i < 8; ++i) event.pieces |= std::to_integer<std::uint64_t>(data[i]) << (8 * i);
    return event;
  }
};
struct Receive {
  std::uint64_t pieces = 0;
};
struct Stock {
  using Event = std::variant<Received>;
  std::uint64_t pieces = 0;
  Decision<Event> decide(const Receive& c) const {
    if (c.pieces == 0) return reject("stock.nothing_received");
    return Received{c.pieces};
  }
  void evolve(const Received& e) { pieces += e.pieces; }
};
static_assert(Decider<Stock, Receive>);

/// 60 bytes as encoded, like those of the event store's benchmark.
[[nodiscard]] inline Metadata sixty_bytes() {
  const Uuid id = Uuid::from_name(Uuid::nil(), "conversation");
  return {.correlation_id = id, .causation_id = id, .occurred_at = Timestamp{}, .headers = {{"src", "frontend-7"}}};
}

/// Runs `client(i)` on as many threads; returns when all have ended.
inline void run_threads(std::size_t clients, const std::function<void(std::size_t)>& client) {
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < clients; ++i) threads.emplace_back([&client, i] { client(i); });
}

}  // namespace cairn::bench
