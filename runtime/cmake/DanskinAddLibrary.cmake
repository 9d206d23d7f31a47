# danskin_add_library(target spec.dp... [STATIC | SHARED] [REG name] [FLOAT f32 f64]
#                     [ENTRY value grad hvp argmax] [WRT name...] [OPTIONS option...])
#
# A library of all programs of the specs, a target like others: link it, install
# it. Beside each name.dp comes a header name.h, found by whoever links `target`.
#
#   STATIC, SHARED  as of add_library; neither: as BUILD_SHARED_LIBS says
#   REG             the regularizer of choices that name none
#   FLOAT           the types of arrays, f32 where it is left out
#   ENTRY           what the library answers, all where it is left out
#   WRT             what to differentiate by: inputs and lets
#   OPTIONS         further options of dpc
#
# It needs C or C++ as a language of the project, whose linker is used.
function(danskin_add_library target)
  cmake_parse_arguments(ARG "STATIC;SHARED" "REG" "FLOAT;ENTRY;WRT;OPTIONS" ${ARGN})
  if(NOT ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "danskin_add_library(${target}): no .dp file is given")
  endif()
  if(ARG_STATIC AND ARG_SHARED)
    message(FATAL_ERROR "danskin_add_library(${target}): it is either STATIC or SHARED")
  endif()
  set(kind)
  if(ARG_STATIC)
    set(kind STATIC)
  elseif(ARG_SHARED)
    set(kind SHARED)
  endif()

  set(options ${ARG_OPTIONS})
  if(ARG_REG)
    list(APPEND options --reg=${ARG_REG})
  endif()
  foreach(name IN ITEMS FLOAT ENTRY WRT)
    if(ARG_${name})
      string(TOLOWER ${name} option)
      list(JOIN ARG_${name} "," values)
      list(APPEND options --${option}=${values})
    endif()
  endforeach()

  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target}.danskin)
  file(MAKE_DIRECTORY ${folder})
  set(objects)
  set(headers)
  foreach(spec IN LISTS ARG_UNPARSED_ARGUMENTS)
    get_filename_component(spec ${spec} ABSOLUTE)
    get_filename_component(name ${spec} NAME_WE)
    if(${folder}/${name}.o IN_LIST objects)
      message(FATAL_ERROR "danskin_add_library(${target}): two files are called ${name}")
    endif()
    add_custom_command(OUTPUT ${folder}/${name}.o ${folder}/${name}.h
      COMMAND danskin::dpc ${spec} -c -o ${folder}/${name}.o --emit-header=${folder}/${name}.h ${options}
      DEPENDS ${spec} danskin::dpc COMMENT "Compiling ${name}.dp" VERBATIM)
    list(APPEND objects ${folder}/${name}.o)
    list(APPEND headers ${folder}/${name}.h)
  endforeach()

  add_library(${target} ${kind} ${objects} ${headers})
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  set(language CXX)
  if("C" IN_LIST languages)
    set(language C)
  endif()
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE ${language} PUBLIC_HEADER "${headers}")
  set_source_files_properties(${objects} PROPERTIES EXTERNAL_OBJECT ON GENERATED ON)
  target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${folder}> $<INSTALL_INTERFACE:include>)
  target_link_libraries(${target} PUBLIC Threads::Threads)
endfunction()
