#pragma once

#include <cstdint>
#include <string_view>

#include <cairn/core/clock.hpp>

namespace travel_expenses {

/// One line on stderr that says how far an import is and how fast it goes; gone when the bar is destroyed. Draws
/// nothing when stderr is no terminal.
class ProgressBar {
 public:
  explicit ProgressBar(const cairn::Clock& clock);
  ~ProgressBar();
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  /// `done` is a share, 0 to 1; `note` stands behind the figures.
  void show(std::uint64_t rows, double done, std::string_view note = {});

 private:
  const cairn::Clock& clock_;
  const cairn::SteadyTime begun_;
  const bool on_terminal_;
};

}  // namespace travel_expenses
