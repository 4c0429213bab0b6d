# Builds and runs the project in CONSUMER; when NEEDS_INSTALL, against the build tree installed into WORK_DIR/prefix.
file(REMOVE_RECURSE "${WORK_DIR}")

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "${command}: ${result}")
  endif()
endfunction()

if(NEEDS_INSTALL)
  run("${CMAKE_COMMAND}" --install "${CAIRN_BINARY_DIR}" --prefix "${WORK_DIR}/prefix")
endif()
run("${CMAKE_COMMAND}" -S "${CONSUMER}" -B "${WORK_DIR}/build" -G "${GENERATOR}" --no-warn-unused-cli
  "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix"
  "-DCMAKE_BUILD_TYPE=RelWithDebInfo"
  "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}"
  "-DCMAKE_CXX_COMPILER_LAUNCHER=${CXX_COMPILER_LAUNCHER}"
  "-DCMAKE_CXX_FLAGS=${CXX_FLAGS}"
  "-DCAIRN_SOURCE_DIR=${CAIRN_SOURCE_DIR}")
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
run("${WORK_DIR}/build/consumer")
