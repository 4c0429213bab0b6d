# cairn_add_module(<name>
#   HEADERS include/cairn/<name>/...     every public header: installed, and compiled alone by the header check
#   SOURCES src/...                      every source
#   LINKS_PUBLIC <target>...             what public headers need: modules to the left
#   LINKS_PRIVATE <target>...            what only src/ needs
# )
# Makes the static library cairn_<name>, alias cairn::<name>. Private headers live in src/, which is on the module's
# own include path, and are not listed.
function(cairn_add_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;SOURCES;LINKS_PUBLIC;LINKS_PRIVATE")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "cairn_add_module(${name}): unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  cairn_require_listed("Public headers" "include/*" LISTED ${arg_HEADERS})
  cairn_require_listed("Sources" "src/*.cpp" LISTED ${arg_SOURCES})

  set(target cairn_${name})
  if(arg_SOURCES)
    add_library(${target} STATIC ${arg_SOURCES})
    cairn_target_defaults(${target})
    target_include_directories(${target} PRIVATE src)
    target_link_libraries(${target} PUBLIC ${arg_LINKS_PUBLIC} PRIVATE ${arg_LINKS_PRIVATE})
    set(scope PUBLIC)
  else()
    add_library(${target} INTERFACE)
    target_compile_features(${target} INTERFACE cxx_std_20)
    target_link_libraries(${target} INTERFACE ${arg_LINKS_PUBLIC})
    set(scope INTERFACE)
  endif()
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS include FILES ${arg_HEADERS})
  add_library(cairn::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
  set_property(GLOBAL APPEND PROPERTY CAIRN_MODULES ${name})
endfunction()
