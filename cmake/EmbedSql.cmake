# cairn_embed_sql(<target> NAMESPACE cairn::eventstore::detail OUTPUT schema_sql.hpp FILES schema/0001_log.sql ...)
#
# Makes a private header of the target, #include "schema_sql.hpp", with the text of each file and a table of all:
#   inline constexpr std::string_view sql_0001_log = "...";
#   inline constexpr std::array<Migration, 1> migrations = {{ {1, "log", sql_0001_log} }};
# File names are <four digits>_<words>.sql; their numbers run 1, 2, 3 without a gap, because a migration's number is
# its place. An edit to a file rebuilds what includes the header. Once per target.
function(cairn_embed_sql target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "NAMESPACE;OUTPUT" "FILES")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_NAMESPACE OR NOT arg_OUTPUT OR NOT arg_FILES)
    message(FATAL_ERROR "cairn_embed_sql(${target}): NAMESPACE, OUTPUT and FILES are required")
  endif()
  set(directory "${CMAKE_CURRENT_BINARY_DIR}/generated")
  set(output "${directory}/${arg_OUTPUT}")
  set(inputs "")
  foreach(file IN LISTS arg_FILES)
    cmake_path(ABSOLUTE_PATH file NORMALIZE)
    list(APPEND inputs "${file}")
  endforeach()
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DNAMESPACE=${arg_NAMESPACE}" "-DOUTPUT=${output}" "-DFILES=${inputs}"
            -P "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EmbedSqlScript.cmake"
    DEPENDS ${inputs} "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/EmbedSqlScript.cmake"
    COMMENT "Embedding ${arg_OUTPUT}"
    VERBATIM)
  target_sources(${target} PRIVATE "${output}")
  target_include_directories(${target} PRIVATE "${directory}")
  add_custom_target(${target}_sql DEPENDS "${output}")
  add_dependencies(${target} ${target}_sql)
  add_dependencies(cairn_generated ${target}_sql)
endfunction()
