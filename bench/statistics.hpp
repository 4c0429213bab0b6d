#pragma once

#include <vector>

namespace cairn::bench {

/// The middle value (the mean of the two middle ones). `values` is not empty.
[[nodiscard]] double median(std::vector<double> values);

/// Median absolute deviation from the median: how far a typical value is from the middle.
[[nodiscard]] double median_deviation(const std::vector<double>& values);

/// The value that a share `share` (0 to 1) of `values` does not exceed (nearest rank). `values` is not empty.
[[nodiscard]] double percentile(std::vector<double> values, double share);

}  // namespace cairn::bench
