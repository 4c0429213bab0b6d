#include "report.hpp"

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "statistics.hpp"

namespace cairn::bench {
namespace {

std::string number(double value) {
  if (value >= 1000) return fmt::format("{:.0f}", value);
  if (value >= 100) return fmt::format("{:.1f}", value);
  if (value >= 1) return fmt::format("{:.2f}", value);
  return fmt::format("{:.3f}", value);
}

std::string text_of(const Goal& goal) {
  switch (goal.side) {
    case Goal::Side::none: return {};
    case Goal::Side::at_least: return fmt::format(">= {:g}", goal.bound);
    case Goal::Side::at_most: return fmt::format("<= {:g}", goal.bound);
  }
  return {};
}

std::optional<bool> met(const Figure& figure) {
  if (!figure.ratio) return std::nullopt;
  switch (figure.goal.side) {
    case Goal::Side::none: return std::nullopt;
    case Goal::Side::at_least: return *figure.ratio >= figure.goal.bound;
    case Goal::Side::at_most: return *figure.ratio <= figure.goal.bound;
  }
  return std::nullopt;
}

std::string ok_text(const Figure& figure) {
  const auto ok = met(figure);
  if (!ok) return {};
  return *ok ? "yes" : "NO";
}

// Names, units and limits are ours: printable, at worst with a quote or a backslash.
std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string quoted_or_null(const std::string& text) { return text.empty() ? "null" : quoted(text); }

}  // namespace

Figure Rounds::figure(Figure figure) const {
  figure.value = median(values_);
  figure.mad = median_deviation(values_);
  if (!ratios_.empty()) figure.ratio = median(ratios_);
  return figure;
}

void Report::heading(const std::string& text) {
  fmt::print("\n{}\n{:<34} {:>10} {:>9}  {:<9} {:<26} {:>8} {:>8} {:>3}\n", text, "name", "value", "MAD", "unit",
             "limit", "ratio", "goal", "ok");
  std::fflush(stdout);
}

void Report::note(const std::string& text) const {
  fmt::print("  {}\n", text);
  std::fflush(stdout);
}

void Report::add(Figure figure) {
  if (!wants(figure.name)) return;
  fmt::print("{:<34} {:>10} {:>9}  {:<9} {:<26} {:>8} {:>8} {:>3}\n", figure.name, number(figure.value),
             figure.mad ? number(*figure.mad) : "", figure.unit, figure.limit,
             figure.ratio ? number(*figure.ratio) : "", text_of(figure.goal), ok_text(figure));
  std::fflush(stdout);
  figures_.push_back(std::move(figure));
}

void Report::summary() const {
  int goals = 0;
  int missed = 0;
  for (const Figure& figure : figures_) {
    const auto ok = met(figure);
    if (!ok) continue;
    ++goals;
    if (!*ok) ++missed;
  }
  fmt::print("\n{} figures, {} goals, {} missed\n", figures_.size(), goals, missed);
}

void Report::write_json(const std::filesystem::path& file) const {
  std::ofstream out{file};
  out << "[";
  const char* separator = "\n";
  for (const Figure& figure : figures_) {
    const auto ok = met(figure);
    out << separator
        << fmt::format(R"({{"name": {}, "value": {:.6g}, "unit": {}, "limit": {}, "ratio": {}, "goal": {}, "ok": {}}})",
                       quoted(figure.name), figure.value, quoted(figure.unit), quoted_or_null(figure.limit),
                       figure.ratio ? fmt::format("{:.6g}", *figure.ratio) : "null",
                       quoted_or_null(text_of(figure.goal)), ok ? (*ok ? "true" : "false") : "null");
    separator = ",\n";
  }
  out << "\n]\n";
  out.close();
  if (!out) throw std::runtime_error{fmt::format("cannot write {}", file.string())};
}

}  // namespace cairn::bench
