#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "kill/acknowledgement.hpp"

namespace cairn::test {

/// One store that is killed again and again, and all that was ever acknowledged by it.
class KilledStore {
 public:
  explicit KilledStore(std::filesystem::path directory) : directory_{std::move(directory)} {}

  /// Starts a victim, kills it after `acknowledgements` of them, opens what it left and checks it against everything
  /// acknowledged so far. Returns what is wrong, or nothing.
  [[nodiscard]] std::optional<std::string> round(std::uint32_t number, std::uint64_t seed,
                                                 std::uint64_t acknowledgements);
  [[nodiscard]] std::size_t acknowledged() const noexcept { return acknowledged_.size(); }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

 private:
  [[nodiscard]] std::optional<std::string> kill_victim(std::uint32_t number, std::uint64_t seed,
                                                       std::uint64_t acknowledgements);
  [[nodiscard]] std::optional<std::string> check();

  std::filesystem::path directory_;
  std::map<BatchKey, Acknowledgement> acknowledged_;
  std::uint64_t events_ = 0;
};

}  // namespace cairn::test
