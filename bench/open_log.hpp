#pragma once

#include <filesystem>
#include <memory>

#include <cairn/core/sql/database.hpp>
#include <cairn/eventstore/event_store.hpp>

namespace cairn::bench {

/// The store under test, with default options. Throws BadResult.
class OpenLog {
 public:
  explicit OpenLog(const std::filesystem::path& file)
      : database_{Database::open({.file = file}).value()}, store_{EventStore::open(*database_).value()} {}

  /// Drains, checkpoints, and gives the file up.
  void close() {
    store_.reset();
    database_->close().value();
  }

  [[nodiscard]] EventStore& store() const { return *store_; }
  [[nodiscard]] Database& database() const { return *database_; }

 private:
  std::unique_ptr<Database> database_;
  std::unique_ptr<EventStore> store_;
};

}  // namespace cairn::bench
