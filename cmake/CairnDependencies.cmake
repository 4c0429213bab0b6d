# Third-party packages, found once and by name. Targets for the modules:
#   cairn_sqlite      SQLite, from the system or from CAIRN_SQLITE_AMALGAMATION
#   fmt::fmt  OpenSSL::Crypto  Threads::Threads  spdlog::spdlog
#   Boost::headers    headers only: link it as $<BUILD_INTERFACE:Boost::headers> so that consumers do not need Boost
#   xxhash::inline    headers only (XXH_INLINE_ALL): link it as $<BUILD_INTERFACE:xxhash::inline>
set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(OpenSSL 3.0 REQUIRED COMPONENTS Crypto)
find_package(Boost 1.81 REQUIRED)  # as_tuple, cancellation slots
find_package(spdlog REQUIRED)

find_package(nlohmann_json 3.10 REQUIRED)

# For the optional codec cairn::protobuf, which is there when this is. The tests want it.
set(codec_needs "")
if(CAIRN_BUILD_TESTS)
  set(codec_needs REQUIRED)
endif()
find_package(Protobuf QUIET ${codec_needs})

find_path(CAIRN_XXHASH_INCLUDE_DIR xxhash.h REQUIRED)
mark_as_advanced(CAIRN_XXHASH_INCLUDE_DIR)
if(NOT TARGET xxhash::inline)
  add_library(xxhash::inline INTERFACE IMPORTED)
  target_include_directories(xxhash::inline INTERFACE "${CAIRN_XXHASH_INCLUDE_DIR}")
  target_compile_definitions(xxhash::inline INTERFACE XXH_INLINE_ALL)
endif()

if(CAIRN_SQLITE_AMALGAMATION)
  if(NOT EXISTS "${CAIRN_SQLITE_AMALGAMATION}/sqlite3.c")
    message(FATAL_ERROR "CAIRN_SQLITE_AMALGAMATION: no sqlite3.c in ${CAIRN_SQLITE_AMALGAMATION}")
  endif()
  enable_language(C)
  add_library(cairn_sqlite STATIC "${CAIRN_SQLITE_AMALGAMATION}/sqlite3.c")
  target_include_directories(cairn_sqlite SYSTEM INTERFACE $<BUILD_INTERFACE:${CAIRN_SQLITE_AMALGAMATION}>)
  target_compile_definitions(cairn_sqlite PRIVATE SQLITE_THREADSAFE=1 SQLITE_ENABLE_COLUMN_METADATA SQLITE_ENABLE_FTS5
    SQLITE_ENABLE_DBSTAT_VTAB)
  set_target_properties(cairn_sqlite PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(cairn_sqlite PRIVATE Threads::Threads ${CMAKE_DL_LIBS} m)
else()
  find_package(SQLite3 3.40 REQUIRED)
  add_library(cairn_sqlite INTERFACE)
  target_link_libraries(cairn_sqlite INTERFACE SQLite::SQLite3)
endif()
set_target_properties(cairn_sqlite PROPERTIES EXPORT_NAME sqlite)
