#pragma once

#include <filesystem>
#include <optional>
#include <regex>
#include <string>
#include <vector>

namespace cairn::bench {

/// What a figure's ratio is held against.
struct Goal {
  enum class Side { none, at_least, at_most };
  Side side = Side::none;
  double bound = 0;

  [[nodiscard]] static Goal at_least(double bound) { return {Side::at_least, bound}; }
  [[nodiscard]] static Goal at_most(double bound) { return {Side::at_most, bound}; }
};

/// One line of the table.
struct Figure {
  std::string name{};
  double value = 0;
  std::string unit{};
  std::string limit{};  ///< what `ratio` is a ratio to; empty when it is to nothing
  std::optional<double> ratio{};
  Goal goal{};
  std::optional<double> mad{};  ///< of `value` over the rounds
};

/// Values and ratios of the rounds of one measurement.
class Rounds {
 public:
  void add(double value) { values_.push_back(value); }
  void add(double value, double ratio) {
    values_.push_back(value);
    ratios_.push_back(ratio);
  }
  /// `figure` with the median value, its deviation and the median of the rounds' own ratios filled in.
  [[nodiscard]] Figure figure(Figure figure) const;
  [[nodiscard]] bool empty() const { return values_.empty(); }

 private:
  std::vector<double> values_;
  std::vector<double> ratios_;
};

/// Prints each figure when it is known and keeps it for the JSON file. Figures that `only` does not match are dropped.
class Report {
 public:
  explicit Report(const std::regex& only) : only_{only} {}

  void heading(const std::string& text);
  void note(const std::string& text) const;
  void add(Figure figure);
  [[nodiscard]] bool wants(const std::string& name) const { return std::regex_search(name, only_); }

  /// How many figures have a goal, and how many missed it.
  void summary() const;
  /// An array of {"name", "value", "unit", "limit", "ratio", "goal", "ok"}; what a line does not have is null.
  /// Throws std::runtime_error when the file cannot be written.
  void write_json(const std::filesystem::path& file) const;

 private:
  std::regex only_;
  std::vector<Figure> figures_;
};

}  // namespace cairn::bench
