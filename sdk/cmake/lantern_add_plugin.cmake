# lantern_add_plugin(NAME SOURCES a.cpp ... [LINKS targets ...])
#   NAME           a module library NAME.so that exports lantern_plugin and nothing else
#   NAME_objects   the same code, to be linked into a test program, so that sanitizers and debuggers see it
# NAME.so goes to LANTERN_PLUGIN_DIRECTORY if that is set, else to the current build directory.

function(lantern_add_plugin NAME)
    cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
    if(NOT ARG_SOURCES)
        message(FATAL_ERROR "lantern_add_plugin(${NAME}): SOURCES is missing")
    endif()
    if(NOT LANTERN_PLUGIN_DIRECTORY)
        set(LANTERN_PLUGIN_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
    endif()

    add_library(${NAME}_objects OBJECT ${ARG_SOURCES})
    target_link_libraries(${NAME}_objects PUBLIC lantern::sdk ${ARG_LINKS})
    set_target_properties(${NAME}_objects PROPERTIES
        POSITION_INDEPENDENT_CODE ON
        CXX_VISIBILITY_PRESET hidden
        VISIBILITY_INLINES_HIDDEN ON)

    set(MAP ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/lantern_plugin.map)
    add_library(${NAME} MODULE)
    target_link_libraries(${NAME} PRIVATE ${NAME}_objects)
    target_link_options(${NAME} PRIVATE
        -Wl,--version-script=${MAP} -Wl,-z,relro -Wl,-z,now)
    # A sanitizer's runtime comes with the program that loads the plugin.
    if(NOT CMAKE_CXX_FLAGS MATCHES "-fsanitize")
        target_link_options(${NAME} PRIVATE -Wl,-z,defs)
    endif()
    set_target_properties(${NAME} PROPERTIES
        PREFIX "" SUFFIX ".so" LINKER_LANGUAGE CXX
        LINK_DEPENDS ${MAP}
        LIBRARY_OUTPUT_DIRECTORY ${LANTERN_PLUGIN_DIRECTORY})
endfunction()
