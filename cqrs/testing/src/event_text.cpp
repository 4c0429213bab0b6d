#include <cairn/cqrs/event_text.hpp>

#include <algorithm>

#include <cairn/core/base64.hpp>

namespace cairn::detail {
namespace {

bool is_text(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

std::string event_text(std::string_view type, ContentType content_type, BytesView data) {
  std::string text{type};
  if (data.empty()) return text;
  const bool readable = content_type != ContentType::protobuf && is_text(as_text(data));
  return text.append(1, ' ').append(readable ? std::string{as_text(data)} : "base64 " + to_base64(data));
}

// The longest common subsequence by the textbook (Cormen et al., section 15.4): histories in tests are short.
std::string line_diff(const std::vector<std::string>& expected, const std::vector<std::string>& actual,
                      const std::vector<bool>& same) {
  const std::size_t rows = expected.size();
  const std::size_t columns = actual.size();
  std::vector<std::size_t> longest((rows + 1) * (columns + 1));
  const auto at = [columns](std::size_t i, std::size_t j) { return i * (columns + 1) + j; };
  for (std::size_t i = rows; i-- > 0;) {
    for (std::size_t j = columns; j-- > 0;) {
      longest[at(i, j)] = same[i * columns + j] ? longest[at(i + 1, j + 1)] + 1
                                                : std::max(longest[at(i + 1, j)], longest[at(i, j + 1)]);
    }
  }
  std::string text;
  const auto line = [&text](const char* mark, const std::string& words) {
    text.append(mark).append(words).append("\n");
  };
  std::size_t i = 0;
  std::size_t j = 0;
  while (i < rows || j < columns) {
    if (i < rows && j < columns && same[i * columns + j]) {
      line("    ", actual[j]);
      ++i;
      ++j;
    } else if (j == columns || (i < rows && longest[at(i + 1, j)] >= longest[at(i, j + 1)])) {
      line("  - ", expected[i++]);
    } else {
      line("  + ", actual[j++]);
    }
  }
  return text;
}

}  // namespace cairn::detail
