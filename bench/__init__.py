import os

# The package is imported before any of its modules can import numpy, whose libraries read these once: one thread is what we measure.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
