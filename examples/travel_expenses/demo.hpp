#pragma once

#include <cairn/core/clock.hpp>
#include <cairn/core/result.hpp>

#include "options.hpp"

namespace travel_expenses {

/// The whole demonstration, told on stdout: import, the same import again, one declaration's life, the reports and
/// their check against the known answers, and a file of bad rows.
/// success or mismatch; errors: whatever kept it from getting so far.
[[nodiscard]] cairn::Result<ExitCode> run_demo(const Options& options, const cairn::Clock& clock);

}  // namespace travel_expenses
