// RUN: dp-opt %s --verify-diagnostics --pass-pipeline='builtin.module(dp.program(dp-trace-path))'

// What paths look like is laid out before they are traced.
// expected-error @below {{has no layout of its paths; dp-lay-out-paths makes one}}
dp.program @hops reg #dp.hard {
  %N = dp.size "N"
}
