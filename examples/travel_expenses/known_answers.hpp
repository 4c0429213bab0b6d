#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <cairn/core/result.hpp>

namespace travel_expenses {

/// Answers about the source that were computed independently of this program.
class KnownAnswers {
 public:
  /// Errors: those of reading the file, and invalid (it is no JSON object).
  [[nodiscard]] static cairn::Result<KnownAnswers> load(const std::filesystem::path& file);

  struct Comparison {
    std::size_t compared = 0;
    std::vector<std::string> mismatches{};  ///< "/events: computed 55627, known 55628"
  };
  /// Compares every single answer under the names that `computed` has at its top; other known answers are left out.
  [[nodiscard]] Comparison compare(const nlohmann::json& computed) const;

 private:
  // Round brackets: curly ones make a JSON array of it.
  explicit KnownAnswers(nlohmann::json known) : known_(std::move(known)) {}
  nlohmann::json known_;
};

}  // namespace travel_expenses
