#include "delivery/runner_box.hpp"

#include <algorithm>

#include "support/memory_store.hpp"

namespace cairn::test {

RunnerBox::RunnerBox(RunnerOptions options) : RunnerBox{std::move(options), WriterMode::stepped} {}

std::unique_ptr<RunnerBox> RunnerBox::with_threads(RunnerOptions options) {
  return std::unique_ptr<RunnerBox>{new RunnerBox{std::move(options), WriterMode::thread}};
}

RunnerBox::RunnerBox(RunnerOptions options, WriterMode writer)
    : options_{std::move(options)},
      writer_{writer},
      used_clock_{writer == WriterMode::stepped ? static_cast<Clock&>(clock_) : system_clock_},
      disk_{MemoryVfs::create({.track_durability = true})} {
  open();
  (void)database_
      ->write([](Unit& unit) { return unit.exec("CREATE TABLE effect (handler TEXT, stream TEXT, number TEXT)"); })
      .value();
}

RunnerBox::~RunnerBox() { shut(); }

void RunnerBox::open() {
  database_ =
      Database::open({.file = "store.db", .writer = writer_, .memory = disk_.get()}, {.clock = &used_clock_}).value();
  events_ = EventStore::open(*database_, {}, {.clock = &used_clock_, .ids = &ids_}).value();
  letters_ = DeadLetters::open(*database_, {.clock = used_clock_, .random = letter_random_}).value();
  runner_ = Runner::open({.events = *events_,
                          .letters = *letters_,
                          .clock = used_clock_,
                          .random = runner_random_,
                          .metrics = &metrics_},
                         options_)
                .value();
}

void RunnerBox::shut() {
  runner_.reset();
  letters_.reset();
  events_.reset();
  database_.reset();
}

void RunnerBox::restart() {
  shut();
  open();
}

void RunnerBox::kill() { continue_from(disk_->clone()); }

void RunnerBox::continue_from(std::unique_ptr<MemoryVfs> disk) {
  shut();
  disk_ = std::move(disk);
  open();
}

void RunnerBox::append(std::string_view stream, std::size_t count) {
  std::vector<NewEvent> events;
  for (std::size_t i = 0; i < count; ++i) {
    NewEvent event = make_event(++last_number_);
    event.data = to_bytes(std::to_string(last_number_));
    events.push_back(std::move(event));
  }
  (void)events_->append(StreamId::parse(stream).value(), ExpectedRevision::any(), events).value();
}

void RunnerBox::run() {
  while (runner_->run_once().value()) {
  }
}

void RunnerBox::run_until_quiet() {
  run();
  const auto retries = [this] {
    return std::ranges::any_of(runner_->progress(),
                               [](const Progress& one) { return one.state == HandlerState::retrying; });
  };
  while (retries()) {
    clock_.advance(std::chrono::minutes{1});
    run();
  }
}

std::vector<std::string> RunnerBox::effects(std::string_view handler) {
  std::vector<std::string> found;
  auto reader = database_->read().value();
  reader
      .each("SELECT handler, stream, number FROM effect ORDER BY rowid", {},
            [&](const Row& row) {
              const std::string what = std::string{row.text(1)} + " " + std::string{row.text(2)};
              if (handler.empty()) found.push_back(std::string{row.text(0)} + " " + what);
              if (row.text(0) == handler) found.push_back(what);
            })
      .value();
  return found;
}

std::uint64_t RunnerBox::position_of(std::string_view handler) {
  return runner_->progress(handler).value().position.value;
}

HandlerState RunnerBox::state_of(std::string_view handler) { return runner_->progress(handler).value().state; }

EventHandler leave_trace(std::string name) {
  return [name = std::move(name)](Unit& unit, const RecordedEvent& event) -> Result<void> {
    auto left = unit.exec("INSERT INTO effect (handler, stream, number) VALUES ($1, $2, $3)",
                          {name, event.stream, as_text(event.data)});
    if (!left) return std::move(left).error();
    return {};
  };
}

EventHandler fail_at(std::string name, std::string number, Errc code) {
  return [trace = leave_trace(std::move(name)), number = std::move(number), code](
             Unit& unit, const RecordedEvent& event) -> Result<void> {
    if (auto left = trace(unit, event); !left) return left;
    if (as_text(event.data) == number) return Error{code, "no account for it"};
    return {};
  };
}

}  // namespace cairn::test
