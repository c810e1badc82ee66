# The two helpers of this tree; the third, lantern_add_plugin, is the SDK's (sdk/cmake).

find_program(CCACHE ccache)
if(CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
    set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
    add_link_options(-fuse-ld=mold)
endif()

add_library(lantern_warnings INTERFACE)
target_compile_options(lantern_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow=local -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Werror
    -fvisibility=hidden -fvisibility-inlines-hidden)

# A room: lantern_library(name SOURCES a.cpp ... LINKS targets ...); the target is lantern_<name>.
function(lantern_library NAME)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
    add_library(lantern_${NAME} STATIC ${ARG_SOURCES})
    target_include_directories(lantern_${NAME} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(lantern_${NAME} PUBLIC ${ARG_LINKS} PRIVATE ${ARG_PRIVATE_LINKS} lantern_warnings)
endfunction()

# A test program: lantern_test(name LABEL unit SOURCES a_test.cpp ... LINKS targets ...). One ctest for each program.
function(lantern_test NAME)
    cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;LINKS" ${ARGN})
    add_executable(${NAME} ${ARG_SOURCES})
    target_include_directories(${NAME} PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${NAME} PRIVATE ${ARG_LINKS} GTest::gmock GTest::gtest_main lantern_warnings)
    set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    add_test(NAME ${NAME} COMMAND ${NAME})
    if(NOT ARG_TIMEOUT)
        set(ARG_TIMEOUT 900)
    endif()
    set_tests_properties(${NAME} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
endfunction()
