# Builds and runs the project in CONSUMER with COMPONENTS (separated by commas); when NEEDS_INSTALL, against the build tree installed into
# WORK_DIR/prefix, from where the sqlite3 shell must be able to load the extension as well.
file(REMOVE_RECURSE "${WORK_DIR}")
file(MAKE_DIRECTORY "${WORK_DIR}")

function(run)
  execute_process(COMMAND ${ARGV} WORKING_DIRECTORY "${WORK_DIR}" RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}: ${result}")
  endif()
endfunction()

if(NEEDS_INSTALL)
  run("${CMAKE_COMMAND}" --install "${CAIRN_BINARY_DIR}" --prefix "${WORK_DIR}/prefix")
  execute_process(COMMAND "${SQLITE_SHELL}" :memory: ".load '${WORK_DIR}/prefix/${EXTENSION}'"
      "SELECT name FROM pragma_module_list WHERE name = 'cairn_events'"
    OUTPUT_VARIABLE table COMMAND_ERROR_IS_FATAL ANY)
  if(NOT table STREQUAL "cairn_events\n")
    message(FATAL_ERROR "the installed extension gives no table cairn_events: ${table}")
  endif()
endif()
run("${CMAKE_COMMAND}" -S "${CONSUMER}" -B "${WORK_DIR}/build" -G "${GENERATOR}" --no-warn-unused-cli
  "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix"
  "-DCMAKE_BUILD_TYPE=RelWithDebInfo"
  "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}"
  "-DCMAKE_CXX_COMPILER_LAUNCHER=${CXX_COMPILER_LAUNCHER}"
  "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}"
  "-DCOMPONENTS=${COMPONENTS}"
  "-DCAIRN_SOURCE_DIR=${CAIRN_SOURCE_DIR}")
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
string(REPLACE "," ";" components "${COMPONENTS}")
foreach(component IN LISTS components)
  run("${WORK_DIR}/build/consumer_${component}")
endforeach()
