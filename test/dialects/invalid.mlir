// RUN: dp-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{element must be f64 or index, not 'f32'}}
dp.program @element { %x = dp.input "x"[] : !dp.array<0 x f32> }

// -----

dp.program @outside {
  // expected-error@+1 {{stands outside of a comprehension}}
  dp.yield
}

// -----

dp.program @extents {
  // expected-error@+1 {{expects 1 extent(s)}}
  %x = dp.input "x"[] : !dp.array<1 x f64>
}

// -----

dp.program @gamma {
  // expected-error@+1 {{gamma must be a scalar float}}
  %x = dp.input "gamma"[] gamma : !dp.array<0 x index>
}

// -----

dp.program @range_of_floats {
  // expected-error@+1 {{only an integer input has a range}}
  %x = dp.input "x"[] in {
    dp.yield
  } : !dp.array<0 x f64>
}

// -----

dp.program @range {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{expects dp.yield of type(s)}}
  %x = dp.input "x"[] in {
    dp.yield %c0 : index
  } : !dp.array<0 x index>
}

// -----

dp.program @domain {
  // expected-error@+1 {{expects dp.yield of type(s)}}
  %T = dp.table "T" table never {
    dp.yield
  } : !dp.array<1 x f64>
}

// -----

dp.program @no_yield {
  // expected-error@+1 {{expects its block to end in dp.yield}}
  %T = dp.table "T" table never {
    llvm.unreachable
  } : !dp.array<0 x f64>
}

// -----

dp.program @owner {
  %c0 = arith.constant 0 : index
  %T = dp.table "T" table never {
    %i = dp.iterate %c0 to %c0
    dp.yield %i : index
  } : !dp.array<1 x f64>
  // expected-error@+1 {{has fewer indices than its owner}}
  %S = dp.table "S" node never with %T : !dp.array<1 x f64> {
    dp.yield
  } : !dp.array<0 x f64>
}

// -----

dp.program @equation_of_input {
  %x = dp.input "x"[] : !dp.array<0 x f64>
  // expected-error@+1 {{defines what is not a dp.table}}
  dp.equation %x {
    %v = dp.read %x[] : !dp.array<0 x f64>
    dp.yield %v : f64
  } : !dp.array<0 x f64>
}

// -----

dp.program @equation_of_nothing {
  // expected-error@+1 {{defines no table}}
  "dp.equation"() ({
    dp.yield
  }) : () -> ()
}

// -----

dp.program @equation_arguments {
  %T = dp.table "T" table never {
    dp.yield
  } : !dp.array<0 x f64>
  // expected-error@+1 {{expects 0 index argument(s)}}
  dp.equation %T {
  ^bb0(%i: index):
    %v = dp.none
    dp.yield %v : f64
  } : !dp.array<0 x f64>
}

// -----

dp.program @ranks {
  %c0 = arith.constant 0 : index
  %T = dp.table "T" table never {
    dp.yield
  } : !dp.array<0 x f64>
  %S = dp.table "S" table never {
    %i = dp.iterate %c0 to %c0
    dp.yield %i : index
  } : !dp.array<1 x f64>
  // expected-error@+1 {{defines tables of different rank}}
  dp.equation %T, %S {
    %v = dp.none
    dp.yield %v, %v : f64, f64
  } : !dp.array<0 x f64>, !dp.array<1 x f64>
}

// -----

dp.program @scatter {
  %T = dp.table "T" output never {
    dp.yield
  } : !dp.array<0 x f64>
  // expected-error@+1 {{expects dp.yield of type(s)}}
  dp.scatter %T over %T {
    dp.yield
  } : !dp.array<0 x f64>, !dp.array<0 x f64>
}

// -----

dp.program @indices {
  %x = dp.input "x"[] : !dp.array<0 x f64>
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{expects 0 indices, not 1}}
  %v = dp.read %x[%c0] : !dp.array<0 x f64>
}

// -----

dp.program @contains {
  %x = dp.input "x"[] : !dp.array<0 x f64>
  // expected-error@+1 {{asks what is not a dp.table}}
  %v = dp.contains %x[] : !dp.array<0 x f64>
}

// -----

dp.program @arms {
  // expected-error@+1 {{holds dp.arm only}}
  %v = dp.choose max {
    %n = dp.none
  } : f64
}

// -----

dp.program @results {
  // expected-error@+1 {{expects a first result of type f64}}
  %v = dp.choose max {
  } : index
}

// -----

dp.program @statistics_of_whom {
  // expected-error@+1 {{gives statistics but names no regularizer}}
  %v:2 = dp.choose max {
  } : f64, f64
}

// -----

dp.program @statistics {
  %c0 = arith.constant 0 : index
  // expected-error@+1 {{expects the statistics of its regularizer}}
  %v:2 = dp.choose max reg #dp.hard {
    dp.arm {
      %i = dp.iterate %c0 to %c0
      %n = dp.none
      dp.yield %n : f64
    }
  } : f64, index
}

// -----

dp.program @arm {
  // expected-error@+1 {{stands in a dp.choose or a dp.sum only}}
  dp.arm {
    %n = dp.none
    dp.yield %n : f64
  }
}

// -----

dp.program @score {
  %c0 = arith.constant 0 : index
  %v = dp.sum {
    // expected-error@+1 {{expects dp.yield of type(s)}}
    dp.arm {
      dp.yield %c0 : index
    }
  }
}

// -----

dp.program @step {
  // expected-error@+1 {{stands outside of dp.visit}}
  dp.step
}

// -----

dp.program @traceback {
  %T = dp.table "T" table never {
    dp.yield
  } : !dp.array<0 x f64>
  // expected-error@+1 {{expects the rows to be an output of rank 2 of index}}
  dp.traceback %T length %T stack %T {
  } : !dp.array<0 x f64>, !dp.array<0 x f64>, !dp.array<0 x f64>
}

// -----

dp.program @visits {
  %c0 = arith.constant 0 : index
  %rows = dp.table "argmax" output never {
    %i = dp.iterate %c0 to %c0
    dp.yield %i, %i : index, index
  } : !dp.array<2 x index>
  %length = dp.table "argmax.length" output never {
    dp.yield
  } : !dp.array<0 x index>
  %stack = dp.table "argmax.stack" node never {
    %i = dp.iterate %c0 to %c0
    dp.yield %i, %i : index, index
  } : !dp.array<2 x index>
  %T = dp.table "T" table never {
    dp.yield
  } : !dp.array<0 x f64>
  %S = dp.table "S" table never {
    dp.yield
  } : !dp.array<0 x f64>
  dp.traceback %rows length %length stack %stack {
    dp.visit %T root {
      // expected-error@+1 {{names a table without dp.visit}}
      dp.descend %S[] : !dp.array<0 x f64>
      dp.yield
    } : !dp.array<0 x f64>
  } : !dp.array<2 x index>, !dp.array<0 x index>, !dp.array<2 x index>
}
