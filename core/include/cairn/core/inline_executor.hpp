#pragma once

#include <utility>

#include <cairn/core/executor.hpp>

namespace cairn {

/// Runs each job in the thread that posts it, before post() returns; a job that posts nests. For programs and
/// tests without threads. Holds nothing, so threads may share it.
class InlineExecutor final : public Executor {
 public:
  void post(Job job) override { std::move(job)(); }
};

}  // namespace cairn
