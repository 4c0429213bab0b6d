#pragma once

#include <set>
#include <string>
#include <utility>

namespace cairn::test {

/// A small life of a store on plain SQLite, row i inserted by the i-th transaction, so that what was acknowledged can
/// be compared with what is there later. Goes on after errors, as a service would.
class VfsWorkload {
 public:
  /// `settings`: SQL to run on the connection that writes.
  explicit VfsWorkload(std::string vfs, std::string settings = {})
      : vfs_{std::move(vfs)}, settings_{std::move(settings)} {}

  /// Sets up the store if need be, commits `rows` more rows, checkpoints now and then, closes and reopens in the
  /// middle. A second connection reads along.
  void run(int rows);
  /// The same store and its expectations on another VFS.
  [[nodiscard]] VfsWorkload moved_to(std::string vfs) const {
    VfsWorkload moved = *this;
    moved.vfs_ = std::move(vfs);
    return moved;
  }

  /// What is wrong with the store when it is opened on `vfs` after a crash now: empty when all acknowledged rows are
  /// there, no row that was never tried, all with their content, sound, and it can be written to and checkpointed.
  [[nodiscard]] std::string check(const std::string& vfs) const;

  [[nodiscard]] const std::set<int>& acknowledged() const { return acknowledged_; }
  /// What a reader got wrong while the workload ran: an answer that is neither an error nor right.
  [[nodiscard]] const std::string& wrong_answers() const { return wrong_answers_; }

 private:
  class Session;

  [[nodiscard]] std::string compare(const std::string& ids) const;

  std::string vfs_;
  std::string settings_;
  std::set<int> tried_;
  std::set<int> acknowledged_;
  std::string wrong_answers_;
};

}  // namespace cairn::test
