# The fuzz targets, tests/fuzz/fuzz_NAME.c. With NTK_FUZZER (clang; preset fuzz, tools/fuzz.sh) each is a
# program of libFuzzer, of the target fuzzers; else a quick test that runs its corpus, and some thousand
# files that are changes of it.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_*.c)
list(FILTER fuzz_sources EXCLUDE REGEX "/fuzz_run\\.c$")
if(NOT TARGET ntkit_cli_objects)
  list(FILTER fuzz_sources EXCLUDE REGEX "/fuzz_words\\.c$")
endif()
add_custom_target(fuzzers)
set(fuzz_corpus ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus)
set(fuzz_corpus_inspect array) # what both read
foreach(file ${fuzz_sources})
  cmake_path(GET file STEM name)
  string(REPLACE fuzz_ "" corpus ${name})
  if(DEFINED fuzz_corpus_${corpus})
    set(corpus ${fuzz_corpus_${corpus}})
  endif()
  add_executable(${name} EXCLUDE_FROM_ALL ${file} ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz.c)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_compile_definitions(${name} PRIVATE _XOPEN_SOURCE=700) # nftw
  target_link_libraries(${name} PRIVATE common ntkit_io_static ntkit_study_static ${library_needs}
                                        ${io_needs} ${study_needs})
  if(name STREQUAL "fuzz_words") # what stands before main looks at the process, not at words
    target_sources(${name} PRIVATE
                   $<FILTER:$<TARGET_OBJECTS:ntkit_cli_objects>,EXCLUDE,shell/load\\.c>)
    target_include_directories(${name} PRIVATE ${PROJECT_BINARY_DIR}/generated/include)
    target_link_libraries(${name} PRIVATE PkgConfig::JANSSON PkgConfig::ZLIB)
  endif()
  if(NTK_FUZZER)
    add_dependencies(fuzzers ${name})
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests/fuzz/fuzz_run.c)
    add_dependencies(tests ${name})
    add_test(NAME ${name} COMMAND ${name} ${fuzz_corpus}/${corpus} 3000)
    label_test(${name} ${file})
  endif()
endforeach()
