#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/random.hpp>

#include "dlq/letter_box.hpp"
#include "support/seed.hpp"

namespace cairn {
namespace {

using test::failure;
using test::LetterBox;
using test::make_letter;
using namespace std::chrono_literals;

std::vector<std::uint64_t> ids_of(const std::vector<LetterSummary>& letters) {
  std::vector<std::uint64_t> ids;
  for (const LetterSummary& letter : letters) ids.push_back(letter.id.value);
  return ids;
}

TEST(LetterPages, ShowTheNewestFirstAndGoOnWhereTheyEnded) {
  LetterBox box;
  box.park_many(5);
  ListLetters options{.letters_max = 2};
  auto page = box->list(options).value();
  EXPECT_EQ(ids_of(page.letters), (std::vector<std::uint64_t>{5, 4}));
  options.after = page.next;
  (void)box->park(make_letter(6), failure()).value();
  page = box->list(options).value();
  EXPECT_EQ(ids_of(page.letters), (std::vector<std::uint64_t>{3, 2}));
  options.after = page.next;
  page = box->list(options).value();
  EXPECT_EQ(ids_of(page.letters), (std::vector<std::uint64_t>{1}));
  EXPECT_FALSE(page.next);
}

TEST(LetterPages, EndWhenEnoughWasLookedAtForAText) {
  LetterBox box;
  box.park_many(30);
  const auto page =
      box->list({.filter = {.text = "line 30"}, .direction = Direction::forward, .looked_at_max = 10}).value();
  EXPECT_TRUE(page.letters.empty());
  EXPECT_EQ(page.next, LetterId{10});
  EXPECT_EQ(box->count({.text = "line 30"}).value(), 1U);
}

TEST(LetterCauses, GatherWhatFailedAlike) {
  LetterBox box;
  for (std::uint64_t number = 1; number <= 6; ++number) {
    const Error why =
        number <= 4 ? failure("account-" + std::to_string(number) + " is closed") : failure("busy", Errc::timeout);
    (void)box->park(make_letter(number), why).value();
  }
  box->drop(LetterId{1}, "ann", "a test").value();
  const auto causes = box->causes("orders").value();
  ASSERT_EQ(causes.size(), 2U);
  EXPECT_EQ(causes[0].text, "account-# is closed");
  EXPECT_EQ(causes[0].error, Errc::handler_failed);
  EXPECT_EQ(causes[0].parked, 3U);
  EXPECT_EQ(causes[0].dropped, 1U);
  EXPECT_EQ(causes[1].error, Errc::timeout);
  EXPECT_EQ(causes[1].parked, 2U);
  EXPECT_EQ(box->count({.cause = causes[1].number}).value(), 2U);
  EXPECT_TRUE(box->causes("payments").value().empty());
}

TEST(LetterCauses, AreCountedUnderTheirClassWhenThereAreTooMany) {
  LetterBox box;
  std::string word;
  for (std::uint64_t number = 1; number <= 250; ++number) {
    word.clear();
    for (std::uint64_t left = number; left > 0; left /= 26) word += static_cast<char>('a' + left % 26);
    (void)box->park(make_letter(number), failure("kind " + word)).value();
  }
  const auto causes = box->causes().value();
  EXPECT_EQ(causes.size(), 201U);
  EXPECT_EQ(causes.front().text, "");
  EXPECT_EQ(causes.front().parked, 50U);
  EXPECT_EQ(box->count({.error = Errc::handler_failed}).value(), 250U);
  EXPECT_EQ(box->get({250}).value().error, failure("kind " + word)) << "its message stays";
}

TEST(LetterQueues, SayHowTheyStand) {
  LetterBox box;
  box.park_many(3);
  box.clock().advance(2h);
  (void)box->park(make_letter(4), failure()).value();
  (void)box->park(make_letter(1, "payments"), failure()).value();
  box->drop(LetterId{1}, "ann", "a test").value();
  const auto queues = box->queues().value();
  ASSERT_EQ(queues.size(), 2U);
  EXPECT_EQ(queues[0].queue, "orders");
  EXPECT_EQ(queues[0].parked, 3U);
  EXPECT_EQ(queues[0].dropped, 1U);
  EXPECT_EQ(queues[0].oldest, LetterId{2});
  EXPECT_EQ(queues[0].oldest_parked_at, box.clock().now() - 2h);
  EXPECT_EQ(queues[0].parked_last_hour, 1U);
  EXPECT_EQ(queues[1].parked, 1U);
}

/// Whether a filter lets a letter through, the slow way.
bool passes(const LetterFilter& filter, const LetterSummary& letter) {
  const auto has = [&](const std::string& text) { return text.find(*filter.text) != std::string::npos; };
  return (!filter.queue || letter.queue == *filter.queue) && (!filter.key || letter.key == *filter.key) &&
         (!filter.state || letter.state == *filter.state) &&
         (!filter.error || (letter.error && letter.error->code() == *filter.error)) &&
         (!filter.cause || letter.cause == *filter.cause) &&
         (!filter.parked_from || letter.parked_at >= *filter.parked_from) &&
         (!filter.parked_to || letter.parked_at < *filter.parked_to) &&
         (!filter.text || has(letter.key) || has(letter.source) || has(letter.type) ||
          (letter.error && has(letter.error->message())));
}

template <class T>
T one_of(SeededRandom& random, const std::vector<T>& values) {
  return values[random.below(values.size())];
}

void fill(LetterBox& box, SeededRandom& random) {
  const std::vector<Error> errors{failure("busy 1", Errc::timeout), failure("bad", Errc::invalid), failure("boom")};
  for (std::uint64_t number = 1; number <= 60; ++number) {
    const auto letter = make_letter(number, one_of<std::string>(random, {"orders", "payments"}),
                                    one_of<std::string>(random, {"", "a", "b"}));
    (void)box->park(letter, one_of(random, errors)).value();
    if (random.below(4) == 0) box->drop(LetterId{number}, "ann", "a test").value();
    if (random.below(10) == 0) (void)box->clear("payments").value();
    if (random.below(3) == 0) box.clock().advance(1min);
  }
}

LetterFilter any_filter(SeededRandom& random, const LetterBox& box, Timestamp begin) {
  static_cast<void>(box);
  LetterFilter filter;
  if (random.below(2) == 0) filter.queue = one_of<std::string>(random, {"orders", "payments", "none"});
  if (filter.queue && random.below(2) == 0) filter.key = one_of<std::string>(random, {"a", "b", "c"});
  if (random.below(2) == 0) filter.state = one_of<LetterState>(random, {LetterState::parked, LetterState::dropped});
  if (random.below(3) == 0) filter.error = one_of<Errc>(random, {Errc::timeout, Errc::invalid, Errc::conflict});
  if (random.below(4) == 0) filter.cause = random.below(5) + 1;
  if (random.below(3) == 0) filter.parked_from = begin + std::chrono::minutes{random.below(20)};
  if (random.below(3) == 0) filter.parked_to = begin + std::chrono::minutes{random.below(20)};
  if (random.below(4) == 0) filter.text = one_of<std::string>(random, {"1", "busy", "order", "zzz"});
  return filter;
}

TEST(LetterFilters, FindWhatALookAtEveryLetterFinds) {
  for (const std::uint64_t seed : test::seeds(20)) {
    SCOPED_TRACE(test::seed_note(seed));
    SeededRandom random{seed};
    LetterBox box;
    const Timestamp begin = box.clock().now();
    fill(box, random);
    std::vector<LetterSummary> all = box->list({.direction = Direction::forward, .letters_max = 1'000}).value().letters;
    for (int round = 0; round < 50; ++round) {
      ListLetters options{.filter = any_filter(random, box, begin),
                          .direction = random.below(2) == 0 ? Direction::forward : Direction::backward,
                          .letters_max = 1 + random.below(7),
                          .looked_at_max = 1 + random.below(20)};
      std::vector<std::uint64_t> expected;
      for (const LetterSummary& letter : all) {
        if (passes(options.filter, letter)) expected.push_back(letter.id.value);
      }
      EXPECT_EQ(box->count(options.filter).value(), expected.size());
      if (options.direction == Direction::backward) std::ranges::reverse(expected);
      std::vector<std::uint64_t> found;
      for (;;) {
        const LetterPage page = box->list(options).value();
        ASSERT_LE(page.letters.size(), options.letters_max);
        for (const auto id : ids_of(page.letters)) found.push_back(id);
        if (!page.next) break;
        options.after = page.next;
      }
      ASSERT_EQ(found, expected);
    }
  }
}

}  // namespace
}  // namespace cairn
