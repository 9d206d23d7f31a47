# Copies the libraries of DPC beside it and has it find them there, by PATCHELF.
# What every Linux has in a version that is new enough, the C and C++ libraries,
# stays out. DT_RPATH, not DT_RUNPATH: it holds for libraries of libraries too.
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${DPC}
  RESOLVED_DEPENDENCIES_VAR libraries
  UNRESOLVED_DEPENDENCIES_VAR missing
  PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread|gcc_s|stdc\\+\\+)\\.so")
if(missing)
  message(FATAL_ERROR "${DPC} wants ${missing}, which are not to be found")
endif()
set(package ${CMAKE_INSTALL_PREFIX}/danskin)
file(MAKE_DIRECTORY ${package}/lib)
foreach(library IN LISTS libraries)
  get_filename_component(name ${library} NAME)
  get_filename_component(file ${library} REALPATH)
  file(COPY_FILE ${file} ${package}/lib/${name})
endforeach()
execute_process(COMMAND ${PATCHELF} --force-rpath --set-rpath "$ORIGIN/../lib" ${package}/bin/dpc
  COMMAND_ERROR_IS_FATAL ANY)
