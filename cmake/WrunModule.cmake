# wrun_module(<name> PORTABLE ... POSIX ... WINDOWS ... LINK ...): one folder of src/ as an
# OBJECT library. PORTABLE files compile everywhere and never see windows.h (tests/lint/includes.py
# reads these lists), POSIX files only natively, WINDOWS files only for Windows. LINK names the
# modules and libraries below, which mirrors the arrows of docs/architecture.md.
#
# WRUN_MODULE_TARGETS collects the modules: objects do not travel through other object libraries, so
# every program names them all.
set_property(GLOBAL PROPERTY WRUN_MODULE_TARGETS "")

function(wrun_module name)
    cmake_parse_arguments(arg "" "" "PORTABLE;POSIX;WINDOWS;LINK" ${ARGN})
    set(sources ${arg_PORTABLE})
    if(WIN32)
        list(APPEND sources ${arg_WINDOWS})
    else()
        list(APPEND sources ${arg_POSIX})
    endif()
    if(sources)
        add_library(${name} OBJECT ${sources})
        target_compile_options(${name} PRIVATE
            "SHELL:-include ${PROJECT_SOURCE_DIR}/src/base/banned.h")
        target_link_libraries(${name} PUBLIC wrun_compile ${arg_LINK})
        set_property(GLOBAL APPEND PROPERTY WRUN_MODULE_TARGETS ${name})
    else()
        # Nothing of this folder belongs to this system (src/win32 natively).
        add_library(${name} INTERFACE)
        target_link_libraries(${name} INTERFACE wrun_compile ${arg_LINK})
    endif()
endfunction()

# wrun_executable(<name> PORTABLE ... POSIX ... WINDOWS ... RESOURCE ...): a program of all modules.
function(wrun_executable name)
    cmake_parse_arguments(arg "" "" "PORTABLE;POSIX;WINDOWS;RESOURCE" ${ARGN})
    set(sources ${arg_PORTABLE})
    if(WIN32)
        list(APPEND sources ${arg_WINDOWS})
    else()
        list(APPEND sources ${arg_POSIX})
    endif()
    if(NOT sources)
        return()
    endif()
    get_property(modules GLOBAL PROPERTY WRUN_MODULE_TARGETS)
    add_executable(${name} ${sources})
    target_compile_options(${name} PRIVATE
        "$<$<COMPILE_LANGUAGE:C>:SHELL:-include ${PROJECT_SOURCE_DIR}/src/base/banned.h>")
    target_link_libraries(${name} PRIVATE wrun_compile ${modules})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
    if(WIN32)
        configure_file(${arg_RESOURCE} ${CMAKE_CURRENT_BINARY_DIR}/${name}.rc @ONLY)
        target_sources(${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/${name}.rc)
        set_property(SOURCE ${CMAKE_CURRENT_BINARY_DIR}/${name}.rc PROPERTY OBJECT_DEPENDS
            ${CMAKE_CURRENT_SOURCE_DIR}/${name}.manifest)
        # wmain is the entry, and what is shipped has no symbols.
        target_link_options(${name} PRIVATE -municode -s)
    endif()
endfunction()
