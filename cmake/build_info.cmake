# Run in every build: writes OUTPUT with NTK_VERSION, NTK_COMMIT, NTK_COMPILER when they change.
set(commit unknown)
find_program(git git)
if(git)
  # Inside a larger repository, that one's commit would say nothing of this source.
  execute_process(COMMAND ${git} rev-parse --show-prefix WORKING_DIRECTORY ${SOURCE_DIR}
                  OUTPUT_VARIABLE prefix RESULT_VARIABLE status
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(status EQUAL 0 AND prefix STREQUAL "")
    execute_process(COMMAND ${git} describe --always --dirty WORKING_DIRECTORY ${SOURCE_DIR}
                    OUTPUT_VARIABLE described RESULT_VARIABLE status
                    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(status EQUAL 0)
      set(commit ${described})
    endif()
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT
"#define NTK_VERSION \"${VERSION}\"
#define NTK_COMMIT \"${commit}\"
#define NTK_COMPILER \"${COMPILER}\"
")
