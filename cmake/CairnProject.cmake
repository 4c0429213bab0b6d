# What holds for every target of the project: language, warnings, and the rule that no file is forgotten.
include(GNUInstallDirs)

# Makes every generated file without compiling anything; clang-tidy needs no more.
add_custom_target(cairn_generated)

# cairn_target_defaults(<target>): C++20 without extensions, position independent, all warnings.
function(cairn_target_defaults target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  set_target_properties(${target} PROPERTIES CXX_EXTENSIONS OFF POSITION_INDEPENDENT_CODE ON)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual
    -Wcast-align -Wextra-semi -Wformat=2 -Wsuggest-override)
  if(CAIRN_WARNINGS_AS_ERRORS)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # gcc 12 sees overlapping copies in std::string's operator+ where there are none (gcc bug 105651).
    target_compile_options(${target} PRIVATE -Wno-restrict)
    if(CMAKE_CXX_FLAGS MATCHES "-fsanitize=")
      # The instrumentation hides initialisations from gcc's flow analysis; the plain build still checks them.
      # ThreadSanitizer does not see fences; where one stands (SQLite's shared-memory barrier), a mutex stands beside it.
      target_compile_options(${target} PRIVATE -Wno-maybe-uninitialized -Wno-tsan)
    endif()
  endif()
endfunction()

# cairn_require_listed(<what> <glob> LISTED <file>...): stops the configure step when a file on disk that matches
# <glob> (below the current source directory) is not in the list: a test that is not built would pass for ever.
function(cairn_require_listed what glob)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "LISTED")
  file(GLOB_RECURSE found RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" "${glob}")
  if(arg_LISTED)
    list(REMOVE_ITEM found ${arg_LISTED})
  endif()
  if(found)
    list(JOIN found "\n  " names)
    message(FATAL_ERROR "${what} not listed in ${CMAKE_CURRENT_SOURCE_DIR}/CMakeLists.txt:\n  ${names}")
  endif()
endfunction()
