#pragma once

#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>

#include <cairn/core/result.hpp>

namespace cairn {

/// Lines of a stream, none held that is longer than a bound.
class LineReader {
 public:
  struct Line {
    std::string_view text;  ///< without its line break; good until the next call
    bool too_long = false;  ///< it was passed over, `text` is empty
  };

  LineReader(std::istream& in, std::size_t bytes_max) : in_{in}, bytes_max_{bytes_max} {}

  /// Nothing at the end. Errors: unavailable.
  [[nodiscard]] Result<std::optional<Line>> next();

 private:
  std::istream& in_;
  const std::size_t bytes_max_;
  std::string line_;
};

}  // namespace cairn
