#include <cairn/core/line_reader.hpp>

#include <array>
#include <istream>
#include <limits>

namespace cairn {

Result<std::optional<LineReader::Line>> LineReader::next() {
  line_.clear();
  bool too_long = false;
  bool any = false;
  std::array<char, 16'384> piece;
  while (true) {
    in_.getline(piece.data(), piece.size());
    const auto count = static_cast<std::size_t>(in_.gcount());
    if (in_.bad()) return Error{Errc::unavailable, "the input failed"};
    any = any || count > 0;
    // A piece that was cut ends without its line break, which getline counts but does not store.
    const bool cut = in_.fail() && !in_.eof() && count + 1 == piece.size();
    const bool ended = in_.eof();
    const std::size_t stored = cut || ended ? count : count - (count > 0 ? 1 : 0);
    if (line_.size() + stored > bytes_max_) too_long = true;
    if (!too_long) line_.append(piece.data(), stored);
    if (cut) {
      in_.clear(in_.rdstate() & ~std::ios::failbit);
      continue;
    }
    if (ended && !any) return std::optional<Line>{};
    if (too_long) line_.clear();
    return std::optional{Line{.text = line_, .too_long = too_long}};
  }
}

}  // namespace cairn
