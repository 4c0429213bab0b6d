#include <sqlite3ext.h>

#include "events_module.hpp"

extern "C" {

SQLITE_EXTENSION_INIT1

/// What `.load cairn_sqlite` and sqlite3_load_extension() look for: the name follows from the file's.
[[gnu::visibility("default")]] int sqlite3_cairnsqlite_init(sqlite3* db, char** error,
                                                            const sqlite3_api_routines* routines) {
  SQLITE_EXTENSION_INIT2(routines);
  constexpr int host_version_min = 3'037'000;  // an older host has a shorter table of routines
  if (sqlite3_libversion_number() < host_version_min) {
    *error = sqlite3_mprintf("cairn_sqlite needs SQLite 3.37 or later; this program has %s", sqlite3_libversion());
    return SQLITE_ERROR;
  }
  return cairn::events_table::add_events_table(db);
}

}  // extern "C"
