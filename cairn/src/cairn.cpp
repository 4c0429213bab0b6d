#include <cairn/cairn.hpp>

#include <algorithm>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <cairn/core/clock.hpp>
#include <cairn/core/id_source.hpp>
#include <cairn/core/log.hpp>
#include <cairn/core/pool_executor.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/secure_random.hpp>
#include <cairn/core/sql/database.hpp>
#include <cairn/core/system_timers.hpp>
#include <cairn/dlq/automatic_redrive.hpp>

namespace cairn {

namespace {

/// Threads and timers for a service that hands in none.
struct Background {
  explicit Background(const Clock& clock, std::unique_ptr<PoolExecutor> pool)
      : executor{std::move(pool)}, timers{clock, *executor} {
    timing = std::jthread{[this](const std::stop_token& stop) { timers.run(stop); }};
  }

  std::unique_ptr<PoolExecutor> executor;
  SystemTimers timers;
  std::jthread timing;
};

/// A step of the runner keeps one waiting, and its watch needs another.
constexpr unsigned threads_min = 2;

}  // namespace

struct Cairn::Impl {
  Impl(const SeededRandom& for_ids, const SeededRandom& for_redrives, const SeededRandom& for_retries)
      : random{for_ids}, redrive_random{for_redrives}, retry_random{for_retries} {}

  SystemClock system_clock;
  SeededRandom random;
  UuidV7Source system_ids{system_clock, random};
  // Each is used by one thread: the letters' by the writer's, as that of the ids; the runner's by its own.
  SeededRandom redrive_random;
  SeededRandom retry_random;
  CairnParts parts;
  // Destroyed in reverse: who uses the database leaves it before that closes.
  std::unique_ptr<Database> database;
  std::unique_ptr<EventStore> events;
  std::unique_ptr<DeadLetters> dead_letters;
  std::unique_ptr<Background> background;
  std::unique_ptr<Runner> runner;
  std::unique_ptr<AutomaticRedrive> redrive;
};

Cairn::Cairn(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}
Cairn::~Cairn() = default;

Result<std::unique_ptr<Cairn>> Cairn::open(CairnOptions options, CairnParts parts) {
  if ((parts.executor == nullptr) != (parts.timers == nullptr)) {
    return Error{Errc::invalid, "open cairn: an executor and timers go together, hand in both or neither"};
  }
  OpenSslRandom entropy;
  std::vector<SeededRandom> randoms;
  for (int i = 0; i < 3; ++i) {
    auto random = SeededRandom::from_entropy(entropy);
    if (!random) return std::move(random).error();
    randoms.push_back(*random);
  }
  auto impl = std::make_unique<Impl>(randoms[0], randoms[1], randoms[2]);
  if (parts.clock == nullptr) parts.clock = &impl->system_clock;
  if (parts.ids == nullptr) parts.ids = &impl->system_ids;
  impl->parts = parts;

  DatabaseOptions database_options = std::move(options.database);
  database_options.file = std::move(options.file);
  database_options.durability = options.durability;
  database_options.memory = options.memory;
  auto database = Database::open(std::move(database_options),
                                 {.clock = parts.clock, .logger = parts.logger, .metrics = parts.metrics});
  if (!database) return std::move(database).error();
  impl->database = std::move(*database);

  auto events = EventStore::open(*impl->database, options.events,
                                 {.clock = parts.clock, .ids = parts.ids, .metrics = parts.metrics});
  if (!events) return std::move(events).error();
  impl->events = std::move(*events);

  auto letters = DeadLetters::open(
      *impl->database,
      {.clock = *parts.clock, .random = impl->redrive_random, .logger = parts.logger, .metrics = parts.metrics},
      options.dead_letters);
  if (!letters) return std::move(letters).error();
  impl->dead_letters = std::move(*letters);

  auto runner = Runner::open({.events = *impl->events,
                              .letters = *impl->dead_letters,
                              .clock = *parts.clock,
                              .random = impl->retry_random,
                              .logger = parts.logger,
                              .metrics = parts.metrics},
                             std::move(options.runner));
  if (!runner) return std::move(runner).error();
  impl->runner = std::move(*runner);
  return std::unique_ptr<Cairn>{new Cairn{std::move(impl)}};
}

Result<void> Cairn::start() {
  if (impl_->parts.executor == nullptr) {
    auto pool = PoolExecutor::start({.threads = std::max(threads_min, std::thread::hardware_concurrency())});
    if (!pool) return std::move(pool).error();
    try {
      impl_->background = std::make_unique<Background>(*impl_->parts.clock, std::move(*pool));
    } catch (const std::system_error& error) {
      return Error{Errc::unavailable, std::string{"start cairn: no thread for its timers: "} + error.what()};
    }
    impl_->parts.executor = impl_->background->executor.get();
    impl_->parts.timers = &impl_->background->timers;
  }
  auto started = impl_->runner->start(*impl_->parts.executor, *impl_->parts.timers);
  if (!started) return started;
  impl_->redrive = std::make_unique<AutomaticRedrive>(*impl_->dead_letters, *impl_->parts.timers,
                                                      *impl_->parts.executor, impl_->parts.logger);
  return {};
}

EventStore& Cairn::events() noexcept { return *impl_->events; }

DeadLetters& Cairn::dead_letters() noexcept { return *impl_->dead_letters; }

Database& Cairn::database() noexcept { return *impl_->database; }

Runner& Cairn::runner() noexcept { return *impl_->runner; }

Result<void> Cairn::close() {
  impl_->redrive.reset();
  // The store closes also when the runner cannot write that it ended in good order: it is then as after a crash.
  auto stopped = impl_->runner->stop();
  auto closed = impl_->database->close();
  if (!closed || stopped || stopped.error().code() == Errc::cancelled) return closed;
  return stopped;
}

}  // namespace cairn
