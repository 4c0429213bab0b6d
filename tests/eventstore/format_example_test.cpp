// The example of docs/format.md, read from the page itself.

#include <charconv>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "chunk_view.hpp"
#include "frame.hpp"
#include "frame_block.hpp"
#include "metadata_codec.hpp"
#include "posting_codec.hpp"

namespace cairn::log {
namespace {

/// The bytes between the first two bars of a dump's line: "  4 | 0d 00 00 00 | data: 13 bytes".
void append_line(const std::string& line, Bytes& out) {
  const std::size_t begin = line.find('|') + 1;
  const std::string middle = line.substr(begin, line.find('|', begin) - begin);
  std::size_t offset = 0;
  const char* first = line.data() + line.find_first_not_of(' ');
  std::from_chars(first, line.data() + line.size(), offset);
  EXPECT_EQ(offset, out.size()) << line;
  for (std::size_t at = middle.find_first_not_of(' '); at != std::string::npos;
       at = middle.find_first_not_of(' ', at + 2)) {
    unsigned value = 0;
    const auto [end, failed] = std::from_chars(&middle[at], &middle[at] + 2, value, 16);
    EXPECT_TRUE(failed == std::errc{} && end == &middle[at] + 2) << line;
    out.push_back(static_cast<std::byte>(value));
  }
}

/// The bytes of the page's "```hex <name>" block.
Bytes dump(const std::string& name) {
  std::ifstream page{CAIRN_SOURCE_DIR "/docs/format.md"};
  EXPECT_TRUE(page.is_open());
  Bytes out;
  std::string line;
  while (std::getline(page, line) && line != "```hex " + name) {
  }
  while (std::getline(page, line) && line != "```") append_line(line, out);
  EXPECT_FALSE(out.empty()) << "no dump of " << name;
  return out;
}

NewEvent example_event() {
  NewEvent event;
  event.id = Uuid::parse("0190163d-8694-739b-aea5-966c26f8ad90").value();
  event.type = "account.withdrawn";
  event.schema_version = 2;
  event.data = to_bytes(R"({"cents":500})");
  event.metadata.correlation_id = Uuid::parse("2ed6657d-e927-568b-95e1-2665a8aea6a2").value();
  event.metadata.occurred_at = Timestamp{std::chrono::sys_days{std::chrono::January / 1 / 2024}};
  event.metadata.tags = {"owner:ann"};
  event.metadata.headers = {{"ip", "::1"}};
  return event;
}

Bytes example_frame() {
  const NewEvent event = example_event();
  Bytes metadata;
  EXPECT_TRUE(encode_metadata(event.metadata, metadata));
  Bytes frame;
  encode_frame("account-42", event, metadata, frame);
  place_frame(frame, {.position = 1801,
                      .revision = 3,
                      .stream = 1,
                      .type = 7,
                      .recorded_at = *event.metadata.occurred_at + std::chrono::milliseconds{250}});
  return frame;
}

TEST(FormatExample, MetadataIsAsPrinted) {
  Bytes metadata;
  ASSERT_TRUE(encode_metadata(example_event().metadata, metadata));
  EXPECT_EQ(metadata, dump("metadata"));
}

TEST(FormatExample, FrameIsAsPrinted) {
  EXPECT_EQ(example_frame(), dump("frame"));
  EXPECT_TRUE(decode_frame(dump("frame"), 1801));
}

TEST(FormatExample, BlockIsAsPrinted) {
  const Bytes frame = example_frame();
  const std::vector<BytesView> frames{frame};
  Bytes block;
  build_block(1801, 0x9F8E7D6C, frames, block);
  Bytes printed = dump("block");
  printed.insert(printed.end(), frame.begin(), frame.end());
  EXPECT_EQ(block, printed);
}

TEST(FormatExample, ThinChunkIsAsPrinted) {
  const Bytes frame = example_frame();
  std::vector<BytesView> slots(chunk_events);
  slots[8] = frame;
  Bytes chunk;
  build_thin_chunk(7, 0x9F8E7D6C, 0x01234567, slots, chunk);
  Bytes printed = dump("thin chunk");
  printed.insert(printed.end(), frame.begin(), frame.end());
  EXPECT_EQ(chunk, printed);
  EXPECT_EQ(ChunkView::parse(printed, 7).value().link(), 0x01234567U);
}

TEST(FormatExample, IndexRowsAreAsPrinted) {
  const std::vector<std::uint64_t> positions{1, 3, 130, 16514};
  Bytes row;
  encode_positions(0, positions, row);
  EXPECT_EQ(row, dump("stream_index"));
  encode_positions(1, std::span{positions}.subspan(1), row);
  EXPECT_EQ(row, dump("posting"));
}

}  // namespace
}  // namespace cairn::log
