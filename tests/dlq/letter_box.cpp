#include "dlq/letter_box.hpp"

#include "support/memory_store.hpp"

namespace cairn::test {

NewDeadLetter make_letter(std::uint64_t number, std::string queue, std::string key) {
  return {.queue = std::move(queue),
          .key = std::move(key),
          .source = "line " + std::to_string(number),
          .item = event_id(number),
          .type = "order.placed",
          .payload = to_bytes(std::to_string(number))};
}

LetterBox::LetterBox(DeadLetterOptions options, std::unique_ptr<MemoryVfs> disk)
    : options_{options}, disk_{std::move(disk)} {
  open();
  (void)database_->write([](Unit& unit) { return unit.exec("CREATE TABLE effect (payload TEXT NOT NULL)"); }).value();
}

void LetterBox::open() {
  database_ =
      Database::open({.file = "store.db", .writer = WriterMode::stepped, .memory = disk_.get()}, {.clock = &clock_})
          .value();
  letters_ = DeadLetters::open(*database_, {.clock = clock_, .random = random_}, options_).value();
}

void LetterBox::kill() { continue_from(disk_->clone()); }

void LetterBox::continue_from(std::unique_ptr<MemoryVfs> disk) {
  letters_.reset();
  database_.reset();
  disk_ = std::move(disk);
  open();
}

void LetterBox::park_many(std::uint64_t count, const std::string& queue, const std::string& key) {
  for (std::uint64_t number = 1; number <= count; ++number) {
    (void)letters_->park(make_letter(number, queue, key), failure()).value();
  }
}

std::vector<std::string> LetterBox::effects() {
  std::vector<std::string> found;
  auto reader = database_->read().value();
  reader.each("SELECT payload FROM effect ORDER BY rowid", {}, [&](const Row& row) { found.emplace_back(row.text(0)); })
      .value();
  return found;
}

LetterState LetterBox::state_of(std::uint64_t id) { return letters_->get({id}).value().state; }

Result<void> leave_effect(Unit& unit, const DeadLetter& letter) {
  auto left = unit.exec("INSERT INTO effect (payload) VALUES ($1)", {as_text(letter.payload)});
  if (!left) return std::move(left).error();
  return {};
}

}  // namespace cairn::test
