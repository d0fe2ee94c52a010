# Tests that are not unit tests: one add_test a suite.
find_package(Python3 REQUIRED COMPONENTS Interpreter)

# Layers, sizes, names, seams and links, read from the sources.
foreach(check test_checks check_layers check_style)
  add_test(NAME architecture_${check} COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/architecture/${check}.py)
endforeach()
add_test(NAME architecture_links COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/architecture/check_docs.py links)

# Fuzz targets: tests/fuzz/NAME.cc becomes fuzz_NAME, with clang's libFuzzer (`make fuzz`).
if(STREAMRUN_FUZZ)
  file(GLOB fuzz_sources CONFIGURE_DEPENDS fuzz/*.cc)
  add_custom_target(fuzz_targets)
  foreach(source IN LISTS fuzz_sources)
    get_filename_component(name ${source} NAME_WE)
    add_executable(fuzz_${name} ${source})
    target_link_libraries(fuzz_${name} PRIVATE sr_operators)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    add_dependencies(fuzz_targets fuzz_${name})
  endforeach()
endif()
