#include <cairn/eventstore/subject_keys.hpp>

#include <atomic>
#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include <cairn/core/sql/memory_vfs.hpp>

#include "erasure/recording_provider.hpp"

namespace cairn {
namespace {

constexpr int threads = 6;
constexpr int subjects = 60;

SubjectId subject(int number) { return {"person-" + std::to_string(number)}; }

template <class F>
void run_at_once(F&& f) {
  std::barrier start{threads};
  std::vector<std::thread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      start.arrive_and_wait();
      f(thread);
    });
  }
  for (std::thread& thread : running) thread.join();
}

class SubjectKeysConcurrent : public testing::Test {
 protected:
  std::unique_ptr<MemoryVfs> disk = MemoryVfs::create();
  test::RecordingProvider provider;
  // A cache that is too small, so that keys come and go.
  std::unique_ptr<SubjectKeys> keys =
      SubjectKeys::open({.file = "keys", .cache_keys_max = 16, .memory = disk.get()}, {.master = provider}).value();
};

TEST_F(SubjectKeysConcurrent, MakeOneKeyForASubjectThatAllSealForAtOnce) {
  std::vector<std::vector<Sealed<std::string>>> sealed(threads);
  run_at_once([&](int thread) {
    for (int i = 0; i < subjects; ++i) {
      auto value = keys->seal(subject(i), "x");
      ASSERT_TRUE(value) << value.error().to_string();
      sealed[static_cast<std::size_t>(thread)].push_back(*value);
    }
  });
  for (int i = 0; i < subjects; ++i) {
    ASSERT_TRUE(keys->erase(subject(i)));
    for (const auto& of_thread : sealed) {
      EXPECT_FALSE(keys->unseal(of_thread[static_cast<std::size_t>(i)]).value()) << "sealed by a second key";
    }
  }
}

TEST_F(SubjectKeysConcurrent, OpenNothingOnceEraseHasReturned) {
  std::vector<Sealed<std::string>> sealed;
  for (int i = 0; i < subjects; ++i) sealed.push_back(keys->seal(subject(i), "of " + std::to_string(i)).value());
  std::atomic<int> erased{0};
  std::atomic<int> came_back{0};
  std::atomic<int> wrong{0};
  run_at_once([&](int thread) {
    if (thread == 0) {
      for (int i = 0; i < subjects; ++i) {
        if (!keys->erase(subject(i))) ++wrong;
        erased.store(i + 1);
      }
      return;
    }
    while (erased.load() < subjects) {
      for (int i = subjects - 1; i >= 0; --i) {
        const bool gone = erased.load() > i;
        const auto read = keys->unseal(sealed[static_cast<std::size_t>(i)]);
        if (!read || (*read && **read != "of " + std::to_string(i))) ++wrong;
        if (read && *read && gone) ++came_back;
        const auto again = keys->seal(subject(i), "x");
        if (!again && again.error().code() != Errc::rejected) ++wrong;
        if (again && gone) ++came_back;
      }
    }
  });
  EXPECT_EQ(came_back, 0);
  EXPECT_EQ(wrong, 0);
}

TEST_F(SubjectKeysConcurrent, StayReadableWhileTheyAreWrappedAgain) {
  std::vector<Sealed<std::string>> sealed;
  for (int i = 0; i < subjects; ++i) sealed.push_back(keys->seal(subject(i), "x").value());
  std::atomic<int> wrong{0};
  run_at_once([&](int thread) {
    for (int round = 0; round < 20; ++round) {
      if (thread == 0) {
        provider.set_newest("k" + std::to_string(round % 2 + 1));
        if (!keys->rewrap()) ++wrong;
      } else {
        for (const auto& value : sealed) {
          const auto read = keys->unseal(value);
          if (!read || !*read) ++wrong;
        }
      }
    }
  });
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace cairn
