#include <cairn/eventstore/doctor.hpp>

#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include <cairn/core/sql/database.hpp>
#include <cairn/core/sql/memory_vfs.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace cairn {
namespace {

TEST(DoctorConcurrent, NeedsNothingOfAWriterThatIsBusy) {
  const auto disk = MemoryVfs::create();
  const auto database = Database::open({.file = "store.db", .memory = disk.get()}).value();
  const auto store = EventStore::open(*database).value();
  std::latch inside{1};
  std::latch examined{1};
  std::thread writing{[&] {
    const auto done = database->write([&](Unit&) {
      inside.count_down();
      examined.wait();
    });
    EXPECT_TRUE(done);
  }};
  inside.wait();
  const auto report = store->doctor();  // would wait for ever
  EXPECT_TRUE(report);
  examined.count_down();
  writing.join();
}

}  // namespace
}  // namespace cairn
