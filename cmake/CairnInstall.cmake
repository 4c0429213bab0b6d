# find_package(cairn COMPONENTS eventstore) after `cmake --install`: one export file per module, loaded on demand.
include(CMakePackageConfigHelpers)
set(CAIRN_CONFIG_DIR "${CMAKE_INSTALL_LIBDIR}/cmake/cairn")

get_property(cairn_modules GLOBAL PROPERTY CAIRN_MODULES)
install(TARGETS cairn_sqlite EXPORT cairn_core_targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
foreach(module IN LISTS cairn_modules)
  install(TARGETS cairn_${module} EXPORT cairn_${module}_targets
    ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
    FILE_SET HEADERS DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
  install(EXPORT cairn_${module}_targets FILE cairn_${module}_targets.cmake NAMESPACE cairn::
    DESTINATION "${CAIRN_CONFIG_DIR}")
endforeach()

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/cairnConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/cairnConfig.cmake" INSTALL_DESTINATION "${CAIRN_CONFIG_DIR}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/cairnConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/cairnConfig.cmake" "${PROJECT_BINARY_DIR}/cairnConfigVersion.cmake"
  DESTINATION "${CAIRN_CONFIG_DIR}")
