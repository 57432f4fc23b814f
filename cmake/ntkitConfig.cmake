# Targets: ntkit::ntkit, ntkit::ntkit_io and ntkit::ntkit_study (shared), and these names with
# _static at the end. What the static libraries are linked with is looked for here; without
# those development files only the shared ones can be used.
find_package(PkgConfig QUIET)
find_package(OpenMP QUIET COMPONENTS C)
if(PkgConfig_FOUND)
  pkg_check_modules(OPENBLAS QUIET IMPORTED_TARGET openblas)
  pkg_check_modules(SLEEF QUIET IMPORTED_TARGET sleef)
  pkg_check_modules(SQLITE QUIET IMPORTED_TARGET sqlite3)
  pkg_check_modules(YAML QUIET IMPORTED_TARGET yaml-0.1)
  pkg_check_modules(JANSSON QUIET IMPORTED_TARGET jansson)
endif()
include(${CMAKE_CURRENT_LIST_DIR}/ntkitTargets.cmake)
