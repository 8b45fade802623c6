# What fuzz.sh needs to know of this target.
MAX_LENGTH=256   # bytes: they are repeated to 262,144
TIMEOUT=5        # seconds for one input; linear work takes hundredths, quadratic work minutes
SEEDS=""
