#pragma once

#include <string_view>

#include <cairn/core/result.hpp>

namespace cairn::sql {

/// What of the user's runs on this thread at the moment, in any database's writer. A call that waits for a writer
/// (or for what a writer gives back) would wait for itself there.
enum class WriterCall : unsigned char { none, unit, completion };

/// Marks this thread for the life of the object.
class WriterScope final {
 public:
  explicit WriterScope(WriterCall call) noexcept;
  ~WriterScope();
  WriterScope(const WriterScope&) = delete;
  WriterScope& operator=(const WriterScope&) = delete;

 private:
  WriterCall before_;
};

[[nodiscard]] WriterCall writer_call() noexcept;

/// invalid, naming `call`, when it is made from inside a unit or a completion.
[[nodiscard]] Result<void> refuse_inside_writer(std::string_view call);

}  // namespace cairn::sql
