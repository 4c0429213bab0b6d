#include <cairn/cairn.hpp>

#include <utility>

#include <cairn/core/clock.hpp>
#include <cairn/core/id_source.hpp>
#include <cairn/core/random.hpp>
#include <cairn/core/secure_random.hpp>
#include <cairn/core/sql/database.hpp>

namespace cairn {

struct Cairn::Impl {
  Impl(const SeededRandom& seeded, const SeededRandom& for_retries) : random{seeded}, retry_random{for_retries} {}

  SystemClock clock;
  SeededRandom random;
  UuidV7Source ids{clock, random};
  SeededRandom retry_random;  // the writer's alone, as the ids' is theirs
  // Destroyed in reverse: the log leaves the database before that closes.
  std::unique_ptr<Database> database;
  std::unique_ptr<EventStore> events;
  std::unique_ptr<DeadLetters> dead_letters;
};

Cairn::Cairn(std::unique_ptr<Impl> impl) noexcept : impl_{std::move(impl)} {}
Cairn::~Cairn() = default;

Result<std::unique_ptr<Cairn>> Cairn::open(CairnOptions options, CairnParts parts) {
  OpenSslRandom entropy;
  const auto random = SeededRandom::from_entropy(entropy);
  if (!random) return random.error();
  const auto retry_random = SeededRandom::from_entropy(entropy);
  if (!retry_random) return retry_random.error();
  auto impl = std::make_unique<Impl>(*random, *retry_random);
  Clock* const clock = parts.clock != nullptr ? parts.clock : &impl->clock;
  IdSource* const ids = parts.ids != nullptr ? parts.ids : &impl->ids;

  DatabaseOptions database_options = std::move(options.database);
  database_options.file = std::move(options.file);
  database_options.durability = options.durability;
  database_options.memory = options.memory;
  auto database =
      Database::open(std::move(database_options), {.clock = clock, .logger = parts.logger, .metrics = parts.metrics});
  if (!database) return std::move(database).error();
  impl->database = std::move(*database);

  auto events =
      EventStore::open(*impl->database, options.events, {.clock = clock, .ids = ids, .metrics = parts.metrics});
  if (!events) return std::move(events).error();
  impl->events = std::move(*events);

  auto letters = DeadLetters::open(
      *impl->database,
      {.clock = *clock, .random = impl->retry_random, .logger = parts.logger, .metrics = parts.metrics},
      options.dead_letters);
  if (!letters) return std::move(letters).error();
  impl->dead_letters = std::move(*letters);
  return std::unique_ptr<Cairn>{new Cairn{std::move(impl)}};
}

EventStore& Cairn::events() noexcept { return *impl_->events; }

DeadLetters& Cairn::dead_letters() noexcept { return *impl_->dead_letters; }

Database& Cairn::database() noexcept { return *impl_->database; }

Result<void> Cairn::close() { return impl_->database->close(); }

}  // namespace cairn
