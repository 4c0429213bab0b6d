# Programs beside the library: tests, examples, benchmarks. Each ends up in <build>/tests, examples or bench.

set(CAIRN_TEST_LABELS unit contract property fault concurrent e2e install style)
if(CAIRN_BUILD_TESTS)
  foreach(label IN LISTS CAIRN_TEST_LABELS)
    add_custom_target(cairn_label_${label})
  endforeach()
endif()

# cairn_add_test_binary(NAME <name> LABELS <label>...
#   SOURCES <file>...         *_test.cpp files and whatever belongs only to them
#   [LIBS <target>...]        what is under test: cairn::core, cairn::eventstore
#   [INTERNALS <module>...]   modules whose private headers (src/) the tests look into
#   [TIMEOUT <seconds>]       of one test, where the preset's (120) is wrong
#   [NO_DISCOVERY]            a program of its own with its own main and no GoogleTest; register it with add_test()
# )
# Makes the executable cairn_<name>_test, run by ctest one TEST at a time. Labels: unit contract property fault
# concurrent e2e install style. tests/ is on the include path: #include "support/seed.hpp".
# The target cairn_label_<label> builds all programs of a label.
function(cairn_add_test_binary)
  cmake_parse_arguments(PARSE_ARGV 0 arg "NO_DISCOVERY" "NAME;TIMEOUT" "LABELS;SOURCES;LIBS;INTERNALS")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_NAME OR NOT arg_LABELS OR NOT arg_SOURCES)
    message(FATAL_ERROR "cairn_add_test_binary: NAME, LABELS and SOURCES are required; unknown: ${arg_UNPARSED_ARGUMENTS}")
  endif()
  foreach(label IN LISTS arg_LABELS)
    if(NOT label IN_LIST CAIRN_TEST_LABELS)
      message(FATAL_ERROR "cairn_add_test_binary(${arg_NAME}): label ${label} is none of ${CAIRN_TEST_LABELS}")
    endif()
  endforeach()

  set(target cairn_${arg_NAME}_test)
  add_executable(${target} ${arg_SOURCES})
  cairn_target_defaults(${target})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  foreach(module IN LISTS arg_INTERNALS)
    target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/${module}/src"
      "${PROJECT_BINARY_DIR}/${module}/generated")
  endforeach()
  target_link_libraries(${target} PRIVATE ${arg_LIBS} cairn_test_support)
  if(NOT arg_NO_DISCOVERY)
    target_link_libraries(${target} PRIVATE cairn_test_main)
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60 NO_PRETTY_VALUES)
    # Several labels are a list, which its PROPERTIES would flatten; so ctest sets them once it knows the tests.
    # A timeout as a property wins over ctest's --timeout, so the long run goes without.
    set(labels_file "${CMAKE_CURRENT_BINARY_DIR}/${target}_labels.cmake")
    file(WRITE "${labels_file}" "if(${target}_TESTS)\n"
      "  set_tests_properties(\${${target}_TESTS} PROPERTIES LABELS \"${arg_LABELS}\")\n")
    if(arg_TIMEOUT)
      file(APPEND "${labels_file}" "  if(NOT DEFINED ENV{CAIRN_LONG})\n"
        "    set_tests_properties(\${${target}_TESTS} PROPERTIES TIMEOUT ${arg_TIMEOUT})\n"
        "  endif()\n")
    endif()
    file(APPEND "${labels_file}" "endif()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES "${labels_file}")
  endif()

  foreach(label IN LISTS arg_LABELS)
    add_dependencies(cairn_label_${label} ${target})
  endforeach()

  # What the unlisted-file check of tests/CMakeLists.txt compares with the disk.
  foreach(source IN LISTS arg_SOURCES)
    cmake_path(ABSOLUTE_PATH source NORMALIZE)
    set_property(GLOBAL APPEND PROPERTY CAIRN_TEST_SOURCES "${source}")
  endforeach()
endfunction()

# cairn_add_example(<name> SOURCES <file>... [LIBS <target>...]): executable cairn_example_<name>.
function(cairn_add_example name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS")
  add_executable(cairn_example_${name} ${arg_SOURCES})
  cairn_target_defaults(cairn_example_${name})
  set_target_properties(cairn_example_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/examples")
  target_link_libraries(cairn_example_${name} PRIVATE ${arg_LIBS})
endfunction()

# cairn_add_bench(<name> SOURCES <file>... [LIBS <target>...] [INTERNALS <module>...]): executable cairn_<name>_bench.
function(cairn_add_bench name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LIBS;INTERNALS")
  add_executable(cairn_${name}_bench ${arg_SOURCES})
  cairn_target_defaults(cairn_${name}_bench)
  set_target_properties(cairn_${name}_bench PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
  foreach(module IN LISTS arg_INTERNALS)
    target_include_directories(cairn_${name}_bench PRIVATE "${PROJECT_SOURCE_DIR}/${module}/src")
  endforeach()
  target_link_libraries(cairn_${name}_bench PRIVATE ${arg_LIBS})
endfunction()
