#include <cairn/core/memory_metrics.hpp>

#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace cairn {
namespace {

TEST(MemoryMetrics, CountsGaugesAndSummarises) {
  MemoryMetrics metrics;
  metrics.counter("appends_total").add();
  metrics.counter("appends_total").add(4);
  metrics.gauge("queue_length").set(3);
  metrics.gauge("queue_length").set(2.5);
  for (const double seconds : {0.5, -1.0, 2.0}) metrics.histogram("commit_seconds").record(seconds);

  EXPECT_EQ(metrics.counted("appends_total"), 5U);
  EXPECT_EQ(metrics.gauged("queue_length"), 2.5);
  const HistogramSummary commits = metrics.recorded("commit_seconds");
  EXPECT_EQ(commits.count, 3U);
  EXPECT_EQ(commits.sum, 1.5);
  EXPECT_EQ(commits.min, -1.0);
  EXPECT_EQ(commits.max, 2.0);
}

TEST(MemoryMetrics, LabelsTellSeriesApartInAnyOrder) {
  MemoryMetrics metrics;
  metrics.counter("events", {{"kind", "a"}, {"mode", "live"}}).add(1);
  metrics.counter("events", {{"mode", "live"}, {"kind", "a"}}).add(1);
  metrics.counter("events", {{"kind", "b"}, {"mode", "live"}}).add(7);
  EXPECT_EQ(metrics.counted("events", {{"kind", "a"}, {"mode", "live"}}), 2U);
  EXPECT_EQ(metrics.counted("events", {{"mode", "live"}, {"kind", "b"}}), 7U);
  EXPECT_EQ(metrics.counted("events"), 0U);
}

TEST(MemoryMetrics, AskingForAnUnknownSeriesIsZero) {
  const MemoryMetrics metrics;
  EXPECT_EQ(metrics.counted("none"), 0U);
  EXPECT_EQ(metrics.gauged("none"), 0.0);
  EXPECT_EQ(metrics.recorded("none").count, 0U);
}

TEST(MemoryMetrics, AnInstrumentStaysWhereItIs) {
  MemoryMetrics metrics;
  Counter& first = metrics.counter("first");
  for (int i = 0; i < 1000; ++i) (void)metrics.counter("other_" + std::to_string(i));
  EXPECT_EQ(&first, &metrics.counter("first"));
}

TEST(NullMetrics, AcceptsEverything) {
  null_metrics().counter("a").add();
  null_metrics().gauge("b", {{"c", "d"}}).set(1);
  null_metrics().histogram("e").record(1);
}

}  // namespace
}  // namespace cairn
