#include <cairn/eventstore/backup.hpp>

#include <utility>

namespace cairn {

Result<BackupReport> restore_backup(const DatabaseRestore& restore) {
  auto restored = restore_database(restore);
  if (!restored) return std::move(restored).error();
  return BackupReport{.position = {restored->mark}, .pages = restored->pages, .bytes = restored->bytes};
}

}  // namespace cairn
