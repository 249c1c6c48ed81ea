// All code of the kernels, in order, for one instruction set. It uses raw pointers and vectors alone: a function of the
// standard library, compiled here for a newer processor, could be linked into code that runs on an older one.
#include "vectors.h"

#include "matmul.inc.h"

#include "activations.inc.h"

#include "losses.inc.h"

#include "optimizers.inc.h"

#include "first_layer.inc.h"
