"""One file a family of kernels: `cases()` yields its rows."""
