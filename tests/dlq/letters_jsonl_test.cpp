#include <cairn/dlq/letters_jsonl.hpp>

#include <sstream>
#include <string>

#include <gtest/gtest.h>

#include "dlq/letter_box.hpp"
#include "support/memory_store.hpp"

namespace cairn {
namespace {

using test::failure;
using test::LetterBox;
using test::make_letter;

/// Letters with everything a letter may have.
void fill(LetterBox& box) {
  NewDeadLetter letter = make_letter(1, "orders", "a");
  letter.payload = {std::byte{0}, std::byte{0xff}};
  letter.metadata = {.correlation_id = test::event_id(7),
                     .occurred_at = box.clock().now(),
                     .tags = {"t"},
                     .headers = {{"a", "b"}, {"a", "\u20ac"}}};
  letter.event = EventPlace{
      .stream = "account-\u20ac", .revision = {7}, .position = {~0ULL >> 1U}, .recorded_at = box.clock().now()};
  (void)box->park(letter, failure("quote \" and \n", Errc::timeout)).value();
  box->edit({1}, as_bytes("plain"), "ann").value();
  (void)box.database().write([&](Unit& unit) { return box->park_behind(unit, make_letter(2, "orders", "a")); }).value();
  (void)box->park(make_letter(3, "payments"), failure("not UTF-8: \xff")).value();
  box->drop(LetterId{3}, "bob", "a test").value();
}

std::string exported(LetterBox& box, const LetterFilter& filter = {}) {
  std::ostringstream out;
  (void)export_letters(*box, out, filter).value();
  return std::move(out).str();
}

ImportedLetters import_text(LetterBox& box, const std::string& text, const ImportLetters& options = {}) {
  std::istringstream in{text};
  return import_letters(*box, in, options).value();
}

TEST(LetterLines, CarryEverythingOverToAnotherStore) {
  LetterBox here;
  fill(here);
  const std::string lines = exported(here);
  LetterBox there;
  (void)there->park(make_letter(9, "other"), failure()).value();
  EXPECT_EQ(import_text(there, lines).restored, 3U);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const DeadLetter before = here->get({id}).value();
    const DeadLetter after = there->get({id + 1}).value();
    EXPECT_EQ(after.queue, before.queue);
    EXPECT_EQ(after.key, before.key);
    EXPECT_EQ(after.source, before.source);
    EXPECT_EQ(after.item, before.item);
    EXPECT_EQ(after.state, before.state);
    EXPECT_EQ(after.payload, before.payload);
    EXPECT_EQ(after.original, before.original);
    EXPECT_EQ(after.metadata, before.metadata);
    EXPECT_EQ(after.event, before.event);
    EXPECT_EQ(after.notes, before.notes);
    EXPECT_EQ(after.attempts, before.attempts);
    EXPECT_EQ(after.changed_at, before.changed_at);
    if (id == 3) continue;  // its message is no UTF-8
    EXPECT_EQ(after.error, before.error);
    EXPECT_EQ(after.history, before.history);
  }
  EXPECT_EQ(exported(there, {.queue = "orders"}), exported(here, {.queue = "orders"}));
}

TEST(LetterLines, ChangeNothingWhenTheyComeTwice) {
  LetterBox box;
  fill(box);
  const std::string lines = exported(box);
  const ImportedLetters report = import_text(box, lines);
  EXPECT_EQ(report.restored, 0U);
  EXPECT_EQ(report.repeated, 3U);
  EXPECT_EQ(exported(box), lines);
}

TEST(LetterLines, AreThoseThatAFilterLetsThrough) {
  LetterBox box;
  box.park_many(250);
  std::ostringstream out;
  EXPECT_EQ(export_letters(*box, out, {.text = "line 1"}).value(), 111U);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(export_letters(*box, out, {}, stop.get_token()));
  out.setstate(std::ios::badbit);
  EXPECT_EQ(export_letters(*box, out).error().code(), Errc::unavailable);
}

struct BadText {
  const char* text;
  const char* reason;
};

TEST(LetterLines, SayWhatIsWrongWithThem) {
  LetterBox box;
  box.park_many(1);
  std::string good = exported(box);
  good.pop_back();
  const auto with = [&](std::string_view field, std::string_view value) {
    const std::size_t at = good.find("\"" + std::string{field} + "\":");
    const std::size_t begin = at + field.size() + 3;
    const std::size_t end = good.find_first_of(",}", begin);
    return good.substr(0, begin) + std::string{value} + good.substr(end);
  };
  const std::vector<std::pair<std::string, std::string>> cases{
      {"x", "not JSON"},
      {"[]", "no JSON object"},
      {"{}", "\"queue\" is missing"},
      {with("queue", "7"), "\"queue\" is of another kind"},
      {with("item", "\"x\""), "\"item\" is none"},
      {with("schema_version", "-1"), "\"schema_version\" is of another kind"},
      {with("state", "\"lost\""), "\"state\" is none"},
      {with("content_type", "\"xml\""), "\"content_type\" is none"},
      {with("error", "\"odd\""), "\"attempts\" \"error\" is none"},
      {with("payload", "null"), "\"payload\" is missing"},
      {std::string{good}.replace(good.find("\"metadata\":{}"), 13, "\"metadata\":7"), "\"metadata\" is no object"},
  };
  for (const auto& [text, reason] : cases) {
    std::string lines = text;
    lines.append("\n").append(good);
    const ImportedLetters report = import_text(box, lines, {.bad_lines = BadLines::skip});
    ASSERT_EQ(report.bad, 1U) << text;
    EXPECT_EQ(report.bad_lines.front(), (BadLine{.number = 1, .reason = reason})) << text;
    EXPECT_EQ(report.repeated, 1U);
  }
  std::istringstream in{good + "\n{}\n"};
  const auto stopped = import_letters(*box, in);
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().number("line"), 2U);
  EXPECT_EQ(stopped.error().message(), "import dead letters: line 2: \"queue\" is missing");
}

TEST(LetterLines, AreBounded) {
  LetterBox box;
  const auto report =
      import_text(box, std::string(100, 'x') + "\n", {.bad_lines = BadLines::skip, .line_bytes_max = 50});
  EXPECT_EQ(report.bad_lines.front().reason, "longer than 50 bytes");
}

}  // namespace
}  // namespace cairn
