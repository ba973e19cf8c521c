# wrun_python_tests(<prefix> LABELS <labels> [FILES <glob>...] [ENVIRONMENT <NAME=value>...]): each
# file of Python unittest cases in the current folder is one test of ctest.

# Debian's own, which tools/setup.sh installs; another one on the PATH may be newer and hide that.
set(Python3_EXECUTABLE /usr/bin/python3 CACHE FILEPATH "runs the tests written in Python")

function(wrun_python_tests prefix)
    cmake_parse_arguments(arg "" "" "LABELS;FILES;ENVIRONMENT" ${ARGN})
    file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${arg_FILES})
    foreach(file IN LISTS files)
        get_filename_component(name ${file} NAME_WE)
        get_filename_component(folder ${file} DIRECTORY)
        add_test(NAME ${prefix}/${name}
            COMMAND ${Python3_EXECUTABLE} -B ${PROJECT_SOURCE_DIR}/tests/run_unittest.py ${name}
            WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
        set_tests_properties(${prefix}/${name} PROPERTIES LABELS "${arg_LABELS}"
            TIMEOUT 600 SKIP_RETURN_CODE 77 ENVIRONMENT "${arg_ENVIRONMENT}")
    endforeach()
endfunction()

# wrun_python_label(<prefix> <labels> <glob>): files of the current folder that have other labels.
function(wrun_python_label prefix labels glob)
    file(GLOB files CONFIGURE_DEPENDS RELATIVE ${CMAKE_CURRENT_SOURCE_DIR} ${glob})
    foreach(file IN LISTS files)
        get_filename_component(name ${file} NAME_WE)
        set_tests_properties(${prefix}/${name} PROPERTIES LABELS "${labels}")
    endforeach()
endfunction()
