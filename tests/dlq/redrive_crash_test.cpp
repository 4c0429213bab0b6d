#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dlq/letter_box.hpp"
#include "support/long_run.hpp"

namespace cairn {
namespace {

using test::failure;
using test::leave_effect;
using test::LetterBox;
using test::make_letter;

// 10,000 in the long run.
TEST(RedriveCrash, ResolvesEachLetterOnceAndInOrderWhenTheProcessEndsAfterEachStep) {
  const std::uint64_t letters = test::long_run() ? 10'000 : 1'000;
  constexpr std::uint64_t keys = 7;
  LetterBox box;
  for (std::uint64_t number = 1; number <= letters; ++number) {
    (void)box->park(make_letter(number, "orders", "key-" + std::to_string(number % keys)), failure()).value();
  }
  box->set_handler("orders", leave_effect).value();
  for (bool first = true;; first = false) {
    std::stop_source stop;
    const RedriveOptions one_step{.on_progress = [&](const RedriveProgress&) { stop.request_stop(); },
                                  .stop = stop.get_token()};
    const auto done = first ? box->redrive({}, one_step) : box->resume_redrive(1, one_step);
    if (done) {
      EXPECT_EQ(*done, (RedriveProgress{.run = 1, .resolved = letters, .done = true}));
      break;
    }
    ASSERT_EQ(done.error().code(), Errc::cancelled) << done.error().to_string();
    box.kill();
    box->set_handler("orders", leave_effect).value();
  }
  const auto effects = box.effects();
  ASSERT_EQ(effects.size(), letters);
  std::map<std::uint64_t, std::uint64_t> last_of_key;
  for (const std::string& effect : effects) {
    const std::uint64_t number = std::stoull(effect);
    EXPECT_GT(number, last_of_key[number % keys]);
    last_of_key[number % keys] = number;
  }
  EXPECT_EQ(box->count({.state = LetterState::resolved}).value(), letters);
}

/// A workload whose every call of the file system is the last one of the process, once.
void park_edit_and_redrive(LetterBox& box) {
  for (std::uint64_t number = 1; number <= 12; ++number) {
    if (!box->park(make_letter(number, "orders", number % 2 == 0 ? "even" : ""), failure())) return;
  }
  if (!box->edit({3}, as_bytes("edited"), "ann") || !box->drop(LetterId{5}, "ann", "a test")) return;
  (void)box->redrive({.queue = "orders"});
}

TEST(RedriveCrash, LeavesEachLetterEitherParkedOrResolvedWithItsEffectAtEveryCall) {
  std::uint64_t calls = 0;
  {
    LetterBox box;
    box->set_handler("orders", leave_effect).value();
    const std::uint64_t before = box.disk().calls();
    park_edit_and_redrive(box);
    calls = box.disk().calls() - before;
  }
  ASSERT_GT(calls, 100U);
  const std::uint64_t stride = test::long_run() ? 1 : 7;
  for (std::uint64_t call = 1; call <= calls; call += stride) {
    SCOPED_TRACE("call " + std::to_string(call));
    LetterBox box;
    box->set_handler("orders", leave_effect).value();
    box.disk().inject({.at_call = call, .kind = FaultKind::io_error, .sticky = true});
    park_edit_and_redrive(box);
    box.kill();
    const auto left = box.effects();
    const std::set<std::string> effects{left.begin(), left.end()};
    EXPECT_EQ(effects.size(), left.size()) << "an effect came twice";
    std::uint64_t resolved = 0;
    const LetterPage page = box->list({.letters_max = 1'000}).value();
    for (const LetterSummary& letter : page.letters) {
      const DeadLetter whole = box->get(letter.id).value();
      const bool done = letter.state == LetterState::resolved;
      EXPECT_EQ(effects.contains(std::string{as_text(whole.payload)}), done) << letter.id.value;
      resolved += done ? 1 : 0;
    }
    EXPECT_EQ(resolved, effects.size());
    EXPECT_EQ(box->count({.state = LetterState::resolved}).value(), resolved) << "the counts agree";
  }
}

}  // namespace
}  // namespace cairn
