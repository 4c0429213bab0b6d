#include "sql/writer_scope.hpp"

#include <utility>

#include <fmt/format.h>

namespace cairn::sql {
namespace {

thread_local WriterCall current = WriterCall::none;

}  // namespace

WriterScope::WriterScope(WriterCall call) noexcept : before_{std::exchange(current, call)} {}
WriterScope::~WriterScope() { current = before_; }

WriterCall writer_call() noexcept { return current; }

Result<void> refuse_inside_writer(std::string_view call) {
  switch (current) {
    case WriterCall::none: return {};
    case WriterCall::unit:
      return Error{Errc::invalid, fmt::format("{}: called from inside a unit, where it would wait for itself", call)};
    case WriterCall::completion:
      return Error{Errc::invalid, fmt::format("{}: called from a completion, on the writer's own thread", call)};
  }
  return {};
}

}  // namespace cairn::sql
