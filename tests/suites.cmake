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

# The command against real files: job tests in every mode, samples, conformance, golden diagnostics, and the command line itself.
set(conformance ${CMAKE_CURRENT_SOURCE_DIR}/conformance)
function(streamrun_suite name)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()
streamrun_suite(jobs $<TARGET_FILE:streamrun> test tests/jobs --all-modes)
streamrun_suite(samples $<TARGET_FILE:streamrun> test samples --all-modes)
streamrun_suite(conformance_dstream $<TARGET_FILE:streamrun> test ${conformance}/dstream.yaml --all-modes)
streamrun_suite(conformance_expressions $<TARGET_FILE:streamrun> test ${conformance}/expressions.yaml --all-modes)
streamrun_suite(conformance_specs ${Python3_EXECUTABLE} ${conformance}/check_specs.py -v)
set_tests_properties(conformance_specs PROPERTIES ENVIRONMENT STREAMRUN=$<TARGET_FILE:streamrun>)
streamrun_suite(diagnostics ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/diagnostics/run.py $<TARGET_FILE:streamrun>)
streamrun_suite(properties ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/properties/run.py $<TARGET_FILE:streamrun>)
streamrun_suite(cli_durable ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/durable.py $<TARGET_FILE:streamrun>)
streamrun_suite(schema ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/schema/run.py $<TARGET_FILE:streamrun>)
foreach(check IN ITEMS expressions formats)
  streamrun_suite(differential_${check} ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/differential/${check}.py $<TARGET_FILE:streamrun>)
endforeach()
streamrun_suite(hostile ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/hostile.py $<TARGET_FILE:streamrun>)
streamrun_suite(man ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/man.py $<TARGET_FILE:streamrun>)
streamrun_suite(cli ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cli/run.py $<TARGET_FILE:streamrun>)
# Real servers (scripts/deps.sh servers installs them); skipped where there are none.
streamrun_suite(servers ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/servers/run.py $<TARGET_FILE:streamrun> $<TARGET_FILE:unit_operators>)
set_tests_properties(servers PROPERTIES SKIP_RETURN_CODE 77 ENVIRONMENT STREAMRUN_MODULES=${CMAKE_BINARY_DIR}/modules)
# A few kills at random instants; `make kills` does hundreds.
streamrun_suite(kills ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/chaos/kills.py $<TARGET_FILE:streamrun> --kills 5 --socket-kills 5)
