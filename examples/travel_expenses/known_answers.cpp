#include "known_answers.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>

#include "text_file.hpp"

namespace travel_expenses {

using cairn::Errc;
using cairn::Error;
using cairn::Result;

Result<KnownAnswers> KnownAnswers::load(const std::filesystem::path& file) {
  auto text = read_text_file(file);
  if (!text) return std::move(text).error();
  auto known = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!known.is_object()) return Error{Errc::invalid, fmt::format("read {}: not a JSON object", file.string())};
  return KnownAnswers{std::move(known)};
}

KnownAnswers::Comparison KnownAnswers::compare(const nlohmann::json& computed) const {
  nlohmann::json known = nlohmann::json::object();
  for (const auto& [name, answer] : computed.items()) known[name] = known_.value(name, nlohmann::json{});
  // Flat: each single answer under its path, "/payments_by_utc_month/2018-07/count".
  const nlohmann::json flat_known = known.flatten();
  const nlohmann::json flat_computed = computed.flatten();
  std::set<std::string> paths;
  for (const auto& [path, answer] : flat_known.items()) paths.insert(path);
  for (const auto& [path, answer] : flat_computed.items()) paths.insert(path);

  Comparison comparison{.compared = paths.size()};
  const auto text_of = [](const nlohmann::json& flat, const std::string& path) {
    return flat.contains(path) ? flat.at(path).dump() : std::string{"none"};
  };
  for (const std::string& path : paths) {
    if (flat_known.contains(path) && flat_computed.contains(path) && flat_known.at(path) == flat_computed.at(path)) {
      continue;
    }
    comparison.mismatches.push_back(
        fmt::format("{}: computed {}, known {}", path, text_of(flat_computed, path), text_of(flat_known, path)));
  }
  return comparison;
}

}  // namespace travel_expenses
