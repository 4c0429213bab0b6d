#include <cairn/eventstore/jsonl.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <ostream>
#include <sstream>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/memory_store.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

using test::event_id;
using test::make_event;
using test::MemoryStore;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const StreamId account{"account-1"};

std::string exported(MemoryStore& store, const ExportOptions& options = {}) {
  std::ostringstream out;
  const auto report = export_jsonl(*store, out, options);
  EXPECT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->bytes, out.str().size());
  return out.str();
}

Result<ImportReport> imported(MemoryStore& store, const std::string& lines, const ImportOptions& options = {}) {
  std::istringstream in{lines};
  return import_jsonl(*store, in, options);
}

/// Events of all shapes in a few streams, one of them the system's.
void fill(MemoryStore& store, std::uint64_t count, std::uint64_t seed = 1) {
  SeededRandom random{seed};
  for (std::uint64_t number = 1; number <= count; ++number) {
    NewEvent event = make_event(number, number % 3 == 0 ? "account.opened" : "Konto.er\u00f6ffnet \"x\"\\",
                                {"owner:ann", "email:\u00e4@example.org"});
    event.schema_version = 1 + static_cast<std::uint32_t>(random.below(3));
    event.content_type = static_cast<ContentType>(1 + random.below(3));
    event.data.resize(random.below(60));
    for (std::byte& byte : event.data) byte = std::byte(random.below(256));
    if (number % 5 == 0) event.data = to_bytes("{\"n\":[1,2.50,1e400]}");
    if (number % 97 == 0) event.data.resize(20'000, std::byte{'x'});
    if (number % 2 == 0) event.metadata.correlation_id = event_id(number + 10'000);
    if (number % 4 == 0) event.metadata.causation_id = event_id(number - 1);
    if (number % 3 == 0) event.metadata.occurred_at = Timestamp{std::chrono::microseconds{-number * 1'000'003}};
    event.metadata.headers = {{"ip", "::1"}, {"note", "line\nbreak \x01 \"quoted\" \\ \U0001F600"}, {"ip", "twice"}};
    const char* const streams[] = {"account-1", "account-2", "order-\u00e9", "$clock"};
    const auto stream = StreamId::parse(streams[random.below(4)]).value();
    ASSERT_TRUE(store->append(stream, ExpectedRevision::any(), event));
    store.clock().advance(std::chrono::microseconds{random.below(5'000)});
  }
}

TEST(Jsonl, AnImportIntoANewStoreIsTheSameLog) {
  MemoryStore store;
  fill(store, 700);
  const std::string lines = exported(store);
  MemoryStore copy;
  copy.clock().advance(std::chrono::hours{1});
  const auto report = imported(copy, lines);
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->appended, 700U);
  EXPECT_EQ(report->lines, 700U);
  EXPECT_EQ(copy.dump(), store.dump()) << "positions, ids, times, metadata and data";
  EXPECT_EQ(exported(copy), lines);
  EXPECT_TRUE(copy->verify().value().good());
}

TEST(Jsonl, ImportingTwiceChangesNothing) {
  MemoryStore store;
  fill(store, 300);
  const auto before = store.dump();
  const std::string lines = exported(store);
  for (const std::size_t batch : {1U, 7U, 1'000U}) {
    const auto report = imported(store, lines, {.batch_events = batch});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->repeated, 300U);
    EXPECT_EQ(report->appended, 0U);
    EXPECT_EQ(store.dump(), before);
  }
}

TEST(Jsonl, ALineThatStandsTwiceInAFileCountsOnce) {
  MemoryStore store;
  fill(store, 40);
  const std::string lines = exported(store);
  MemoryStore copy;
  copy.clock().advance(std::chrono::hours{1});
  const auto report = imported(copy, lines + lines, {.batch_events = 1'000});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->appended, 40U);
  EXPECT_EQ(report->repeated, 40U);
  EXPECT_EQ(copy.dump(), store.dump());
}

TEST(Jsonl, AnInterruptedImportIsSimplyRepeated) {
  MemoryStore store;
  fill(store, 200);
  const std::string lines = exported(store);
  MemoryStore copy;
  copy.clock().advance(std::chrono::hours{1});
  for (std::size_t cut = 0; cut < lines.size(); cut += 7'001) {
    const auto partial = imported(copy, lines.substr(0, cut), {.batch_events = 9});
    if (!partial) {
      EXPECT_EQ(partial.error().code(), Errc::invalid) << "the last line is cut";
    }
  }
  ASSERT_TRUE(imported(copy, lines));
  EXPECT_EQ(copy.dump(), store.dump());
}

TEST(Jsonl, StopsBetweenBatches) {
  MemoryStore store;
  fill(store, 50);
  const std::string lines = exported(store);
  std::stop_source stop;
  MemoryStore copy;
  const auto stopped = imported(copy, lines,
                                {.batch_events = 10,
                                 .on_progress =
                                     [&](std::uint64_t done) {
                                       if (done == 20) stop.request_stop();
                                     },
                                 .stop = stop.get_token()});
  EXPECT_EQ(stopped.error().code(), Errc::cancelled);
  EXPECT_EQ(copy->head().value, 20U);
  std::ostringstream out;
  EXPECT_EQ(export_jsonl(*store, out, {.stop = stop.get_token()}).error().code(), Errc::cancelled);
}

TEST(Jsonl, ExportsWhatItIsAskedFor) {
  MemoryStore store;
  for (std::uint64_t number = 1; number <= 12; ++number) {
    const char* const streams[] = {"account-1", "order-1", "$clock"};
    const auto stream = StreamId::parse(streams[number % 3]).value();
    ASSERT_TRUE(store->append(stream, ExpectedRevision::any(),
                              make_event(number, number < 7 ? "early" : "late", {"n:" + std::to_string(number % 2)})));
  }
  const auto positions = [&](const ExportOptions& options) {
    std::vector<int> found;
    std::istringstream lines{exported(store, options)};
    for (std::string line; std::getline(lines, line);) found.push_back(std::stoi(line.substr(12)));
    return found;
  };
  EXPECT_THAT(positions({}), SizeIs(12));
  EXPECT_THAT(positions({.stream = StreamId{"order-1"}}), ElementsAre(1, 4, 7, 10));
  EXPECT_THAT(positions({.from = GlobalPosition{4}, .to = GlobalPosition{6}}), ElementsAre(4, 5, 6));
  EXPECT_THAT(positions({.filter = {.category = "account"}}), ElementsAre(3, 6, 9, 12));
  EXPECT_THAT(positions({.filter = {.query = EventQuery::types({"late"}), .system = true}}), SizeIs(6));
  EXPECT_THAT(positions({.stream = StreamId{"no_such-1"}}), IsEmpty());
}

/// Data as it was appended, and how it stands in the line.
struct DataCase {
  const char* name;
  ContentType type;
  std::string_view data;
  const char* in_line;
};
void PrintTo(const DataCase& test, std::ostream* out) { *out << test.name; }

using namespace std::string_view_literals;
const DataCase data_cases[] = {
    {"Object", ContentType::json, R"({"cents":500})", R"("data":{"cents":500}})"},
    {"BlanksInside", ContentType::json, "{ \"a\" :\t[ ] }", "\"data\":{ \"a\" :\t[ ] }}"},
    {"NumbersBeyondDouble", ContentType::json, "[123456789012345678901234567890.10,-0,1E+400,0.1e-7]",
     R"("data":[123456789012345678901234567890.10,-0,1E+400,0.1e-7]})"},
    {"DoubledNames", ContentType::json, R"({"a":1,"a":2})", R"("data":{"a":1,"a":2}})"},
    {"Escapes", ContentType::json, R"("\u00e4\/\ud83d\ude00")", R"("data":"\u00e4\/\ud83d\ude00"})"},
    {"BareNull", ContentType::json, "null", R"("data":null})"},
    {"LineBreakInside", ContentType::json, "{\n}", R"("data_base64":"ewp9"})"},
    {"BlankAtTheEnd", ContentType::json, "{} ", R"("data_base64":"e30g"})"},
    {"LoneSurrogate", ContentType::json, R"("\ud83d")", R"("data_base64":)"},
    {"Nothing", ContentType::json, "", R"("data_base64":""})"},
    {"NotJson", ContentType::json, "{\"a\":", R"("data_base64":"eyJhIjo="})"},
    {"InvalidUtf8", ContentType::json, "\"\xff\"", R"("data_base64":"Iv8i"})"},
    {"ZeroByte", ContentType::json, "1\0"sv, R"("data_base64":"MQA="})"},
    {"JsonOfAnotherType", ContentType::binary, "{}", R"("content_type":"binary","data_base64":"e30="})"},
    {"Protobuf", ContentType::protobuf, "\x08\x96\x01", R"("content_type":"protobuf","data_base64":"CJYB"})"},
};

class JsonlData : public testing::TestWithParam<DataCase> {};

TEST_P(JsonlData, IsKeptByteForByte) {
  MemoryStore store;
  NewEvent event = make_event(1);
  event.content_type = GetParam().type;
  event.data = to_bytes(GetParam().data);
  ASSERT_TRUE(store->append(account, ExpectedRevision::no_stream(), event));
  const std::string lines = exported(store);
  EXPECT_THAT(lines, HasSubstr(GetParam().in_line));
  EXPECT_EQ(std::ranges::count(lines, '\n'), 1);
  MemoryStore copy;
  ASSERT_TRUE(imported(copy, lines));
  EXPECT_EQ(copy.dump().at(0).data, event.data);
}
INSTANTIATE_TEST_SUITE_P(Kinds, JsonlData, testing::ValuesIn(data_cases),
                         [](const auto& param) { return std::string{param.param.name}; });

TEST(Jsonl, KeepsTimesThatRfc3339HasNoWordsFor) {
  MemoryStore store;
  std::uint64_t number = 0;
  using Limits = std::numeric_limits<std::int64_t>;
  for (const std::int64_t micros : {std::int64_t{0}, std::int64_t{-1}, Limits::min(), Limits::max(),
                                    std::int64_t{-62'167'219'200'000'000}, std::int64_t{-62'167'219'200'000'001},
                                    std::int64_t{253'402'300'799'999'999}, std::int64_t{253'402'300'800'000'000}}) {
    NewEvent event = make_event(++number);
    event.metadata.occurred_at = Timestamp{std::chrono::microseconds{micros}};
    ASSERT_TRUE(store->append(account, ExpectedRevision::any(), event));
  }
  const std::string lines = exported(store);
  EXPECT_THAT(lines, HasSubstr(R"("occurred_at":"1969-12-31T23:59:59.999999Z")"));
  EXPECT_THAT(lines, HasSubstr(R"("occurred_at":"0000-01-01T00:00:00.000000Z")"));
  EXPECT_THAT(lines, HasSubstr(R"("occurred_at":"9999-12-31T23:59:59.999999Z")"));
  EXPECT_THAT(lines, HasSubstr(R"("occurred_at":253402300800000000)"));
  MemoryStore copy;
  ASSERT_TRUE(imported(copy, lines));
  EXPECT_EQ(copy.dump(), store.dump());
}

std::string line_of(std::string_view stream, std::uint64_t revision, std::uint64_t id, const std::string& more = "") {
  return "{\"stream\":\"" + std::string{stream} + "\",\"revision\":" + std::to_string(revision) + ",\"id\":\"" +
         event_id(id).to_string() + "\",\"type\":\"t\",\"data\":1" + more + "}\n";
}

TEST(Jsonl, TimeInALogNeitherGoesBackNorAheadOfItsClock) {
  MemoryStore store;
  ASSERT_TRUE(store->append(account, ExpectedRevision::no_stream(), make_event(1)));
  const Timestamp first = store.clock().now();
  store.clock().advance(std::chrono::hours{1});
  const Timestamp now = store.clock().now();
  const Timestamp between = first + std::chrono::minutes{30};
  const auto at = [](Timestamp time) { return ",\"recorded_at\":" + std::to_string(time.time_since_epoch().count()); };
  ASSERT_TRUE(imported(store, line_of("a", 0, 2, at(first - std::chrono::hours{5})) + line_of("a", 1, 3, at(between)) +
                                  line_of("a", 2, 4, at(now + std::chrono::hours{5})) + line_of("a", 3, 5)));
  std::vector<Timestamp> times;
  for (const OwnedEvent& event : store.dump()) times.push_back(event.recorded_at);
  EXPECT_THAT(times, ElementsAre(first, first, between, now, now));
}

/// A line that is refused, and the reason.
struct BadCase {
  const char* name;
  std::string line;
  const char* reason;
};
void PrintTo(const BadCase& test, std::ostream* out) { *out << test.name; }

const std::string some_id = "2ed6657d-e927-568b-95e1-2665a8aea6a2";
std::string with(const std::string& members) {
  return R"({"stream":"s","revision":0,"id":")" + some_id + R"(","type":"t")" + members + "}";
}

const BadCase bad_cases[] = {
    {"NoJson", "hello", "expected an object at byte 1"},
    {"AnArray", "[1]", "expected an object at byte 1"},
    {"Cut", with(",\"data\":1").substr(0, 40), "expected the end of a string"},
    {"Nothing", "{}", "\"stream\": missing"},
    {"NoData", with(""), "\"data\": missing"},
    {"UnknownMember", with(R"(,"data":1,"foo":2)"), "a member that is not known"},
    {"MemberTwice", with(R"(,"data":1,"type":"u")"), "\"type\": twice"},
    {"DataInBothWays", with(R"(,"data":1,"data_base64":"MQ==")"), "\"data\": twice"},
    {"MoreAfterIt", with(",\"data\":1") + "{}", "expected nothing after the value"},
    {"BadId", R"({"id":"42"})", "\"id\": no id like"},
    {"NilId", R"({"stream":"s","revision":0,"id":"00000000-0000-0000-0000-000000000000","type":"t","data":1})", "id"},
    {"NegativeRevision", R"({"revision":-1})", "expected an integer from 0 on"},
    {"FractionalRevision", R"({"revision":1.0})", "expected an integer from 0 on"},
    {"HugeRevision", R"({"revision":9223372036854775807})", "\"revision\": too large"},
    {"EmptyStream", R"({"stream":""})", "\"stream\": "},
    {"ControlCharacterInStream", R"({"stream":"a\u0001"})", "\"stream\": "},
    {"BadUtf8", "{\"stream\":\"\xff\"}", "expected UTF-8"},
    {"BadTime", with(R"(,"occurred_at":"2024-02-30T00:00:00Z")"), "\"occurred_at\": no time like"},
    {"TimeWithOffset", with(R"(,"occurred_at":"2024-02-03T00:00:00+01:00")"), "\"occurred_at\": no time like"},
    {"BadContentType", with(R"(,"content_type":"xml")"), "\"content_type\": none of"},
    {"JsonValueOfAnotherType", with(R"(,"content_type":"binary","data":1)"), "use data_base64"},
    {"BadBase64", with(R"(,"data_base64":"MQ")"), "\"data_base64\": no padded base64"},
    {"SlackInBase64", with(R"(,"data_base64":"MR==")"), "\"data_base64\": no padded base64"},
    {"HugeSchemaVersion", with(R"(,"schema_version":4294967296)"), "\"schema_version\": too large"},
    {"HeaderNoPair", with(R"(,"headers":[["a"]])"), "expected ','"},
    {"EmptyTag", with(R"(,"data":1,"tags":[""])"), "tag"},
    {"MissingRevisions", R"({"stream":"s","revision":4,"id":")" + some_id + R"(","type":"t","data":1})",
     "expected revision 3"},
    {"TooLong", with(",\"data\":\"" + std::string(60'000, 'x') + "\""), "longer than 50000 bytes"},
};

class JsonlBadLine : public testing::TestWithParam<BadCase> {};

TEST_P(JsonlBadLine, StopsTheImportAfterWhatStoodBeforeIt) {
  MemoryStore store;
  const std::string lines = line_of("a", 0, 1) + "\r\n" + GetParam().line + "\n" + line_of("a", 1, 2);
  const auto stopped = imported(store, lines, {.line_bytes_max = 50'000});
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().number("line"), 3U);
  EXPECT_THAT(stopped.error().message(), HasSubstr(std::string{"import: line 3: "}));
  EXPECT_THAT(stopped.error().message(), HasSubstr(GetParam().reason));
  EXPECT_EQ(store->head().value, 1U);
}

TEST_P(JsonlBadLine, IsPassedOverAndListed) {
  MemoryStore store;
  const std::string lines = line_of("a", 0, 1) + "\r\n" + GetParam().line + "\n" + line_of("a", 1, 2);
  const auto report = imported(store, lines, {.bad_lines = BadLines::skip, .line_bytes_max = 50'000});
  ASSERT_TRUE(report) << report.error().to_string();
  EXPECT_EQ(report->bad, 1U);
  ASSERT_THAT(report->bad_lines, SizeIs(1));
  EXPECT_EQ(report->bad_lines[0].number, 3U);
  EXPECT_THAT(report->bad_lines[0].reason, HasSubstr(GetParam().reason));
  EXPECT_EQ(store->head().value, 2U);
}
INSTANTIATE_TEST_SUITE_P(Kinds, JsonlBadLine, testing::ValuesIn(bad_cases),
                         [](const auto& param) { return std::string{param.param.name}; });

TEST(Jsonl, AnotherEventInTheSamePlaceIsAConflict) {
  MemoryStore store;
  ASSERT_TRUE(imported(store, line_of("a", 0, 1) + line_of("a", 1, 2)));
  const auto refused = imported(store, line_of("a", 1, 3));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::conflict);
}

TEST(Jsonl, KeepsOnlySoManyBadLinesAndCountsAll) {
  MemoryStore store;
  std::string lines;
  for (int i = 0; i < 500; ++i) lines += "x\n";
  const auto report = imported(store, lines, {.bad_lines = BadLines::skip, .bad_lines_kept = 3});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->bad, 500U);
  EXPECT_THAT(report->bad_lines, SizeIs(3));
}

TEST(Jsonl, SaysThatItsOutputFailed) {
  MemoryStore store;
  fill(store, 10);
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  EXPECT_EQ(export_jsonl(*store, out).error().code(), Errc::unavailable);
}

TEST(Jsonl, TheExampleOfThePageIsWhatIsWritten) {
  std::ifstream page{std::string{CAIRN_SOURCE_DIR} + "/docs/jsonl.md"};
  std::string example;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("{\"position\":1,")) example += line + "\n";
  }
  ASSERT_NE(example, "");
  MemoryStore store;
  store.clock().advance(std::chrono::hours{24 * 365 * 100});
  ASSERT_TRUE(imported(store, example));
  EXPECT_EQ(exported(store), example);
}

/// Changes a few bytes of a line, mostly to such as mean something.
std::string mutated(std::string line, Random& random) {
  constexpr std::string_view likely = "{}[]\",:\\u0123456789+-.eEtfn \t\x01\x7f\xc3\xff";
  for (std::uint64_t left = 1 + random.below(4); left > 0 && !line.empty(); --left) {
    const std::size_t at = random.below(line.size());
    const char c = likely[random.below(likely.size())];
    switch (random.below(5)) {
      case 0: line[at] = c; break;
      case 1: line.insert(at, 1, c); break;
      case 2: line.erase(at, 1 + random.below(8)); break;
      case 3: line.insert(random.below(line.size()), line.substr(at, random.below(40))); break;
      default: line[at] = static_cast<char>(random.below(256)); break;
    }
  }
  return line;
}

TEST(JsonlMutations, EveryLineIsImportedOrRefusedWithAReasonAndWhatIsImportedSurvivesAnExport) {
  std::vector<std::string> corpus;
  const std::filesystem::path directory{std::string{CAIRN_SOURCE_DIR} + "/tests/eventstore/corpus/jsonl"};
  for (const auto& file : std::filesystem::directory_iterator{directory}) {
    std::ifstream in{file.path(), std::ios::binary};
    for (std::string line; std::getline(in, line);) corpus.push_back(line);
  }
  std::ranges::sort(corpus);
  ASSERT_GT(corpus.size(), 10U);
  for (const std::uint64_t seed : test::seeds(20)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    std::string lines;
    for (int i = 0; i < 300; ++i) lines += mutated(corpus[random.below(corpus.size())], random) + "\n";
    MemoryStore store;
    const auto report =
        imported(store, lines, {.bad_lines = BadLines::skip, .bad_lines_kept = 100'000, .line_bytes_max = 5'000});
    ASSERT_TRUE(report) << report.error().to_string();
    EXPECT_EQ(report->bad, report->bad_lines.size());
    for (const BadLine& bad : report->bad_lines) EXPECT_NE(bad.reason, "") << "line " << bad.number;
    EXPECT_EQ(store->head().value, report->appended);
    EXPECT_GT(report->bad, 50U);
    MemoryStore copy;
    ASSERT_TRUE(imported(copy, exported(store)));
    EXPECT_EQ(copy.dump(), store.dump());
  }
}

}  // namespace
}  // namespace cairn
