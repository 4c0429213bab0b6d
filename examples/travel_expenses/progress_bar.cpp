#include "progress_bar.hpp"

#include <algorithm>
#include <cstdio>
#include <string>

#include <fmt/format.h>
#include <unistd.h>

#include "grouped.hpp"
#include "per_second.hpp"

namespace travel_expenses {

namespace {
constexpr std::size_t width = 40;
}

ProgressBar::ProgressBar(const cairn::Clock& clock)
    : clock_{clock}, begun_{clock.steady_now()}, on_terminal_{isatty(STDERR_FILENO) == 1} {}

ProgressBar::~ProgressBar() {
  if (on_terminal_) std::fputs("\r\033[K", stderr);
}

void ProgressBar::show(std::uint64_t rows, double done, std::string_view note) {
  if (!on_terminal_) return;
  const auto filled = static_cast<std::size_t>(std::clamp(done, 0.0, 1.0) * static_cast<double>(width));
  const std::string line = fmt::format("\r[{}{}] {:3.0f} %  {} rows  {} rows/s  {}\033[K", std::string(filled, '#'),
                                       std::string(width - filled, '.'), done * 100, grouped(rows),
                                       grouped(per_second(rows, clock_.steady_now() - begun_)), note);
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
}

}  // namespace travel_expenses
