/// The score of the best sequence of states, from the library `optimum`.
#ifndef EMBED_OPTIMUM_H
#define EMBED_OPTIMUM_H

#include "viterbi.h"

double getOptimum(viterbi_value_f64_args arguments);

#endif
