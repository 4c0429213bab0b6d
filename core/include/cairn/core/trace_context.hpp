#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <cairn/core/random.hpp>
#include <cairn/core/result.hpp>

namespace cairn {

/// Where a piece of work belongs in a distributed trace: the `traceparent` of W3C Trace Context (Recommendation of
/// 23 November 2021, section 3.2). It travels in event metadata, so that what an event causes joins its trace.
class TraceContext {
 public:
  using TraceId = std::array<std::byte, 16>;
  using SpanId = std::array<std::byte, 8>;

  /// Reads "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01". Strict for version 00: lower case only, 55
  /// characters, neither id all zero, version ff refused. Of a later version the same four fields are read and
  /// what follows a further dash is dropped (section 3.2.4). Errors: invalid (number "offset").
  [[nodiscard]] static Result<TraceContext> parse(std::string_view traceparent);
  /// The beginning of a new trace.
  [[nodiscard]] static TraceContext root(Random& random, bool sampled);
  /// The next step of the same trace: a span id of its own, this one's trace id and sampling decision.
  [[nodiscard]] TraceContext child(Random& random) const;

  /// As a version 00 header; flags other than sampled are 0, as section 3.2.2.5 asks.
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] const TraceId& trace_id() const noexcept { return trace_id_; }
  [[nodiscard]] const SpanId& span_id() const noexcept { return span_id_; }
  [[nodiscard]] bool sampled() const noexcept { return sampled_; }

  friend bool operator==(const TraceContext&, const TraceContext&) = default;

 private:
  TraceContext() = default;

  TraceId trace_id_{};
  SpanId span_id_{};
  bool sampled_ = false;
};

}  // namespace cairn
