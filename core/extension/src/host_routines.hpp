#pragma once

// Included before everything else in each source of an extension (compiler option -include): every sqlite3_ call in it
// goes through the table of routines that the host hands over, never to a second SQLite in the process.
#include <sqlite3ext.h>

extern "C" {
SQLITE_EXTENSION_INIT3
}
