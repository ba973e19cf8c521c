# Imported targets wrun::yajl, curl, archive, isal, zstd, zlib and cmocka. Natively they are Debian's
# -dev packages; for Windows they are the static libraries made by tools/build-deps.sh.

# wrun_native_library(<name> <pkg-config module>)
function(wrun_native_library name module)
    pkg_check_modules(WRUN_${name} REQUIRED QUIET IMPORTED_TARGET ${module})
    add_library(wrun::${name} ALIAS PkgConfig::WRUN_${name})
endfunction()

# wrun_static_library(<name> <file> [DEFINE <definition>] [LINK <libraries>...])
function(wrun_static_library name file)
    cmake_parse_arguments(arg "" "DEFINE" "LINK" ${ARGN})
    add_library(wrun::${name} STATIC IMPORTED GLOBAL)
    set_target_properties(wrun::${name} PROPERTIES
        IMPORTED_LOCATION ${WRUN_DEPS}/lib/${file}
        INTERFACE_INCLUDE_DIRECTORIES ${WRUN_DEPS}/include
        INTERFACE_COMPILE_DEFINITIONS "${arg_DEFINE}"
        INTERFACE_LINK_LIBRARIES "${arg_LINK}")
endfunction()

if(WIN32)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
        ${PROJECT_SOURCE_DIR}/tools/deps.lock ${PROJECT_SOURCE_DIR}/tools/build-deps.sh)
    set(WRUN_DEPS "" CACHE PATH "prefix made by tools/build-deps.sh; empty: its own cache")
    if(NOT WRUN_DEPS)
        execute_process(COMMAND ${PROJECT_SOURCE_DIR}/tools/build-deps.sh --prefix
            OUTPUT_VARIABLE WRUN_DEPS OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    endif()
    if(NOT EXISTS ${WRUN_DEPS}/lib/libcurl.a)
        message(FATAL_ERROR "the Windows libraries are not built yet: run tools/build-deps.sh")
    endif()
    wrun_static_library(zlib libz.a)
    wrun_static_library(zstd libzstd.a)
    wrun_static_library(yajl libyajl.a)
    wrun_static_library(isal libisal.a)
    wrun_static_library(archive libarchive.a DEFINE LIBARCHIVE_STATIC
        LINK wrun::zstd wrun::zlib bcrypt)
    wrun_static_library(curl libcurl.a DEFINE CURL_STATICLIB
        LINK ws2_32 crypt32 bcrypt iphlpapi advapi32)
    wrun_static_library(cmocka libcmocka.a)
else()
    find_package(PkgConfig REQUIRED)
    wrun_native_library(zlib zlib)
    wrun_native_library(zstd libzstd)
    wrun_native_library(yajl yajl)
    wrun_native_library(isal libisal)
    wrun_native_library(archive libarchive)
    wrun_native_library(curl libcurl)
    wrun_native_library(cmocka cmocka)
endif()
