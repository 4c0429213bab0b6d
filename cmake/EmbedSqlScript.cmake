# Run by cairn_embed_sql at build time: -DNAMESPACE= -DOUTPUT= -DFILES=a;b
set(texts "")
set(rows "")
set(expected 0)
foreach(file IN LISTS FILES)
  math(EXPR expected "${expected} + 1")
  cmake_path(GET file STEM stem)
  if(NOT stem MATCHES "^([0-9][0-9][0-9][0-9])_([a-z0-9_]+)$")
    message(FATAL_ERROR "${file}: not named <four digits>_<words>.sql")
  endif()
  set(digits "${CMAKE_MATCH_1}")
  set(name "${CMAKE_MATCH_2}")
  string(REGEX REPLACE "^0+" "" number "${digits}")
  if(NOT number EQUAL expected)
    message(FATAL_ERROR "${file}: number ${number} where ${expected} comes next")
  endif()
  file(READ "${file}" text)
  if(text MATCHES "\\)cairn_sql\"")
    message(FATAL_ERROR "${file}: contains the delimiter of the raw string")
  endif()
  string(APPEND texts "inline constexpr std::string_view sql_${stem} = R\"cairn_sql(${text})cairn_sql\";\n\n")
  string(APPEND rows "    {${number}, \"${name}\", sql_${stem}},\n")
endforeach()
file(WRITE "${OUTPUT}"
"// Generated from the .sql files; edit those.
#pragma once

#include <array>
#include <string_view>

#include <cairn/core/sql/migration.hpp>

namespace ${NAMESPACE} {

${texts}inline constexpr std::array<Migration, ${expected}> migrations = {{
${rows}}};

}  // namespace ${NAMESPACE}
")
