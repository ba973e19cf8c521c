# wrun_compile: an interface library with the warnings, the hardening and the definitions of all our
# own code. Third-party headers come in as SYSTEM includes and are not judged by it.
include(CheckCCompilerFlag)

# Assertions stay on everywhere: a program that runs elevated stops when it contradicts itself.
set(CMAKE_C_FLAGS_RELEASE "-O2")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")

set(WRUN_WARNINGS
    # gcc and clang
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wformat=2 -Wnull-dereference
    -Wstrict-prototypes -Wmissing-prototypes -Wmissing-declarations -Wold-style-definition -Wundef
    -Wvla -Walloca -Wwrite-strings -Wcast-qual -Wpointer-arith -Wredundant-decls -Wswitch-enum
    -Wunused-macros -Wdate-time
    # gcc
    -Wformat-signedness -Wcast-align=strict -Wlogical-op -Wduplicated-cond -Wduplicated-branches
    -Wjump-misses-init -Wimplicit-fallthrough=5
    # clang
    -Wcomma -Wunreachable-code -Wshorten-64-to-32 -Wassign-enum -Wconditional-uninitialized
    -Wmissing-variable-declarations)
set(WRUN_HARDENING -fstack-protector-strong -ftrivial-auto-var-init=zero)

add_library(wrun_compile INTERFACE)

# Adds each of the flags that the compiler knows. -Werror makes clang refuse the ones it does not.
function(wrun_add_supported_flags)
    set(CMAKE_REQUIRED_FLAGS -Werror)
    foreach(flag IN LISTS ARGN)
        string(MAKE_C_IDENTIFIER "WRUN_HAS${flag}" variable)
        check_c_compiler_flag(${flag} ${variable})
        if(${variable})
            target_compile_options(wrun_compile INTERFACE $<$<COMPILE_LANGUAGE:C>:${flag}>)
        endif()
    endforeach()
endfunction()

set(CMAKE_REQUIRED_QUIET ON)
wrun_add_supported_flags(${WRUN_WARNINGS} ${WRUN_HARDENING})

target_compile_definitions(wrun_compile INTERFACE
    $<$<COMPILE_LANGUAGE:C>:WRUN_VERSION_TEXT="${PROJECT_VERSION}">)
target_include_directories(wrun_compile INTERFACE ${PROJECT_SOURCE_DIR}/src)
# No path of the build machine in __FILE__ or in debug information: builds in two places are equal.
target_compile_options(wrun_compile INTERFACE
    $<$<COMPILE_LANGUAGE:C>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}/=>
    $<$<AND:$<COMPILE_LANGUAGE:C>,$<BOOL:${WRUN_WERROR}>>:-Werror>)

if(WIN32)
    target_compile_definitions(wrun_compile INTERFACE _WIN32_WINNT=0x0A00 UNICODE _UNICODE
        WIN32_LEAN_AND_MEAN NOMINMAX __USE_MINGW_ANSI_STDIO=1)
    target_compile_options(wrun_compile INTERFACE
        $<$<COMPILE_LANGUAGE:C>:-ffunction-sections> $<$<COMPILE_LANGUAGE:C>:-fdata-sections>)
    # The stack protector is needed at link time as well: it brings in the static libssp.
    target_link_options(wrun_compile INTERFACE -static -fstack-protector-strong
        -Wl,--gc-sections,--dynamicbase,--nxcompat,--high-entropy-va,--no-insert-timestamp)
else()
    target_compile_definitions(wrun_compile INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
    if(WRUN_SANITIZE)
        # The coverage callbacks of libFuzzer go into everything, so that tests/fuzz can link it.
        target_compile_options(wrun_compile INTERFACE -fsanitize=address,undefined,fuzzer-no-link
            -fno-sanitize-recover=all -fno-omit-frame-pointer)
        target_link_options(wrun_compile INTERFACE -fsanitize=address,undefined)
    else()
        # mingw's fortified functions need libssp symbols that it does not have; ASan has its own.
        target_compile_definitions(wrun_compile INTERFACE
            $<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
    endif()
endif()
