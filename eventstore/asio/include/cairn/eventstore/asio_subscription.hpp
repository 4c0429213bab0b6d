#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <cairn/eventstore/subscription.hpp>

namespace cairn {

/// A subscription for coroutines: next() suspends where Subscription::next() blocks. It works on a strand of the
/// executor it is given; reads of the file, while it catches up, run there.
///
/// One call of next() at a time. Cancelling the coroutine that awaits it (`next() || timer`) ends the wait with
/// `cancelled`; the subscription stays where it was. May be destroyed when no call is under way.
class AsioSubscription final {
 public:
  AsioSubscription(boost::asio::any_io_executor executor, Subscription subscription)
      : state_{std::make_shared<State>(std::move(executor), std::move(subscription))} {
    // The hook must not keep the state alive: the state owns the subscription, which owns the hook.
    state_->subscription.on_ready(state_->posts, [weak = std::weak_ptr{state_}] {
      if (const auto state = weak.lock()) state->wake();
    });
  }
  ~AsioSubscription() {
    if (state_) state_->subscription.on_ready(state_->posts, {});
  }
  AsioSubscription(AsioSubscription&&) noexcept = default;
  AsioSubscription& operator=(AsioSubscription&&) = delete;

  /// As Subscription::next() without a deadline: returns when there is something to say. The events are good until the
  /// next call. Errors: the same.
  [[nodiscard]] boost::asio::awaitable<Result<Subscription::Batch>> next() {
    auto [failed, batch] =
        co_await boost::asio::co_spawn(state_->strand, wait(state_), boost::asio::as_tuple(boost::asio::use_awaitable));
    if (failed) std::rethrow_exception(failed);
    co_return std::move(*batch);
  }

 private:
  using Strand = boost::asio::strand<boost::asio::any_io_executor>;

  class StrandExecutor final : public Executor {
   public:
    explicit StrandExecutor(Strand strand) : strand_{std::move(strand)} {}
    void post(Job job) override { boost::asio::post(strand_, std::move(job)); }

   private:
    Strand strand_;
  };

  /// Everything but `strand` is used on the strand only.
  struct State {
    State(const boost::asio::any_io_executor& executor, Subscription given)
        : strand{boost::asio::make_strand(executor)},
          posts{strand},
          woken{strand, boost::asio::steady_timer::time_point::max()},
          subscription{std::move(given)} {}

    void wake() {
      ready = true;
      woken.cancel();
    }

    Strand strand;
    StrandExecutor posts;
    boost::asio::steady_timer woken;  ///< never fires; cancelled to wake who waits
    bool ready = false;
    bool told_caught_up = false;
    Subscription subscription;
  };

  static boost::asio::awaitable<std::optional<Result<Subscription::Batch>>> wait(std::shared_ptr<State> state) {
    // Cancellation is an Error here.
    co_await boost::asio::this_coro::throw_if_cancelled(false);
    for (;;) {
      state->ready = false;
      auto batch = state->subscription.try_next();
      if (!batch) co_return std::move(batch);
      const bool news = !batch->nothing_left() || !state->told_caught_up;
      state->told_caught_up = batch->caught_up;
      if (news) co_return std::move(batch);
      // `ready` may be set already; both are the strand's, so it is not set between the two.
      while (!state->ready) {
        // Before the wait: a cancellation that came while the batch was read would not end it.
        const auto cancellation = co_await boost::asio::this_coro::cancellation_state;
        if (cancellation.cancelled() != boost::asio::cancellation_type::none) {
          co_return Error{Errc::cancelled, "subscription: the coroutine was cancelled"};
        }
        (void)co_await state->woken.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
      }
    }
  }

  std::shared_ptr<State> state_;
};

}  // namespace cairn
